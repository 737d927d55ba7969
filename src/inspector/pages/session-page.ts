import type { Explanation, PropertyInfo, SessionDetails } from '../../admin/admin.ts'
import type { Operator } from '../access.ts'
import { formatNumber, formatSize, formatValue, time } from '../format.ts'
import type { PastEvent } from '../history.ts'
import { type Content, type Html, html } from '../html.ts'
import { link } from '../links.ts'
import type { Page } from './layout.ts'

/** What the page of one session shows. */
export interface SessionView {
  readonly session: SessionDetails
  readonly explanation: Explanation
  /** `undefined` if no events are kept. */
  readonly events: readonly PastEvent[] | undefined
  readonly operator: Operator
  readonly now: number
}

/** One session with its properties and its events. */
export function sessionPage({ session, explanation, events, operator, now }: SessionView): Page {
  const { handle } = session
  const canChange = operator.changes === true
  return {
    title: 'Session',
    current: 'sessions',
    content: html`<p class="handle"><code>${handle}</code></p>
<p>${explanation.message} ${explanation.remedy}</p>
${facts(session, now)}
<h2>Properties</h2>
${properties(session, operator)}
<h2>Events</h2>
${history(events, now)}
${canChange && html`<p><a class="button danger" href="${link({ session: handle, confirm: 'revoke' })}">End this session…</a></p>`}`,
  }
}

function facts(session: SessionDetails, now: number): Html {
  const { userId, createdAt, idCreatedAt, seenAt, expiresAt, size, writes, version, receipts, internalProperties, endsWithBrowser } =
    session
  const list: readonly (readonly [name: string, value: Content])[] = [
    ['User', userId === undefined ? 'none, or secret' : html`<a href="${link({ user: userId })}">${userId}</a>`],
    ['Started', time(createdAt, now)],
    ['Id from', time(idCreatedAt, now)],
    ['Used', time(seenAt, now)],
    ['Expires', html`${time(expiresAt, now)}${endsWithBrowser && ', or with the browser'}`],
    ['Size', formatSize(size)],
    ['Writes', formatNumber(writes)],
    ['Version', html`<code>${version}</code>`],
    ['Receipts', formatNumber(receipts)],
    ['Internal properties', formatNumber(internalProperties)],
  ]
  return html`<dl class="facts">${list.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`
}

function properties({ handle, properties: list, isReadable }: SessionDetails, operator: Operator): Html {
  if (!isReadable) return html`<p>The properties cannot be read with the options of this manager.</p>`
  if (list.length === 0) return html`<p>None.</p>`
  const canChange = operator.changes === true
  const rows = list.map(
    (property) => html`<tr>
<th scope="row" data-label="Property"><code>${property.name}</code> ${property.class !== undefined && html`<span class="badge">${property.class}</span>`}</th>
<td data-label="Kind">${property.kind ?? '–'}</td>
<td data-label="Size" class="number">${formatSize(property.size)}</td>
<td data-label="Value">${valueOf(property, operator)}</td>
${canChange && html`<td class="action"><a class="button danger" href="${link({ session: handle, property: property.name, confirm: 'delete-property' })}">Delete…<span class="hidden"> ${property.name}</span></a></td>`}
</tr>`,
  )
  return html`<table class="list">
<thead><tr><th scope="col">Property</th><th scope="col">Kind</th><th scope="col" class="number">Size</th><th scope="col">Value</th>${canChange && html`<th scope="col"><span class="hidden">Change</span></th>`}</tr></thead>
<tbody>${rows}</tbody>
</table>`
}

function valueOf({ class: propertyClass, kind, ...rest }: PropertyInfo, { values }: Operator): Html {
  if (propertyClass === 'secret') return html`<span class="muted">secret</span>`
  if (values !== true) return html`<span class="muted">not shown</span>`
  if (kind === 'unreadable') return html`<span class="muted">unreadable</span>`
  return html`<pre tabindex="0">${formatValue(rest.value)}</pre>`
}

function history(events: readonly PastEvent[] | undefined, now: number): Html {
  if (events === undefined) return html`<p>Not kept. Set the option <code>history</code> of the inspector.</p>`
  if (events.length === 0) return html`<p>None in this process since it started.</p>`
  const items = events.map(({ at, event: { type, reason, handle: _handle, ...rest } }) => {
    const details = Object.entries(rest).map(([name, value]) => html` <span class="muted">${name}: ${String(value)}</span>`)
    return html`<li>${time(at, now)} <strong>${type}</strong> ${reason}${details}</li>`
  })
  return html`<ol class="events">${items}</ol>`
}
