import { expect } from 'vitest'
import type { Store } from '../../../src/core/store/store.ts'
import { listAllEntries } from '../../helpers/list-all-entries.ts'
import { familyOf, type History } from '../checks/history.ts'
import { type Losses, lossesOf } from '../checks/losses.ts'
import { isFailure, LiveLoad } from '../processes/live-load.ts'
import { keyOf } from '../simulation/subject.ts'

/** A failure of servers, and its repair. */
export interface Failover {
  readonly seed: number
  /** Prepares the failure without the clients noticing. Requests continue after it. */
  readonly prepare?: () => Promise<void>
  /** Causes the failure, and resolves when other servers have taken over. */
  readonly trigger: () => Promise<void>
  /** Restarts the failed servers, and resolves when all servers agree again. */
  readonly repair: () => Promise<void>
  /** Returns which of these keys were on the failed server. */
  readonly affected: (keys: readonly string[]) => Promise<ReadonlySet<string>>
}

/** The effect of a failover on the requests of one kind of client. Times in milliseconds. */
export interface FailoverCost extends Losses {
  readonly requests: number
  /**
   * From the failure until the first successful response to a request that began after it and whose
   * session was on the failed server.
   */
  readonly recoveredAfter: number
  /** From the failure until the start of the last request that failed because of the store. */
  readonly lastFailureAfter: number
  /** The number of requests that failed because of the store. */
  readonly failed: number
  /** The longest duration of a request after the failure. */
  readonly longest: number
  /** Sessions that exist and are missing from the list of their user. */
  readonly unlisted: number
}

/** Runs a failover under load, with a group of processes for each kind of client. */
export async function measureFailover<K extends string>(
  groups: Readonly<Record<K, readonly Store[]>>,
  failover: Failover,
): Promise<Record<K, FailoverCost>> {
  const loads = Object.entries<readonly Store[]>(groups).map(([name, stores]) => ({
    name,
    stores,
    load: new LiveLoad(stores, failover.seed),
  }))
  const all = (work: (load: LiveLoad) => Promise<void>): Promise<unknown> => Promise.all(loads.map(({ load }) => work(load)))
  await all((load) => load.completed(200))
  const from = Date.now()
  if (failover.prepare !== undefined) await failover.prepare().then(() => all((load) => load.completed(200)))
  const triggered = Date.now()
  await failover.trigger()
  await all((load) => load.stable())
  await failover.repair()
  await all((load) => load.stable())
  const to = Date.now()
  const costs = loads.map(async ({ name, stores, load }) => {
    const cost = await costOf(await load.stop(true), { from, triggered, to }, failover)
    return [name, { ...cost, unlisted: await countUnlisted(stores[0] as Store) }]
  })
  return Object.fromEntries(await Promise.all(costs))
}

async function countUnlisted(store: Store): Promise<number> {
  const entries = await listAllEntries(store)
  const users = new Set(entries.map(([, { userId }]) => userId).filter((userId) => userId !== undefined))
  const pages = await Promise.all([...users].map(async (userId) => store.list?.({ now: 0, index: 'userId', name: userId, limit: 10_000 })))
  const listed = new Set(pages.flatMap((page) => page?.entries.map(([key]) => key) ?? []))
  return entries.filter(([key, { userId }]) => userId !== undefined && !listed.has(key)).length
}

/** When the preparation began, when the failure happened, and when all servers worked again. */
interface Timing {
  readonly from: number
  readonly triggered: number
  readonly to: number
}

async function costOf(history: History, { from, triggered, to }: Timing, { affected }: Failover): Promise<Omit<FailoverCost, 'unlisted'>> {
  const { exchanges } = history
  const ids = exchanges.flatMap(({ cookie, setCookie }) => [cookie, setCookie]).filter((id) => id !== undefined && id !== '')
  const keys = await affected([...new Set(ids.map((id) => keyOf(familyOf(id as string))))])
  const wasAffected = (family: string): boolean => keys.has(keyOf(family))
  const after = exchanges.filter(({ beganAt }) => beganAt >= triggered)
  const served = after.filter(({ cookie, code }) => cookie !== undefined && code === undefined && wasAffected(familyOf(cookie)))
  const failed = exchanges.filter(isFailure)
  return {
    // Requests in progress when it began belong to it.
    ...lossesOf(history, { from: from - 1000, to, affected: wasAffected }),
    requests: exchanges.length,
    recoveredAfter: Math.min(...served.map(({ endedAt }) => endedAt)) - triggered,
    lastFailureAfter: Math.max(0, ...failed.map(({ beganAt }) => beganAt - triggered)),
    failed: failed.length,
    longest: Math.max(...after.map(({ beganAt, endedAt }) => endedAt - beganAt)),
  }
}

/** The figures of a failover, for the report of the tests. */
export function formatCosts(costs: Readonly<Record<string, FailoverCost>>): string {
  return Object.entries(costs)
    .map(([name, cost]) => `${name}: ${JSON.stringify(cost, (key, value) => (key === 'wrong' ? undefined : value))}`)
    .join('\n')
}

/**
 * Expects no anomaly except the counted losses, and a realistic number of writes. How many writes
 * are lost depends on the database.
 */
export function expectOnlyLosses(costs: Readonly<Record<string, FailoverCost>>): void {
  for (const { wrong, acknowledged } of Object.values(costs)) {
    expect(wrong).toEqual([])
    expect(acknowledged).toBeGreaterThan(100)
  }
}
