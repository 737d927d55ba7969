import type { Store } from '../../../src/core/store/store.ts'
import { everyEntry } from '../../services/every-entry.ts'
import { familyOf, type History } from '../checks/history.ts'
import { type Losses, lossesOf } from '../checks/losses.ts'
import { isFailure, LiveLoad } from '../processes/live-load.ts'
import { keyOf } from '../simulation/subject.ts'

/** A failure of servers, and how it ends. */
export interface Disaster {
  readonly seed: number
  /** What goes wrong before, with nobody noticing it; requests come in meanwhile. */
  readonly brew?: () => Promise<void>
  /** Makes it happen, and resolves when others have taken the place of who failed. */
  readonly strike: () => Promise<void>
  /** Brings back who failed, and resolves when all follow the new order. */
  readonly repair: () => Promise<void>
  /** Which of these keys were on the server that failed. */
  readonly hit: (keys: readonly string[]) => Promise<ReadonlySet<string>>
}

/** What a disaster did to the requests of one kind of client. Milliseconds. */
export interface Toll extends Losses {
  readonly requests: number
  /** From the disaster until the first request that began after it, to a session on the failed server, was answered as ever. */
  readonly served: number
  /** From the disaster until the last of those requests began that were told of a failure of the store. */
  readonly troubled: number
  /** How many were told so. */
  readonly failed: number
  /** The longest that a request took. */
  readonly longest: number
  /** Sessions that are there, and that their user's list does not have. */
  readonly unlisted: number
}

/** Lets a disaster strike while requests come in, to a group of processes for each kind of client. */
export async function survive<K extends string>(
  groups: Readonly<Record<K, readonly Store[]>>,
  disaster: Disaster,
): Promise<Record<K, Toll>> {
  const loads = Object.entries<readonly Store[]>(groups).map(([name, stores]) => ({
    name,
    stores,
    load: new LiveLoad(stores, disaster.seed),
  }))
  const all = (work: (load: LiveLoad) => Promise<void>): Promise<unknown> => Promise.all(loads.map(({ load }) => work(load)))
  await all((load) => load.answered(200))
  const from = Date.now()
  if (disaster.brew !== undefined) await disaster.brew().then(() => all((load) => load.answered(200)))
  const struck = Date.now()
  await disaster.strike()
  await all((load) => load.calm())
  await disaster.repair()
  await all((load) => load.calm())
  const to = Date.now()
  const tolls = loads.map(async ({ name, stores, load }) => {
    const toll = await tollOf(await load.stop(true), { from, struck, to }, disaster)
    return [name, { ...toll, unlisted: await unlistedIn(stores[0] as Store) }]
  })
  return Object.fromEntries(await Promise.all(tolls))
}

async function unlistedIn(store: Store): Promise<number> {
  const entries = await everyEntry(store)
  const users = new Set(entries.map(([, { userId }]) => userId).filter((userId) => userId !== undefined))
  const pages = await Promise.all([...users].map(async (userId) => store.list?.({ now: 0, index: 'userId', name: userId, limit: 10_000 })))
  const listed = new Set(pages.flatMap((page) => page?.entries.map(([key]) => key) ?? []))
  return entries.filter(([key, { userId }]) => userId !== undefined && !listed.has(key)).length
}

/** When it began, when it came to light, and when all was well again. */
interface Course {
  readonly from: number
  readonly struck: number
  readonly to: number
}

async function tollOf(history: History, { from, struck, to }: Course, { hit }: Disaster): Promise<Omit<Toll, 'unlisted'>> {
  const { exchanges } = history
  const ids = exchanges.flatMap(({ cookie, setCookie }) => [cookie, setCookie]).filter((id) => id !== undefined && id !== '')
  const keys = await hit([...new Set(ids.map((id) => keyOf(familyOf(id as string))))])
  const wasHit = (family: string): boolean => keys.has(keyOf(family))
  const after = exchanges.filter(({ beganAt }) => beganAt >= struck)
  const served = after.filter(({ cookie, code }) => cookie !== undefined && code === undefined && wasHit(familyOf(cookie)))
  const failed = exchanges.filter(isFailure)
  return {
    // What was under way when it happened is part of it.
    ...lossesOf(history, { from: from - 1000, to, hit: wasHit }),
    requests: exchanges.length,
    served: Math.min(...served.map(({ endedAt }) => endedAt)) - struck,
    troubled: Math.max(0, ...failed.map(({ beganAt }) => beganAt - struck)),
    failed: failed.length,
    longest: Math.max(...after.map(({ beganAt, endedAt }) => endedAt - beganAt)),
  }
}
