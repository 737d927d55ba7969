import { StoreError } from '../../core/base/errors.ts'
import type { Entry, Page } from '../../core/store/store.ts'
import type { RedisNode } from './redis-client.ts'
import type { RedisCall, RedisRows } from './redis-rows.ts'

/** Of the many commands of a page none is worth a connection. */
const LISTING: RedisCall = { operation: 'list' }

/** How much of a server one SCAN looks at. Always the same: a page may end in the middle of what one has answered. */
const STEP = '1000'
/** How many of them one page takes, so that it ends in time where most keys are not ours. */
const MOST_STEPS = 50

/** Where a listing of all sessions is: on which server, at which SCAN, behind which of the names that it answers. */
interface Place {
  readonly node: string
  readonly scan: string
  readonly after: string
}

type Found = [key: string, entry: Entry]

/** One page of the sessions on all servers, as SCAN finds them. */
export async function scanPage(rows: RedisRows, now: number, limit: number, cursor: string | undefined): Promise<Page> {
  const { nodes, start } = rows.places()
  const entries: Found[] = []
  let place: Place | undefined = cursor === undefined ? firstOf(nodes[0]) : placeOf(cursor)
  for (let steps = 0; place !== undefined && entries.length < limit && steps < MOST_STEPS; steps += 1) {
    const { node: name, scan, after }: Place = place
    const node = nodes.find((each) => each.name >= name)
    if (node === undefined) break
    if (node.name !== name) {
      place = firstOf(node)
      continue
    }
    const [next, names] = await step(rows, node, scan, start)
    const rest = names.filter((each) => each > after)
    const last = await fill(
      rows,
      entries,
      rest.map((each) => each.slice(start.length)),
      { now, limit },
    )
    if (last !== undefined) return { entries, cursor: JSON.stringify([name, scan, start + last]) }
    place = next === '0' ? firstOf(nodes.find((each) => each.name > name)) : { node: name, scan: next, after: '' }
  }
  return place === undefined ? { entries } : { entries, cursor: JSON.stringify([place.node, place.scan, place.after]) }
}

/** One page of the sessions that `keys` names, in their order. */
export async function pageOf(rows: RedisRows, keys: readonly string[], now: number, limit: number, userId: string): Promise<Page> {
  const entries: Found[] = []
  const last = await fill(
    rows,
    entries,
    keys.map((key) => rows.memberOf(key)),
    { now, limit, userId },
  )
  return last === undefined ? { entries } : { entries, cursor: rows.keyOfMember(last) }
}

interface Wanted {
  readonly now: number
  readonly limit: number
  readonly userId?: string
}

/** Adds those that are alive until the page is full; then it answers the last member it took, if there are more. */
async function fill(
  rows: RedisRows,
  entries: Found[],
  members: readonly string[],
  { now, limit, userId }: Wanted,
): Promise<string | undefined> {
  for (let at = 0; at < members.length; ) {
    const some = members.slice(at, at + limit - entries.length)
    at += some.length
    const keys = some.map((member) => rows.keyOfMember(member))
    const found = await Promise.all(keys.map((key) => rows.read(LISTING, key)))
    for (const [index, entry] of found.entries())
      if (entry !== undefined && entry.expiresAt > now && (userId === undefined || entry.userId === userId))
        entries.push([keys[index] ?? '', entry])
    if (entries.length >= limit && at < members.length) return some.at(-1)
  }
  return undefined
}

async function step(rows: RedisRows, node: RedisNode, scan: string, start: string): Promise<[next: string, names: string[]]> {
  const pattern = `${start.replace(/[*?[\]\\]/g, '\\$&')}*`
  const [next, names] = (await rows.sendTo(LISTING, node, ['scan', scan, 'match', pattern, 'count', STEP])) as [unknown, string[]]
  return [String(next), [...new Set(names)].sort()]
}

function firstOf(node: RedisNode | undefined): Place | undefined {
  return node && { node: node.name, scan: '0', after: '' }
}

function placeOf(cursor: string): Place {
  try {
    const [node, scan, after] = JSON.parse(cursor) as [string, string, string]
    return { node, scan, after }
  } catch (error) {
    throw new StoreError('list', error, { applied: false, message: 'The cursor is none that this store has answered.' })
  }
}
