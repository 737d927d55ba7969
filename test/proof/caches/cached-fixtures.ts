// Fixtures in which each process accesses the rows through a cache. The faults are between the
// cached store and its parts, where they can do the most harm.
import { type Channel, createChannel } from '../../../src/channels/channels.ts'
import type { Store } from '../../../src/core/store/store.ts'
import { CachedStore } from '../../../src/stores/cached.ts'
import { MemoryStore } from '../../../src/stores/memory.ts'
import { FaultyStore } from '../faults/faulty-store.ts'
import { WatchedStore } from '../faults/watched-store.ts'
import { RELIABLE, type Scenario } from '../scenario/generator.ts'
import type { CacheName } from '../simulation/campaign.ts'
import { optionsOf } from '../simulation/fixtures.ts'
import type { Fixture, FixtureContext, MakeFixture } from '../simulation/simulate.ts'
import { type Subject, sojourn } from '../simulation/subject.ts'

/** Maximum delay of a message between processes, in milliseconds. */
const MAX_MESSAGE_DELAY = 20
/** Less than the time before the final reads, so that those must see everything. */
const MAX_STALE = 8000
/**
 * Maximum age of reads. A clock that is set back makes cached entries younger. Invalidations arrive
 * some time after the response. A failing cache may not accept a tombstone; then the other processes
 * see a change as late as without messages.
 */
function stalenessOf(caches: CacheName, { skew }: Scenario): number {
  if (caches === 'one') return 0
  return caches === 'notified' ? 4 * MAX_MESSAGE_DELAY : MAX_STALE + 2 * skew
}

/** The library over cached stores on one memory store. */
export function sojournOnCaches(caches: CacheName): MakeFixture {
  return function make(tools: FixtureContext): Fixture {
    const { scenario, random, clock } = tools
    const watched = new WatchedStore(new MemoryStore(), scenario)
    const shared = new MemoryStore()
    const bus = new MessageBus(() => random.next() * MAX_MESSAGE_DELAY)
    const isShared = caches === 'one' || caches === 'failing'
    const cacheFaults = caches === 'failing' ? { ...scenario.faultRates, latency: 5 } : { ...RELIABLE, latency: 5 }
    const faulty = Array.from({ length: scenario.processes }, () => new FaultyStore(watched, scenario.faultRates, random.fork()))
    const stores = faulty.map((store) => {
      const cache = new FaultyStore(isShared ? shared : new MemoryStore(), cacheFaults, random.fork())
      const channel = caches === 'notified' ? { channel: bus.channel() } : {}
      return new CachedStore({ store, cache, maxStale: `${MAX_STALE}ms`, onWarning: () => undefined, ...channel })
    })
    const options = optionsOf(scenario)
    const process = (store: Store, index: number): Subject => {
      const processRandom = random.fork()
      return sojourn({ ...options, store, clock: clock(index), random: (size) => processRandom.bytes(size) }, scenario.merging)
    }
    return {
      subjects: stores.map(process),
      observer: process(watched, -1),
      rows: () => watched.keys(),
      close: async () => void (await Promise.all(stores.map((store) => store.close()))),
      touches: () => watched.touches,
      lateRows: () => faulty.reduce((sum, { lateRows }) => sum + lateRows, 0),
      maxStale: stalenessOf(caches, scenario),
    }
  }
}

/** Delivers texts to all subscribers, each with a random delay. */
class MessageBus {
  readonly #latency: () => number
  readonly #subscribers = new Set<(text: string) => void>()

  constructor(latency: () => number) {
    this.#latency = latency
  }

  channel(): Channel {
    let subscribed: (text: string) => void = () => undefined
    return createChannel({
      publish: async (text) => {
        for (const onMessage of this.#subscribers) setTimeout(() => onMessage(text), this.#latency())
      },
      subscribe: async ({ onMessage }) => void this.#subscribers.add((subscribed = onMessage)),
      close: async () => void this.#subscribers.delete(subscribed),
    })
  }
}
