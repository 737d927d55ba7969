// Worlds in which each process reaches the rows through a cache. The weather is between the cached store and its parts, where it can do most.
import type { Store } from '../../../src/core/store/store.ts'
import { CachedStore, type Invalidation } from '../../../src/stores/cached.ts'
import { MemoryStore } from '../../../src/stores/memory.ts'
import { WeatherStore } from '../faults/faulty-store.ts'
import { WatchedStore } from '../faults/watched-store.ts'
import type { CacheName } from '../simulation/campaign.ts'
import { FAIR } from '../scenario/generator.ts'
import type { MakeWorld, Tools, World } from '../simulation/simulate.ts'
import { type Subject, sojourn } from '../simulation/subject.ts'

/** How long a message from process to process takes at the most, in milliseconds. */
const MESSAGE = 20
/** Less than what passes before the last look at the rows, so that this one has to see everything. */
const MAX_STALE = 8000
/** By as much a clock is set back at the most, which makes what is cached younger. */
const CLOCKS = 4000
/**
 * How old reads may be. What is told is heard some time after the answer; a cache that fails may not take a tombstone, and then the other
 * processes see what happened as late as by themselves.
 */
const STALENESS: Readonly<Record<CacheName, number>> = {
  one: 0,
  failing: MAX_STALE + CLOCKS,
  each: MAX_STALE + CLOCKS,
  telling: 4 * MESSAGE,
}

/** The library over cached stores on one memory. */
export function libraryOverCaches(caches: CacheName): MakeWorld {
  return function make(tools: Tools): World {
    const { scenario, random, clock } = tools
    const watched = new WatchedStore(new MemoryStore(), scenario)
    const shared = new MemoryStore()
    const bus = new Bus(() => random.next() * MESSAGE)
    const isShared = caches === 'one' || caches === 'failing'
    const sky = caches === 'failing' ? { ...scenario.weather, latency: 5 } : { ...FAIR, latency: 5 }
    const outside = Array.from({ length: scenario.processes }, () => new WeatherStore(watched, scenario.weather, random.fork()))
    const stores = outside.map((store) => {
      const cache = new WeatherStore(isShared ? shared : new MemoryStore(), sky, random.fork())
      const invalidation = caches === 'telling' ? { invalidation: bus.invalidation() } : {}
      return new CachedStore({ store, cache, maxStale: MAX_STALE / 1000, onWarning: () => undefined, ...invalidation })
    })
    const options = { idle: scenario.idle / 1000, absolute: scenario.absolute / 1000 }
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

/** Carries texts to everybody, each in its time. */
class Bus {
  readonly #latency: () => number
  readonly #listeners = new Set<(text: string) => void>()

  constructor(latency: () => number) {
    this.#latency = latency
  }

  invalidation(): Invalidation {
    let own: (text: string) => void = () => undefined
    return {
      listen: async (heard) => void this.#listeners.add((own = heard)),
      tell: async (text) => {
        for (const heard of this.#listeners) setTimeout(() => heard(text), this.#latency())
      },
      close: async () => void this.#listeners.delete(own),
    }
  }
}
