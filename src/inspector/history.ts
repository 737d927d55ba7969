import type { PublishedEvent, SessionEvent } from '../core/base/events.ts'
import type { CommitTrace } from '../core/base/tracing.ts'
import { Latencies } from './latencies.ts'

/** An event and when it happened, in epoch milliseconds. */
export interface PastEvent {
  readonly at: number
  readonly event: SessionEvent
}

/** Commits and conflicts in one interval. */
export interface Interval {
  /** The start of the interval, in epoch milliseconds. */
  readonly from: number
  conflicts: number
  readonly latencies: Latencies
}

/** What an observer subscribes to. The module `node:diagnostics_channel` has these functions. */
export interface Channels {
  subscribe(name: string, listener: (message: unknown) => void): void
}

const MAX_INTERVALS = 60
const FIRST_LENGTH = 10_000

/**
 * The latest events of one manager, and its conflicts and latencies since the start. Memory is
 * bounded: there are at most `limit` events and 60 intervals, whose length doubles when they are
 * full.
 */
export class History {
  readonly #manager: string
  readonly #limit: number
  readonly #now: () => number
  readonly #startedAt = new WeakMap<object, number>()
  #events: PastEvent[] = []
  #intervals: Interval[] = []
  #length = FIRST_LENGTH

  /** `manager` is the option `as` of the manager. */
  constructor(manager: string, limit: number, now: () => number) {
    this.#manager = manager
    this.#limit = limit
    this.#now = now
  }

  /** Starts to observe, until the process ends. */
  observe(channels: Channels): this {
    channels.subscribe('sojourn.event', (message) => this.#onEvent(message as PublishedEvent))
    channels.subscribe('tracing:sojourn.commit:start', (message) => void this.#startedAt.set(message as object, performance.now()))
    channels.subscribe('tracing:sojourn.commit:asyncEnd', (message) => this.#onCommit(message as CommitTrace))
    return this
  }

  /** The latest events of a session, the newest first. */
  eventsOf(handle: string): readonly PastEvent[] {
    return this.#events
      .slice(-this.#limit)
      .filter(({ event }) => event.handle === handle)
      .reverse()
  }

  /** The intervals since the start, the oldest first. */
  get intervals(): readonly Interval[] {
    this.#current()
    return this.#intervals
  }

  /** The length of an interval, in milliseconds. */
  get length(): number {
    return this.#length
  }

  #onEvent({ manager, event }: PublishedEvent): void {
    if (manager !== this.#manager) return
    if (event.type === 'merged') this.#current().conflicts += 1
    this.#events.push({ at: this.#now(), event })
    // Cut off rarely, because it moves all events.
    if (this.#events.length >= 2 * this.#limit) this.#events = this.#events.slice(-this.#limit)
  }

  #onCommit(trace: CommitTrace): void {
    const startedAt = this.#startedAt.get(trace)
    if (trace.manager !== this.#manager || startedAt === undefined || trace.outcome === 'unchanged') return
    this.#current().latencies.add(performance.now() - startedAt)
  }

  /** The current interval. Adds the intervals up to now. */
  #current(): Interval {
    const now = this.#now()
    let last = this.#intervals.at(-1)
    while (last === undefined || now >= last.from + this.#length) {
      last = { from: last === undefined ? now : last.from + this.#length, conflicts: 0, latencies: new Latencies() }
      this.#intervals.push(last)
      if (this.#intervals.length > MAX_INTERVALS) last = this.#join()
    }
    return last
  }

  /** Joins two intervals each into one of the double length. Returns the last one. */
  #join(): Interval {
    this.#length *= 2
    const joined: Interval[] = []
    for (const [index, interval] of this.#intervals.entries()) {
      const before = joined.at(-1)
      if (index % 2 === 0 || before === undefined) joined.push(interval)
      else {
        before.conflicts += interval.conflicts
        before.latencies.addAll(interval.latencies)
      }
    }
    this.#intervals = joined
    return joined.at(-1) as Interval
  }
}
