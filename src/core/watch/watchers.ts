import { monotonic, unref } from '../base/clock.ts'
import { ignore } from '../base/ignore.ts'
import { isPromise } from '../base/realms.ts'
import type { Engine } from '../config/engine.ts'
import type { OnEnded } from '../store/ended-sessions.ts'
import type { Identity } from '../store/id.ts'
import type { Found, KnownSession, Watch, WatchEnd } from './watch.ts'

/** Milliseconds between two looks at which sessions are due. */
const TICK = 500

/** How many sessions are loaded at the same time. Stores send such loads together. */
const BATCH = 100

/** Within how many milliseconds all sessions are checked after hints were missed. */
const RECHECK_TIME = 30_000

/** A session under one id, and its watches, which are checked with one load. */
interface Watched extends KnownSession {
  readonly watches: Set<Watch>
  expiresAt: number
  userName: string | undefined
  poll: number
  /** The `monotonic()` time of the next check; `Infinity` before the first one. */
  dueAt: number
  check: 'none' | 'queued' | 'running'
  /** Whether another check has to follow the one that is running. */
  mustRepeat: boolean
}

/**
 * Watches sessions of one manager, and calls a function when one has ended. A watch is registered
 * first and its session is checked then, so an end is seen by this check or by a later one. A
 * session is checked again after a hint at its end, when the time of `poll` is over, and when it
 * expires. Only a load past every cache ends a watch, so a false hint costs one load.
 */
export class Watchers {
  readonly #engine: Pick<Engine, 'emit' | 'now' | 'endedSessions'>
  readonly #load: (identity: Identity) => Promise<Found>
  /** By id. */
  readonly #watched = new Map<string, Watched>()
  readonly #byHandle = new Map<string, Set<Watched>>()
  readonly #queue = new Set<Watched>()
  readonly #stopListening: () => void
  #running = 0
  #timer: ReturnType<typeof setInterval> | undefined

  /** `load` must read past every cache, and never reject. */
  constructor(engine: Pick<Engine, 'emit' | 'now' | 'endedSessions'>, load: (identity: Identity) => Promise<Found>) {
    this.#engine = engine
    this.#load = load
    this.#stopListening = engine.endedSessions.listen(this.onEnded)
  }

  /** Starts a watch and returns the function that stops it. Without a session it ends at once. */
  add(watch: Watch, session: KnownSession | undefined): () => void {
    if (session === undefined) {
      this.#end(watch, 'ended')
      return ignore
    }
    const watched = this.#watched.get(session.identity.id) ?? this.#start(session)
    watched.watches.add(watch)
    watched.poll = Math.min(watched.poll, watch.poll)
    this.#check(watched)
    return () => this.#remove(watched, watch)
  }

  /** Checks the sessions that may have ended. */
  readonly onEnded: OnEnded = (kind, value) => {
    if (kind === 'ended') for (const watched of this.#byHandle.get(value) ?? []) this.#check(watched)
    else for (const watched of this.#watched.values()) if (watched.userName === value) this.#check(watched)
  }

  /** Checks all sessions, at random times, because hints may have been missed. */
  checkSoon(): void {
    const now = monotonic()
    for (const watched of this.#watched.values()) watched.dueAt = Math.min(watched.dueAt, now + Math.random() * RECHECK_TIME)
  }

  close(): void {
    this.#stopListening()
    clearInterval(this.#timer)
    for (const map of [this.#watched, this.#byHandle, this.#queue]) map.clear()
  }

  #start(session: KnownSession): Watched {
    const { id, handle } = session.identity
    const unchecked = { poll: Number.POSITIVE_INFINITY, dueAt: Number.POSITIVE_INFINITY, check: 'none', mustRepeat: false } as const
    const watched: Watched = { ...session, ...unchecked, watches: new Set() }
    this.#watched.set(id, watched)
    this.#byHandle.set(handle, (this.#byHandle.get(handle) ?? new Set()).add(watched))
    this.#timer ??= unref(setInterval(() => this.#tick(), TICK))
    return watched
  }

  #remove(watched: Watched, watch: Watch): void {
    watched.watches.delete(watch)
    if (watched.watches.size > 0 || !this.#isWatched(watched)) return
    const { id, handle } = watched.identity
    this.#watched.delete(id)
    this.#queue.delete(watched)
    const ofSession = this.#byHandle.get(handle)
    ofSession?.delete(watched)
    if (ofSession?.size === 0) this.#byHandle.delete(handle)
    if (this.#watched.size > 0) return
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  #isWatched(watched: Watched): boolean {
    return this.#watched.get(watched.identity.id) === watched
  }

  #tick(): void {
    const [next, now] = [monotonic() + TICK, this.#engine.now()]
    for (const watched of this.#watched.values()) if (watched.dueAt <= next || watched.expiresAt <= now) this.#check(watched)
  }

  /** A load that is running may have read the session before its end, so another one follows. */
  #check(watched: Watched): void {
    watched.mustRepeat = watched.check === 'running'
    if (watched.check !== 'none') return
    watched.check = 'queued'
    this.#queue.add(watched)
    this.#drain()
  }

  #drain(): void {
    for (const watched of this.#queue) {
      if (this.#running >= BATCH) return
      this.#queue.delete(watched)
      void this.#run(watched)
    }
  }

  async #run(watched: Watched): Promise<void> {
    this.#running += 1
    watched.check = 'running'
    watched.mustRepeat = false
    // At random the first time, so that the checks of sockets that connected together are spread.
    const share = watched.dueAt === Number.POSITIVE_INFINITY ? Math.random() : 1
    watched.dueAt = monotonic() + watched.poll * share
    const watches = [...watched.watches] // those that begin during the load are checked by the next one
    const found = await this.#load(watched.identity)
    this.#running -= 1
    watched.check = 'none'
    if (this.#isWatched(watched)) {
      const reasonFor = this.#reasons(watched, found)
      for (const watch of watches) this.#conclude(watched, watch, reasonFor(watch))
    }
    if (watched.mustRepeat && this.#isWatched(watched)) this.#check(watched)
    this.#drain()
  }

  /**
   * Returns the function that decides about each watch. A store that fails ends nothing, except
   * sessions whose expiry has passed.
   */
  #reasons(watched: Watched, found: Found): (watch: Watch) => WatchEnd | undefined {
    if (found !== undefined && found.gone === undefined) {
      watched.expiresAt = found.expiresAt
      watched.userName = found.userName
      return ({ user }) => (user === found.user ? undefined : 'other-user')
    }
    const isExpired = found?.gone !== 'new-id' && watched.expiresAt <= this.#engine.now()
    return () => (isExpired ? 'expired' : found?.gone)
  }

  #conclude(watched: Watched, watch: Watch, reason: WatchEnd | undefined): void {
    if (reason === undefined || !watched.watches.has(watch)) return
    this.#remove(watched, watch)
    this.#end(watch, reason, watched.identity.handle)
  }

  #end({ onEnd }: Watch, reason: WatchEnd, handle?: string): void {
    this.#engine.emit({ type: 'watch-ended', reason, ...(handle !== undefined && { handle }) })
    try {
      const result = onEnd(reason)
      if (isPromise(result)) result.then(undefined, report)
    } catch (error) {
      report(error)
    }
  }
}

function report(error: unknown): void {
  console.error('sojourn: the function `onEnd` of sessions.watch() threw an error; other watches are not affected', error)
}
