import { monotonic, unref } from '../base/clock.ts'
import type { Listener } from '../base/events.ts'
import { ignore } from '../base/ignore.ts'
import { isPromise } from '../base/realms.ts'
import type { userOf } from '../changes/intent.ts'
import type { Engine } from '../config/engine.ts'
import type { LoadResult, loadEntry } from '../draft/opening.ts'
import type { OnEnded } from '../store/ended-sessions.ts'
import type { KnownSession, Watch, WatchEnd } from './watch.ts'

/** How often sessions are searched for those that are due, in milliseconds. */
const TICK = 500

/** How many sessions are loaded at the same time. Stores send such loads together. */
const BATCH = 100

/** The time in which all sessions are checked after hints were missed, in milliseconds. */
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
  readonly #engine: Engine
  readonly #emit: Listener
  readonly #loadEntry: typeof loadEntry
  readonly #userOf: typeof userOf
  /** By id. */
  readonly #watched = new Map<string, Watched>()
  readonly #byHandle = new Map<string, Set<Watched>>()
  readonly #queue = new Set<Watched>()
  readonly #stopListening: () => void
  #running = 0
  #timer: ReturnType<typeof setInterval> | undefined

  /** Two functions of the core are passed, because this file imports only small modules. */
  constructor(engine: Engine, load: typeof loadEntry, findUser: typeof userOf) {
    this.#engine = { ...engine, emit: ignore } // a failed check is repeated, and the store reports its failure once
    this.#emit = engine.emit
    this.#loadEntry = load
    this.#userOf = findUser
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
    const reasonFor = await this.#load(watched)
    this.#running -= 1
    watched.check = 'none'
    if (this.#isWatched(watched)) for (const watch of watches) this.#conclude(watched, watch, reasonFor(watch))
    if (watched.mustRepeat && this.#isWatched(watched)) this.#check(watched)
    this.#drain()
  }

  /**
   * Resolves to the function that decides about each watch. A load that fails ends nothing, except
   * sessions whose expiry has passed.
   */
  async #load(watched: Watched): Promise<(watch: Watch) => WatchEnd | undefined> {
    try {
      return this.#reasons(watched, await this.#loadEntry(this.#engine, watched.identity, true))
    } catch {
      return this.#reasons(watched, undefined)
    }
  }

  #reasons(watched: Watched, result: LoadResult | undefined): (watch: Watch) => WatchEnd | undefined {
    if (result?.entry !== undefined) {
      watched.expiresAt = this.#engine.profile.endOf(result.entry, result.texts, this.#engine)
      watched.userName = result.entry.userId
      const found = this.#userOf(result.texts, this.#engine)
      return ({ user }) => (user === found ? undefined : 'other-user')
    }
    if (result?.reason === 'other-id') return () => 'new-id'
    if (watched.expiresAt <= this.#engine.now()) return () => 'expired'
    return () => (result === undefined ? undefined : 'ended')
  }

  #conclude(watched: Watched, watch: Watch, reason: WatchEnd | undefined): void {
    if (reason === undefined || !watched.watches.has(watch)) return
    this.#remove(watched, watch)
    this.#end(watch, reason, watched.identity.handle)
  }

  #end({ onEnd }: Watch, reason: WatchEnd, handle?: string): void {
    this.#emit({ type: 'watch-ended', reason, ...(handle !== undefined && { handle }) })
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
