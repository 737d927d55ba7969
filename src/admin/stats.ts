import { DAY, HOUR, MINUTE } from '../core/base/duration.ts'
import type { Engine } from '../core/config/engine.ts'
import { type AdminContext, isAlive } from './admin-engine.ts'
import { FrequentNames } from './frequent-names.ts'
import { type RunOptions, scan } from './scan.ts'
import { conditionOf } from './session-filter.ts'
import { ownNames, type SessionInfo, sessionInfo } from './session-info.ts'

/**
 * One bar of a distribution: the sessions up to a limit, and above the limit of the previous bar.
 */
export interface Bar {
  /** The limit, `Infinity` for the last bar. */
  readonly upTo: number
  /** Their number. */
  readonly sessions: number
}

/** A property and the sessions that have it. */
export interface PropertyStats {
  readonly name: string
  /** The number of sessions that have it. */
  readonly sessions: number
  /** The size of all its values together, in UTF-16 code units. */
  readonly size: number
  /** The size of its largest value. */
  readonly largest: number
}

/** Statistics of all sessions. All times are milliseconds, all sizes UTF-16 code units. */
export interface Stats {
  /** The sessions that have not ended. */
  readonly alive: number
  /** The rows of expired sessions that `clearExpired` has not deleted yet. */
  readonly expired: number
  /** The sessions in which a user is logged in. */
  readonly loggedIn: number
  /** The sessions that cannot be read with the options of this manager. */
  readonly unreadable: number
  /** The size of all sessions together. */
  readonly size: number
  /** How often these sessions were written. */
  readonly writes: number
  /** The sessions by size. */
  readonly sizes: readonly Bar[]
  /** The sessions by the time since their start or last login, in milliseconds. */
  readonly ages: readonly Bar[]
  /** The sessions by the time since their last write or touch, in milliseconds. */
  readonly idle: readonly Bar[]
  /** The ten largest sessions. */
  readonly largest: readonly SessionInfo[]
  /** The properties that take the most space, at most 100. */
  readonly properties: readonly PropertyStats[]
  /**
   * The ten users with the most sessions, and at least how many they have. The numbers are exact
   * while fewer than 1000 users are logged in.
   */
  readonly users: readonly { readonly userId: string; readonly sessions: number }[]
}

const SIZES = [256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576, Number.POSITIVE_INFINITY]
const AGES = [MINUTE, 10 * MINUTE, HOUR, 6 * HOUR, DAY, 7 * DAY, 30 * DAY, Number.POSITIVE_INFINITY]
const LARGEST = 10
const MAX_USERS = 1000
const TOP_USERS = 10
/** An application may make names of properties from data, so not all are kept. */
const MAX_PROPERTIES = 1000
const SHOWN_PROPERTIES = 100

/** Reads all sessions in pages, and keeps only counters and one page in memory. */
export async function collectStats(context: AdminContext, options: RunOptions): Promise<Stats> {
  const { engine } = context
  const collector = new Collector(engine)
  for await (const rows of scan(context, conditionOf(engine, {}), options)) {
    for (const row of rows) {
      if (!isAlive(engine, row.entry, row.texts)) collector.expired += 1
      else collector.add(sessionInfo(engine, row), row.texts)
    }
  }
  return collector.stats()
}

class Collector {
  expired = 0
  readonly #engine: Engine
  readonly #now: number
  #alive = 0
  #loggedIn = 0
  #unreadable = 0
  #size = 0
  #writes = 0
  #largest: SessionInfo[] = []
  readonly #sizes = SIZES.map(() => 0)
  readonly #ages = AGES.map(() => 0)
  readonly #idle = AGES.map(() => 0)
  readonly #users = new FrequentNames(MAX_USERS)
  readonly #properties = new Map<string, { name: string; sessions: number; size: number; largest: number }>()

  constructor(engine: Engine) {
    this.#engine = engine
    this.#now = engine.now()
  }

  add(session: SessionInfo, texts: ReadonlyMap<string, string> | undefined): void {
    this.#alive += 1
    this.#size += session.size
    this.#writes += session.writes
    if (texts === undefined) this.#unreadable += 1
    if (session.userId !== undefined) {
      this.#loggedIn += 1
      this.#users.add(session.userId)
    }
    count(this.#sizes, SIZES, session.size)
    count(this.#ages, AGES, this.#now - session.createdAt)
    count(this.#idle, AGES, this.#now - session.seenAt)
    this.#addLargest(session)
    for (const name of texts === undefined ? [] : ownNames(this.#engine, texts)) this.#addProperty(name, texts?.get(name)?.length ?? 0)
  }

  stats(): Stats {
    const properties = [...this.#properties.values()].sort((one, other) => other.size - one.size)
    return {
      alive: this.#alive,
      expired: this.expired,
      loggedIn: this.#loggedIn,
      unreadable: this.#unreadable,
      size: this.#size,
      writes: this.#writes,
      sizes: toBars(SIZES, this.#sizes),
      ages: toBars(AGES, this.#ages),
      idle: toBars(AGES, this.#idle),
      largest: this.#largest,
      properties: properties.slice(0, SHOWN_PROPERTIES),
      users: this.#users.top(TOP_USERS).map(([userId, sessions]) => ({ userId, sessions })),
    }
  }

  #addLargest(session: SessionInfo): void {
    const smallest = this.#largest.at(-1)
    if (this.#largest.length === LARGEST && smallest !== undefined && session.size <= smallest.size) return
    this.#largest = [...this.#largest, session].sort((one, other) => other.size - one.size).slice(0, LARGEST)
  }

  #addProperty(name: string, size: number): void {
    const known = this.#properties.get(name)
    if (known !== undefined) {
      known.sessions += 1
      known.size += size
      known.largest = Math.max(known.largest, size)
    } else if (this.#properties.size < MAX_PROPERTIES) this.#properties.set(name, { name, sessions: 1, size, largest: size })
  }
}

function count(counts: number[], limits: readonly number[], value: number): void {
  const index = limits.findIndex((limit) => value <= limit)
  counts[index] = (counts[index] ?? 0) + 1
}

function toBars(limits: readonly number[], counts: readonly number[]): Bar[] {
  return limits.map((upTo, index) => ({ upTo, sessions: counts[index] ?? 0 }))
}
