// Sessions under given ids, on a store that loses and delays a fifth of its writes: four requests
// carry a session over from an old store while another one ends it. Random seeds, virtual time.
import { describe, expect, it } from 'vitest'
import type { Lifecycle, LifecycleContext } from '../../../src/core/config/lifecycle.ts'
import { ownProfile } from '../../../src/core/config/own-profile.ts'
import type { SessionProfile, Texts } from '../../../src/core/config/profile.ts'
import { scopeOf } from '../../../src/core/cookie/cookie-transport.ts'
import { Sessions } from '../../../src/core/manager/sessions.ts'
import { aliasIds } from '../../../src/core/store/alias-ids.ts'
import type { Store } from '../../../src/core/store/store.ts'
import { isTombstone } from '../../../src/core/store/tombstone.ts'
import { MemoryStore } from '../../../src/stores/memory.ts'
import { SqliteStore } from '../../../src/stores/sqlite.ts'
import { incoming } from '../../helpers/incoming.ts'
import { FaultyStore } from '../faults/faulty-store.ts'
import { Random } from '../scenario/random.ts'
import { VirtualTime } from '../simulation/virtual-time.ts'

const SESSIONS = 200
const CARRIERS = 4
const DAY = 86_400_000
const FAULTS = { refused: 0, before: 0.05, after: 0.05, hang: 0, silent: 0, late: 0.05, resent: 0.05, latency: 30 }

const withTombstones: SessionProfile = { ...ownProfile, ids: aliasIds, hasGivenIds: true, tombstoneUntil: (now) => now + DAY }
/** Not possible with `hasGivenIds`, which a manager refuses without tombstones. */
const withDeletion: SessionProfile = { ...ownProfile, ids: aliasIds }

describe.each<[string, () => Store]>([
  ['memory', () => new MemoryStore()],
  ['sqlite', () => new SqliteStore(':memory:')],
])(`${SESSIONS} sessions with ${CARRIERS} carriers each on %s`, (_, open) => {
  it('are ended for ever, and each leaves a tombstone', { timeout: 120_000 }, async () => {
    expect(await run(open(), withTombstones)).toEqual({ revived: 0, withoutTombstone: 0, ended: SESSIONS })
  })

  it('are revived if the end deletes their row (broken on purpose)', { timeout: 120_000 }, async () => {
    const { revived } = await run(open(), withDeletion)
    expect(revived).toBeGreaterThan(SESSIONS / 20)
  })
})

interface Results {
  revived: number
  withoutTombstone: number
  ended: number
}

async function run(store: Store, profile: SessionProfile): Promise<Results> {
  const results: Results = { revived: 0, withoutTombstone: 0, ended: 0 }
  for (let seed = 1; seed <= SESSIONS; seed++) {
    const entry = await endWhileCarriedOver(store, profile, seed)
    if (entry === undefined) results.withoutTombstone++
    else if (isTombstone(entry)) results.ended++
    else results.revived++
  }
  await store.close?.()
  return results
}

/** Returns the row of the session at the end, when nothing is on its way any longer. */
async function endWhileCarriedOver(store: Store, profile: SessionProfile, seed: number): ReturnType<Store['load']> {
  const random = new Random(seed)
  const sid = `sid-${seed}`
  const old = new Map<string, Texts>([[sid, new Map([['cart', '[1]']])]])
  const time = new VirtualTime()
  const pause = (): Promise<void> => time.wait(random.int(0, 100))
  const carryOver = ({ create }: LifecycleContext): Lifecycle => ({
    async afterLoad({ identity, entry, deadline }) {
      if (entry !== undefined) return undefined
      const texts = old.get(identity.id)
      await pause()
      return texts && { entry: (await create(identity, texts, deadline))?.entry }
    },
    afterEnd: (ended) => void ('identity' in ended && old.delete(ended.identity?.id ?? '')),
  })
  const processes = Array.from({ length: CARRIERS + 1 }, () => {
    const faulty = new FaultyStore(store, FAULTS, random.fork())
    const bytes = random.fork()
    return new Sessions<any>(
      { store: faulty, clearExpired: false, clock: () => Math.floor(START + time.now), random: (size) => bytes.bytes(size) },
      profile,
      [carryOver],
    )
  })
  const [ender, ...carriers] = processes as [Sessions<any>, ...Sessions<any>[]]
  const request = async (sessions: Sessions<any>, handler: (session: any) => unknown): Promise<boolean> => {
    await pause()
    const session = await sessions.open(incoming(`__Host-sid=${sid}`))
    try {
      handler(session)
      await sessions.commit(session, { status: 200 })
      return true
    } catch {
      return false
    }
  }
  await time.run(random.next, async () => {
    const carried = carriers.map((sessions, index) => request(sessions, (session) => session.set(`p${index}`, index)))
    while (!(await request(ender, (session) => session.flush()))) continue
    await Promise.all(carried)
    await time.wait(20_000) // for operations that arrive late
  })
  const { key } = aliasIds(() => '', scopeOf(undefined)).parse(sid) as { readonly key: string }
  return store.load({ key, now: 0 })
}

const START = Date.UTC(2100, 0, 1)
