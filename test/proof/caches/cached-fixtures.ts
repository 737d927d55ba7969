// Simulations in which each process reads through a cache. The faults are injected between the cached
// store and its parts, where they do most harm.
import type { Store } from '../../../src/core/store/store.ts'
import { CachedStore, type Channel } from '../../../src/stores/cached.ts'
import { MemoryStore } from '../../../src/stores/memory.ts'
import { WeatherStore } from '../faults/faulty-store.ts'
import { WatchedStore } from '../faults/watched-store.ts'
import type { CacheName } from '../simulation/campaign.ts'
import { FAIR } from '../simulation/generator.ts'
import type { MakeWorld, Tools, World } from '../simulation/simulate.ts'
import { type Subject, sojourn } from '../simulation/subject.ts'

/** The maximum time of a message from process to process, in milliseconds. */
const MAX_LATENCY = 20
/** Shorter than the time before the final read of the rows, so that this read must see everything. */
const MAX_STALE = 8000
/** The maximum by which a clock is set back, which makes cached rows younger. */
const MAX_CLOCK_CHANGE = 4000
/**
 * The maximum age of reads. A published invalidation arrives some time after the write was
 * acknowledged. A cache that fails may not accept a tombstone, and then the other processes see the
 * change as late as with private caches.
 */
const STALENESS: Readonly<Record<CacheName, number>> = {
  one: 0,
  failing: MAX_STALE + MAX_CLOCK_CHANGE,
  each: MAX_STALE + MAX_CLOCK_CHANGE,
  telling: 4 * MAX_LATENCY,
}

/** The library over cached stores on one `MemoryStore`. */
export function libraryOverCaches(caches: CacheName): MakeWorld {
  return function make(tools: Tools): World {
    const { scenario, random, clock } = tools
    const watched = new WatchedStore(new MemoryStore(), scenario)
    const shared = new MemoryStore()
    const bus = new MessageBus(() => random.next() * MAX_LATENCY)
    const isShared = caches === 'one' || caches === 'failing'
    const sky = caches === 'failing' ? { ...scenario.weather, latency: 5 } : { ...FAIR, latency: 5 }
    const outside = Array.from({ length: scenario.processes }, () => new WeatherStore(watched, scenario.weather, random.fork()))
    const stores = outside.map((store) => {
      const cache = new WeatherStore(isShared ? shared : new MemoryStore(), sky, random.fork())
      const channel = caches === 'telling' ? { channel: bus.channel() } : {}
      return new CachedStore({ store, cache, maxStale: `${MAX_STALE}ms`, onWarning: () => undefined, ...channel })
    })
    const options = { idle: `${scenario.idle}ms`, absolute: `${scenario.absolute}ms` } as const
    const process = (store: Store, index: number): Subject => {
      const own = random.fork()
      return sojourn({ ...options, store, clock: clock(index), random: (size) => own.bytes(size) })
    }
    return {
      subjects: stores.map(process),
      onlooker: process(watched, -1),
      rows: () => watched.keys(),
      close: async () => void (await Promise.all(stores.map((store) => store.close()))),
      touches: () => watched.touches,
      lateRows: () => outside.reduce((sum, { lateRows }) => sum + lateRows, 0),
      maxStale: STALENESS[caches],
    }
  }
}

/** Delivers each text to all subscribers, each after its own latency. */
class MessageBus {
  readonly #latency: () => number
  readonly #subscribers = new Set<(text: string) => void>()

  constructor(latency: () => number) {
    this.#latency = latency
  }

  channel(): Channel {
    let own: (text: string) => void = () => undefined
    return {
      publish: async (text) => {
        for (const onMessage of this.#subscribers) setTimeout(() => onMessage(text), this.#latency())
      },
      subscribe: async ({ onMessage }) => void this.#subscribers.add((own = onMessage)),
      close: async () => void this.#subscribers.delete(own),
    }
  }
}
