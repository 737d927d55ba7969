import type { Contender } from '../race/script.ts'
import { routeSource } from '../source.ts'
import { code } from './code.ts'
import { type Html, html } from './html.ts'
import { layout } from './layout.ts'

const contenders: readonly Contender[] = ['express-session', 'sojourn']

const stores: Record<Contender, string> = { 'express-session': 'MemoryStore', sojourn: 'SqliteStore' }

const files: Record<Contender, string> = { 'express-session': '../race/express-session.js', sojourn: '../race/sojourn.ts' }

interface Race {
  readonly name: 'cart' | 'logout'
  readonly title: string
  readonly tells: string
  readonly path: '/empty' | '/logout'
  readonly removal: string
  readonly mark: string
}

const races: readonly Race[] = [
  {
    name: 'cart',
    title: 'The cart',
    tells: 'While the slow request is at work, the cart is emptied.',
    path: '/empty',
    removal: 'Empty the cart',
    mark: 'cart deleted',
  },
  {
    name: 'logout',
    title: 'The logout',
    tells: 'While the slow request is at work, the visitor logs out.',
    path: '/logout',
    removal: 'Log out',
    mark: 'session ended',
  },
]

export const racePage = (darkMode: boolean | undefined): Html =>
  layout({ title: 'The race · Short Stay Supply', here: 'race', darkMode, script: '/race.js', body: body() })

const body = (): Html => html`
<div class="hero">
  <h1>When two requests meet</h1>
  <p>A slow request is at work when the same visitor deletes something.
  Both are sent now, from this page, to two session libraries. Which one keeps its word?</p>
  <button id="start" class="button" type="button" disabled>Start the race</button>
  <noscript>
    <p class="notice">The race itself is run by a script, which is switched off here. <a href="#two-tabs">In two tabs</a> it works without.</p>
  </noscript>
</div>
<div id="races">${races.map(raceSection)}</div>
<section class="why" aria-labelledby="why-title">
  <h2 id="why-title">Why</h2>
  <p>Both slow requests note when the visitor was last seen, and nothing else. <strong>express-session</strong> reads the whole session
  when a request begins and writes the whole session when it ends, so the late one puts back what the other took away.
  <strong>sojourn</strong> keeps what each request <em>changed</em> and applies that to the newest state, in one compare-and-swap; and a
  session that has ended cannot be written at all.</p>
  <div class="codes">${contenders.map(codeOf)}</div>
</section>
<section id="two-tabs" aria-labelledby="two-tabs-title">
  <h2 id="two-tabs-title">Do it yourself in two tabs</h2>
  <ol class="steps">
    <li>Open the page of <a href="/race/express-session">express-session</a> or of <a href="/race/sojourn">sojourn</a>
    and press <b>Fill the cart and log in</b>.</li>
    <li>Open the same page in a second tab.</li>
    <li>In the first tab press <b>Slow request</b>. It takes eight seconds.</li>
    <li>Meanwhile, in the second tab, press <b>Empty the cart</b> or <b>Log out</b>.</li>
    <li>When the first tab is done, reload the second and see what the server holds.</li>
  </ol>
</section>`

function raceSection(race: Race): Html {
  const { name, path, title, tells } = race
  return html`<section class="race" id="race-${name}" data-race="${name}" data-path="${path}" aria-labelledby="${name}-title">
  <h2 id="${name}-title">${title}</h2>
  <p class="muted">${tells}</p>
  <div class="lanes">${contenders.map((contender) => lane(contender, race))}</div>
  <p class="verdict" role="status"></p>
</section>`
}

const lane = (contender: Contender, { removal, mark }: Race): Html => html`<div class="lane card" data-contender="${contender}">
  <h3>${contender} <span class="chip">${stores[contender]}</span></h3>
  <div class="timeline">
    ${bar('slow', 'Slow request', html`<span>reads all</span><span class="end"></span>`)}
    ${bar('removal', removal, html`<span class="mark">${mark}</span>`)}
    <div class="axis" aria-hidden="true"></div>
  </div>
  <p class="afterwards">Afterwards the session holds <span class="chips"><span class="muted">–</span></span></p>
  <p class="told"></p>
</div>`

const bar = (call: string, label: string, inside: Html): Html => html`<div class="call" data-call="${call}">
  <span class="label">${label}</span>
  <span class="track"><span class="bar">${inside}</span></span>
  <span class="took"></span>
</div>`

const codeOf = (contender: Contender): Html => html`<div>
  <h3>${contender}</h3>
  ${['/slow', '/empty', '/logout'].map((path) => code(routeSource(new URL(files[contender], import.meta.url), `race.post('${path}'`)))}
</div>`
