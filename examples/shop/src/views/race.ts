import type { Contender } from '../race/race.ts'
import { routeSource } from '../route-source.ts'
import { code } from './code.ts'
import { type Html, html } from './html.ts'
import { layout } from './layout.ts'

const contenders: readonly Contender[] = ['express-session', 'sojourn']

const stores: Record<Contender, string> = { 'express-session': 'MemoryStore', sojourn: 'SqliteStore' }

const files: Record<Contender, string> = { 'express-session': '../race/express-session.js', sojourn: '../race/sojourn.ts' }

interface Race {
  readonly name: 'cart' | 'logout'
  readonly title: string
  readonly description: string
  readonly path: '/empty' | '/logout'
  readonly removal: string
  readonly barLabel: string
}

const races: readonly Race[] = [
  {
    name: 'cart',
    title: 'The cart',
    description: 'The cart is emptied while the slow request is running.',
    path: '/empty',
    removal: 'Empty the cart',
    barLabel: 'cart deleted',
  },
  {
    name: 'logout',
    title: 'The logout',
    description: 'The user logs out while the slow request is running.',
    path: '/logout',
    removal: 'Log out',
    barLabel: 'session ended',
  },
]

export const racePage = (darkMode: boolean | undefined): Html =>
  layout({ title: 'The race · Short Stay Supply', page: 'race', darkMode, script: '/race.js', body: body() })

const body = (): Html => html`
<div class="hero">
  <h1>Two requests at the same time</h1>
  <p>A slow request is running when another request of the same user deletes something.
  This page sends both to two session libraries. Which one keeps the deletion?</p>
  <button id="start" class="button" type="button" disabled>Start the race</button>
  <noscript>
    <p class="notice">The race needs JavaScript, which is disabled. <a href="#two-tabs">In two tabs</a> it works without.</p>
  </noscript>
</div>
<div id="races">${races.map(raceSection)}</div>
<section class="why" aria-labelledby="why-title">
  <h2 id="why-title">Why</h2>
  <p>Each slow request only sets lastSeen. <strong>express-session</strong> reads the whole session when a request
  starts and writes the whole session when it ends, so the slow request restores what the other one deleted.
  <strong>sojourn</strong> records what each request <em>changed</em> and applies it to the newest state with one
  compare-and-swap. A session that has ended cannot be written.</p>
  <div class="codes">${contenders.map(codeOf)}</div>
</section>
<section id="two-tabs" aria-labelledby="two-tabs-title">
  <h2 id="two-tabs-title">Try it in two tabs</h2>
  <ol class="steps">
    <li>Open the page of <a href="/race/express-session">express-session</a> or of <a href="/race/sojourn">sojourn</a>
    and press <b>Fill the cart and log in</b>.</li>
    <li>Open the same page in a second tab.</li>
    <li>In the first tab press <b>Slow request</b>. It takes eight seconds.</li>
    <li>At the same time, in the second tab, press <b>Empty the cart</b> or <b>Log out</b>.</li>
    <li>When the first tab has finished, reload the second one.</li>
  </ol>
</section>`

function raceSection(race: Race): Html {
  const { name, path, title, description } = race
  return html`<section class="race" id="race-${name}" data-race="${name}" data-path="${path}" aria-labelledby="${name}-title">
  <h2 id="${name}-title">${title}</h2>
  <p class="muted">${description}</p>
  <div class="two-columns">${contenders.map((contender) => contenderCard(contender, race))}</div>
  <p class="verdict" role="status"></p>
</section>`
}

const contenderCard = (
  contender: Contender,
  { removal, barLabel }: Race,
): Html => html`<div class="contender card" data-contender="${contender}">
  <h3>${contender} <span class="chip">${stores[contender]}</span></h3>
  <div class="timeline">
    ${bar('slow', 'Slow request', html`<span>reads all</span><span class="end"></span>`)}
    ${bar('removal', removal, html`<span class="bar-label">${barLabel}</span>`)}
    <div class="axis" aria-hidden="true"></div>
  </div>
  <p class="afterwards">Afterwards the session contains <span class="chips"><span class="muted">–</span></span></p>
  <p class="outcome"></p>
</div>`

const bar = (request: string, label: string, content: Html): Html => html`<div class="request" data-request="${request}">
  <span class="label">${label}</span>
  <span class="track"><span class="bar">${content}</span></span>
  <span class="duration"></span>
</div>`

const codeOf = (contender: Contender): Html => html`<div>
  <h3>${contender}</h3>
  ${['/slow', '/empty', '/logout'].map((path) => code(routeSource(new URL(files[contender], import.meta.url), `race.post('${path}'`)))}
</div>`
