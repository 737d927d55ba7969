import { StoreError } from '../../core/base/errors.ts'
import type { Entry, Page } from '../../core/store/store.ts'
import { fromUtf8Text, toUtf8Text } from '../shared/utf8-text.ts'
import type { RedisNode } from './redis-connection.ts'
import type { RedisCall, RedisRows } from './redis-rows.ts'

/** Without a deadline, because a slow SCAN must not close a shared connection. */
const LISTING: RedisCall = { operation: 'list' }

/** The COUNT of each SCAN. It is constant, because a page may end in the middle of a reply. */
const SCAN_COUNT = '1000'
/**
 * The maximum number of SCANs for one page. It limits the time on a server with few sessions among
 * many keys.
 */
const MAX_SCANS = 50

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

/** Returns one page of the sessions with these keys, in the given order. */
export async function pageOf(rows: RedisRows, keys: readonly string[], now: number, limit: number, userId: string): Promise<Page> {
  const query: PageQuery = { entries: [], now, limit, userId }
  const { entries } = query
  const last = await addEntries(rows, query, keys)
  return last === undefined ? { entries } : { entries, cursor: last }
}

/**
 * Adds the sessions of one SCAN to the page. Returns the position of the next one, or `undefined`
 * at the end.
 */
async function scan(rows: RedisRows, query: PageQuery, position: Position): Promise<Position | undefined> {
  const { nodes, prefix } = rows.scanTargets()
  const node = nodes.find((each) => each.name >= position.node)
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
  try {
    const [node, scan, after] = JSON.parse(cursor) as [string, string, string]
    return { node, scan, after }
  } catch (error) {
    const message = 'The option `cursor` of `list` is invalid. Pass the `cursor` of the previous page, or none for the first page.'
    throw new StoreError('list', error, { applied: false, message })
  }
}
