import type { SessionEvent } from 'sojourn'
import { type Difference, differences, type Holding, idStory } from '../holding.ts'
import type { Change } from '../witness.ts'
import { type Html, html } from './html.ts'

export interface Panel {
  readonly held: Holding | undefined
  readonly change: Change | undefined
  readonly decisions: readonly SessionEvent[]
}

/** The side panel: what the server holds, and what the last action did to it. */
export const panel = (shown: Panel): Html => html`<aside class="panel" id="panel" aria-labelledby="panel-title">
  <h2 id="panel-title">What the server holds for you</h2>
  ${shown.held ? row(shown.held) : nothing}
  ${shown.change && changes(shown.change)}
  <h3>Last decision</h3>
  ${decisionList(shown.decisions)}
</aside>`

const nothing = html`<p class="nothing"><strong>Nothing.</strong> A visitor who sets nothing costs no row and no cookie.</p>`

const row = (held: Holding): Html => html`<dl class="facts">
  <div><dt>Id</dt><dd data-fact="id"><code>${held.maskedId}</code></dd></div>
  <div><dt>Version</dt><dd><code data-fact="version" title="${held.version}">${held.version.slice(0, 8)}</code></dd></div>
  <div><dt>Expires</dt><dd>${time(held.expiresAt)}</dd></div>
</dl>
<dl class="properties">${[...held.properties].map(property)}</dl>
${held.properties.size === 0 && html`<p class="nothing">No properties: the row is there, and empty.</p>`}`

const property = ([name, text]: [string, string]): Html =>
  html`<div data-property="${name}"><dt>${name}</dt><dd><code>${text}</code></dd></div>`

const changes = ({ before, after }: Change): Html => html`<h3>What your click changed</h3>
<ul class="changes" data-id="${idStory(before, after)}">
  ${differences(before, after).map(changedProperty)}
  <li class="same">${idStory(before, after)}</li>
</ul>`

const signs = { added: '+', changed: '~', removed: '−' }

const changedProperty = ({ name, how, text }: Difference): Html =>
  html`<li class="${how}" data-change="${how} ${name}">
    <span class="sign" aria-hidden="true">${signs[how]}</span> ${how} <strong>${name}</strong> <code>${text}</code>
  </li>`

/** The last decision about the data stands first and out; under it what came before, and what became of the cookie. */
function decisionList(decisions: readonly SessionEvent[]): Html {
  const last = decisions.findLast(({ type }) => type !== 'cookie')
  const others = decisions.filter((each) => each !== last)
  if (last === undefined) return html`<p class="muted">None yet.</p>`
  return html`<ol class="decisions"><li data-decision="${last.type}"><strong>${last.type}</strong> <span>because: ${last.reason}</span></li>
  ${others.map(({ type, reason }) => html`<li>${type} <span>because: ${reason}</span></li>`)}</ol>`
}

/** On a narrow screen the panel is far below: what changed, in one line, with the way there. */
export function summary({ change }: Panel): Html | '' {
  if (change === undefined) return ''
  const what = differences(change.before, change.after).map(({ how, name }) => `${signs[how]} ${name}`)
  const story = [...what, idStory(change.before, change.after)].join(' · ')
  return html`<p class="summary">${story} · <a href="#panel">What the server holds</a></p>`
}

const format = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'short' })

const time = (instant: number): Html =>
  html`<time data-fact="expires" datetime="${new Date(instant).toISOString()}">${format.format(instant)}</time>`
