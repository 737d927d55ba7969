// A browser whose ids are replaced because of their age, for hours: parallel requests to two processes
// whose clocks differ, on a store that refuses, loses and delays operations, with responses that get
// lost or arrive in another order. Random seeds, virtual time.
import { describe, expect, it } from 'vitest'
import type { Store } from '../../../src/core/store/store.ts'
import { createSessions, type Sessions } from '../../../src/index.ts'
import { MemoryStore } from '../../../src/stores/memory.ts'
import { SqliteStore } from '../../../src/stores/sqlite.ts'
import { incoming } from '../../helpers/incoming.ts'
import { FaultyStore } from '../faults/faulty-store.ts'
import { Random } from '../scenario/random.ts'
import { VirtualTime } from '../simulation/virtual-time.ts'

const SEEDS = 60
const ROUNDS = 20
const MINUTE = 60_000
const SKEW = 25_000
const START = Date.UTC(2100, 0, 1)
const FAULTS = { refused: 0.04, before: 0.03, after: 0.04, hang: 0, silent: 0.01, late: 0.04, resent: 0.03, latency: 300 }

interface Results {
  /** How often an id was replaced. */
  replaced: number
  /** Requests that found no session, or whose changes were refused. */
  loggedOut: number
  /** Sessions in which an increment is missing or was applied twice. */
  wrong: number
}

describe.each<[string, () => Store]>([
  ['memory', () => new MemoryStore()],
  ['sqlite', () => new SqliteStore(':memory:')],
])(`${SEEDS} browsers on %s`, (_, open) => {
  it('are never logged out, and no increment is lost', { timeout: 60_000 }, async () => {
    const { replaced, loggedOut, wrong } = await run(open)
    expect({ loggedOut, wrong }).toEqual({ loggedOut: 0, wrong: 0 })
    expect(replaced).toBeGreaterThan(SEEDS * 5)
  })

  it('are logged out if a new id ends the one before at once (broken on purpose)', { timeout: 60_000 }, async () => {
    expect((await run(open, true)).loggedOut).toBeGreaterThan(SEEDS)
  })
})

async function run(open: () => Store, endsAtOnce = false): Promise<Results> {
  const results: Results = { replaced: 0, loggedOut: 0, wrong: 0 }
  for (let seed = 1; seed <= SEEDS; seed++) await runSeed(open(), new Random(seed), endsAtOnce, results)
  return results
}

async function runSeed(rows: Store, random: Random, endsAtOnce: boolean, results: Results): Promise<void> {
  const time = new VirtualTime()
  const managerOn = (store: Store, skew: number): Sessions<any> => {
    const bytes = random.fork()
    return createSessions<any>({
      store,
      clearExpired: false,
      clock: () => Math.floor(START + time.now) + skew,
      random: (size) => bytes.bytes(size),
      onEvent: ({ type }) => void (results.replaced += Number(type === 'id-cycled')),
      ...(!endsAtOnce && { cycleId: '5m' }),
    })
  }
  const processes = [0, 1].map(() => managerOn(new FaultyStore(rows, FAULTS, random.fork()), random.int(-SKEW, SKEW)))
  const first = managerOn(rows, 0).create().set('cart', 1).set('n', 0)
  const counts = { acknowledged: 0, unknown: 0 }
  const browser = { id: '', at: 0 }

  async function request(): Promise<void> {
    const sessions = random.chance(0.5) ? processes[0] : processes[1]
    await time.wait(random.int(0, 3000))
    const session = await (sessions as Sessions<any>).open(incoming(`__Host-sid=${browser.id}`))
    await time.wait(random.int(0, 3000))
    const increments = random.chance(0.5)
    let headers = new Headers()
    try {
      if (session.get('cart') !== 1) results.loggedOut++
      if (increments && session.get('cart') === 1) session.increment('n')
      if (endsAtOnce && time.now - browser.at >= 5 * MINUTE) session.cycleId()
      headers = await (sessions as Sessions<any>).commit(session, { status: 200 })
      if (increments) counts.acknowledged++
    } catch (error) {
      const { code } = error as { readonly code?: string }
      if (code === 'ERR_SESSION_ENDED') results.loggedOut++
      if (increments && code === 'ERR_SESSION_COMMIT_UNKNOWN') counts.unknown++
      headers = await Promise.resolve((sessions as Sessions<any>).headers(session))
    }
    await time.wait(random.int(0, 10_000))
    const id = /=([^;]+)/.exec(headers.getSetCookie()[0] ?? '')?.[1]
    if (id !== undefined && !random.chance(0.2)) Object.assign(browser, { id, at: time.now })
  }

  await time.run(random.next, async () => {
    await first.save()
    browser.id = String(first.id)
    for (let round = 0; round < ROUNDS; round++) {
      await time.wait(random.int(0, 6 * MINUTE))
      await Promise.all(Array.from({ length: random.int(1, 4) }, request))
    }
    await time.wait(MINUTE) // for operations that arrive late
  })
  const { handle = '' } = first
  const { payload = '' } = (await rows.load({ key: handle, now: 0 })) ?? {}
  const n = Number(/"n":(\d+)/.exec(payload)?.[1])
  results.wrong += Number(!endsAtOnce && !(n >= counts.acknowledged && n <= counts.acknowledged + counts.unknown))
  await rows.close?.()
}
