import type { SessionFilter, SessionInfo, SessionPage } from '../../admin/admin.ts'
import { formatNumber, formatSize, time } from '../format.ts'
import { type Html, html } from '../html.ts'
import { link } from '../links.ts'
import type { Page } from './layout.ts'

/** The texts of the search form. */
export type Search = Readonly<Record<'user' | 'has' | 'olderThan' | 'idleFor' | 'handle', string>>

const FIELDS: readonly (readonly [name: keyof Search, label: string, hint: string])[] = [
  ['user', 'User', 'The id of a user'],
  ['has', 'With property', 'cart'],
  ['olderThan', 'Older than', '7d'],
  ['idleFor', 'Unused for', '12h'],
  ['handle', 'Handle', 'Of one session'],
]

/** The search of a page. */
export function searchOf(query: URLSearchParams): Search {
  const text = (name: keyof Search): string => query.get(name)?.trim() ?? ''
  return { user: text('user'), has: text('has'), olderThan: text('olderThan'), idleFor: text('idleFor'), handle: text('handle') }
}

/** The filter of a search. */
export function filterOf({ user, has, olderThan, idleFor }: Search): SessionFilter {
  return {
    ...(user !== '' && { user }),
    ...(has !== '' && { has }),
    ...(olderThan !== '' && { olderThan: olderThan as NonNullable<SessionFilter['olderThan']> }),
    ...(idleFor !== '' && { idleFor: idleFor as NonNullable<SessionFilter['idleFor']> }),
  }
}

/** The search form and one page of its results. */
export function listPage(search: Search, page: SessionPage, now: number, canChange: boolean): Page {
  const { sessions, cursor } = page
  const next = cursor !== undefined && html`<p><a class="button" rel="next" href="${link({ ...search, cursor })}">Next page</a></p>`
  const revoke =
    canChange &&
    search.user !== '' &&
    html`<p><a class="button danger" href="${link({ user: search.user, confirm: 'revoke-user' })}">End all sessions of ${search.user}…</a></p>`
  const none = html`<p>No session${cursor === undefined ? '' : ' among the rows that were read; the next page continues'}.</p>`
  return {
    title: 'Sessions',
    current: 'sessions',
    content: html`${searchForm(search)}${sessions.length === 0 ? none : table(sessions, now)}${next}${revoke}`,
  }
}

function searchForm(search: Search): Html {
  const fields = FIELDS.map(
    ([name, label, hint]) =>
      html`<label>${label}<input name="${name}" value="${search[name]}" placeholder="${hint}" autocomplete="off" spellcheck="false"></label>`,
  )
  return html`<form class="search" method="get" role="search"><input type="hidden" name="view" value="sessions">${fields}<button>Search</button></form>`
}

function table(sessions: readonly SessionInfo[], now: number): Html {
  const rows = sessions.map(
    ({ handle, userId, createdAt, seenAt, expiresAt, size, writes, isReadable }) => html`<tr>
<th scope="row" data-label="Session"><a href="${link({ session: handle })}"><code>${handle}</code></a>${!isReadable && html` <span class="badge">unreadable</span>`}</th>
<td data-label="User">${userId === undefined ? '–' : html`<a href="${link({ user: userId })}">${userId}</a>`}</td>
<td data-label="Started">${time(createdAt, now)}</td>
<td data-label="Used">${time(seenAt, now)}</td>
<td data-label="Expires">${time(expiresAt, now)}</td>
<td data-label="Size" class="number">${formatSize(size)}</td>
<td data-label="Writes" class="number">${formatNumber(writes)}</td>
</tr>`,
  )
  return html`<table class="list">
<caption>${sessions.length === 1 ? 'One session' : `${formatNumber(sessions.length)} sessions`} of this page</caption>
<thead><tr><th scope="col">Session</th><th scope="col">User</th><th scope="col">Started</th><th scope="col">Used</th><th scope="col">Expires</th><th scope="col" class="number">Size</th><th scope="col" class="number">Writes</th></tr></thead>
<tbody>${rows}</tbody>
</table>`
}
