import type { SessionEvent } from 'sojourn'
import type { AuditEntry } from '../audit-log.ts'
import { compareProperties, describeIdChange, type PropertyChange, type StoredSession } from '../stored-session.ts'
import { type Html, html } from './html.ts'

export interface PanelData {
  readonly stored: StoredSession | undefined
  readonly entry: AuditEntry | undefined
  readonly events: readonly SessionEvent[]
}

/** The side panel: the session on the server, and what the last action changed in it. */
export const panel = ({ stored, entry, events }: PanelData): Html => html`<aside class="panel" id="panel" aria-labelledby="panel-title">
  <h2 id="panel-title">Your session on the server</h2>
  ${stored ? row(stored) : noRow}
  ${entry && changes(entry)}
  <h3>Last event</h3>
  ${eventList(events)}
</aside>`

const noRow = html`<p class="empty"><strong>None.</strong> A session without data needs no row and no cookie.</p>`

const row = (stored: StoredSession): Html => html`<dl class="metadata">
  <div><dt>Id</dt><dd data-field="id"><code>${stored.maskedId}</code></dd></div>
  <div><dt>Version</dt><dd><code data-field="version" title="${stored.version}">${stored.version.slice(0, 8)}</code></dd></div>
  <div><dt>Expires</dt><dd>${time(stored.expiresAt)}</dd></div>
</dl>
<dl class="properties">${[...stored.properties].map(property)}</dl>
${stored.properties.size === 0 && html`<p class="empty">The row has no properties.</p>`}`

const property = ([name, text]: [string, string]): Html =>
  html`<div data-property="${name}"><dt>${name}</dt><dd><code>${text}</code></dd></div>`

const changes = ({ before, after }: AuditEntry): Html => html`<h3>Changes of your last click</h3>
<ul class="changes" data-id="${describeIdChange(before, after)}">
  ${compareProperties(before, after).map(propertyChange)}
  <li class="same">${describeIdChange(before, after)}</li>
</ul>`

const signs = { added: '+', changed: '~', removed: '−' }

const propertyChange = ({ name, type, text }: PropertyChange): Html =>
  html`<li class="${type}" data-change="${type} ${name}">
    <span class="sign" aria-hidden="true">${signs[type]}</span> ${type} <strong>${name}</strong> <code>${text}</code>
  </li>`

/** Shows the last event about the data first, and below it the others. */
function eventList(events: readonly SessionEvent[]): Html {
  const last = events.findLast(({ type }) => !type.startsWith('cookie-'))
  const others = events.filter((event) => event !== last)
  if (last === undefined) return html`<p class="muted">None.</p>`
  return html`<ol class="events"><li data-event="${last.type}"><strong>${last.type}</strong> <span>reason: ${last.reason}</span></li>
  ${others.map(({ type, reason }) => html`<li>${type} <span>reason: ${reason}</span></li>`)}</ol>`
}

/** The changes in one line with a link to the panel, which is far below on a narrow screen. */
export function summary({ entry }: PanelData): Html | '' {
  if (entry === undefined) return ''
  const { before, after } = entry
  const propertyChanges = compareProperties(before, after).map(({ type, name }) => `${signs[type]} ${name}`)
  const text = [...propertyChanges, describeIdChange(before, after)].join(' · ')
  return html`<p class="summary">${text} · <a href="#panel">Your session on the server</a></p>`
}

const dateFormat = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'short' })

const time = (timestamp: number): Html =>
  html`<time data-field="expires" datetime="${new Date(timestamp).toISOString()}">${dateFormat.format(timestamp)}</time>`
