import { StoreError } from '../../core/base/errors.ts'
import type { Entry, Page } from '../../core/store/store.ts'
import { fromUtf8Text, toUtf8Text } from '../shared/utf8-text.ts'
import type { RedisNode } from './redis-connection.ts'
import type { RedisCall, RedisRows } from './redis-rows.ts'
import type { ListMember, RedisUsers } from './redis-users.ts'

/** Without a deadline, because a slow SCAN must not close a shared connection. */
const LISTING: RedisCall = { operation: 'list' }

/** The COUNT of each SCAN. It is constant, because a page may end in the middle of a reply. */
const SCAN_COUNT = '1000'
/**
 * The maximum number of SCANs for one page. It limits the time on a server with few sessions among
 * many keys.
 */
const MAX_SCANS = 50

/** What `list` asks for, of one user. */
interface UserQuery {
  readonly call: RedisCall
  readonly now: number
  readonly limit: number
  readonly cursor: string | undefined
}

/** A page under construction. */
interface PageQuery {
  readonly entries: [key: string, entry: Entry][]
  readonly now: number
  readonly limit: number
  readonly userId?: string
}

/**
 * The position of a listing: the server, the cursor of SCAN, and the last name that was read from
 * its reply.
 */
interface Position {
  readonly node: string
  readonly scan: string
  readonly after: string
}

/** Returns one page of the sessions on all servers, in the order of SCAN. */
export async function scanPage(rows: RedisRows, now: number, limit: number, cursor: string | undefined): Promise<Page> {
  const query: PageQuery = { entries: [], now, limit }
  const { entries } = query
  let position = cursor === undefined ? startOf(rows.scanTargets().nodes[0]) : parseCursor(cursor)
  for (let scans = 0; position !== undefined && entries.length < limit && scans < MAX_SCANS; scans += 1)
    position = await scan(rows, query, position)
  return position === undefined ? { entries } : { entries, cursor: JSON.stringify([position.node, position.scan, position.after]) }
}

/**
 * Returns one page of the sessions of a user, in the order of the user's list. A list has members
 * without a session of the user too, so several reads may be necessary.
 */
export async function userPage(rows: RedisRows, users: RedisUsers, userId: string, query: UserQuery): Promise<Page> {
  const { call, now, limit, cursor } = query
  const page: PageQuery = { entries: [], now, limit, userId }
  let after = parseUserCursor(cursor)
  for (;;) {
    const count = limit - page.entries.length
    const members = await users.read(call, userId, count + 1, after)
    const read = members.slice(0, count)
    const unseen = read.filter((candidate) => after === undefined || isAfter(candidate, after))
    await addEntries(
      rows,
      page,
      unseen.map(({ member }) => fromUtf8Text(member)),
    )
    after = read.at(-1) ?? after
    if (members.length <= count || after === undefined) return { entries: page.entries }
    if (page.entries.length >= limit) return { entries: page.entries, cursor: JSON.stringify([after.score, after.member]) }
  }
}

/**
 * Members of equal scores are in the order of their bytes in UTF-8, which is that of their code
 * points.
 */
function isAfter(one: ListMember, other: ListMember): boolean {
  if (one.score !== other.score) return Number(one.score) > Number(other.score)
  const [points, others] = [Array.from(one.member, codePoint), Array.from(other.member, codePoint)]
  const at = points.findIndex((point, index) => point !== others[index])
  return at === -1 ? points.length > others.length : (points[at] ?? -1) > (others[at] ?? -1)
}

function codePoint(character: string): number {
  return character.codePointAt(0) ?? 0
}

/**
 * Adds the sessions of one SCAN to the page. Returns the position of the next one, or `undefined`
 * at the end.
 */
async function scan(rows: RedisRows, query: PageQuery, position: Position): Promise<Position | undefined> {
  const { nodes, prefix } = rows.scanTargets()
  const node = nodes.find((candidate) => candidate.name >= position.node)
  if (node?.name !== position.node) return startOf(node)
  const match = `${prefix.replace(/[*?[\]\\]/g, '\\$&')}*`
  const reply = await rows.sendTo(LISTING, node, ['scan', position.scan, 'match', match, 'count', SCAN_COUNT])
  const [next, all] = reply as [unknown, string[]]
  const names = [...new Set(all)].sort().filter((name) => name > position.after)
  const keys = names.map((name) => fromUtf8Text(name.slice(prefix.length)))
  const last = await addEntries(rows, query, keys)
  if (last !== undefined) return { ...position, after: prefix + toUtf8Text(last) }
  return String(next) === '0' ? startOf(nodes.find((each) => each.name > node.name)) : { node: node.name, scan: String(next), after: '' }
}

/**
 * Adds the entries that match the query, until the page is full. Returns the last key it read if
 * there are more.
 */
async function addEntries(
  rows: RedisRows,
  { entries, now, limit, userId }: PageQuery,
  keys: readonly string[],
): Promise<string | undefined> {
  for (let at = 0; at < keys.length; ) {
    const batch = keys.slice(at, at + limit - entries.length)
    at += batch.length
    const found = await Promise.all(batch.map(async (key) => [key, await rows.read(LISTING, key)] as const))
    for (const [key, entry] of found)
      if (entry !== undefined && entry.expiresAt > now && (userId === undefined || entry.userId === userId)) entries.push([key, entry])
    if (entries.length >= limit && at < keys.length) return batch.at(-1)
  }
  return undefined
}

function startOf(node: RedisNode | undefined): Position | undefined {
  return node && { node: node.name, scan: '0', after: '' }
}

function parseCursor(cursor: string): Position {
  const [node = '', scan = '', after = ''] = parseTexts(cursor)
  return { node, scan, after }
}

function parseUserCursor(cursor: string | undefined): ListMember | undefined {
  if (cursor === undefined) return undefined
  const [score = '', member = ''] = parseTexts(cursor)
  return { score, member }
}

function parseTexts(cursor: string): string[] {
  try {
    return JSON.parse(cursor) as string[]
  } catch (error) {
    const message = 'The option `cursor` of `list` is invalid. Pass the `cursor` of the previous page, or none for the first page.'
    throw new StoreError('list', error, { applied: false, message })
  }
}
