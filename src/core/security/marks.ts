import { backoff, monotonic } from '../base/clock.ts'
import { DAY, MINUTE } from '../base/duration.ts'
import { BusyError } from '../base/errors.ts'
import type { RandomText } from '../base/random.ts'
import type { Engine } from '../config/engine.ts'
import type { LifecycleContext } from '../config/lifecycle.ts'
import { findsUsers } from '../config/user-sessions.ts'
import { sha256 } from '../store/id.ts'
import type { Entry } from '../store/store.ts'
import { tombstone } from '../store/tombstone.ts'

/** All sessions whose user authenticated at or before `at` are over, except that of the handle. */
export type Mark = readonly [at: number, except?: string]

/** What a mark is about: the sessions of a user, or all sessions of a realm. */
export type MarkKind = 'user' | 'realm'

/** So many marks of one user keep their exceptions. */
const MAX_EXCEPTIONS = 8

/** Finds a mark whether or not it is expired, because an expired row takes its key. */
const ANY_TIME = 0

const VERSION_LENGTH = 12

export interface MarksContext {
  readonly store: LifecycleContext['store']
  readonly now: () => number
  readonly randomText: RandomText
  readonly realm: string
  /** How long a mark is kept, in milliseconds. */
  readonly keptFor: number
}

/**
 * Adds a mark to those that a row has. Beyond the limit the oldest mark loses its exception. All
 * marks before one without an exception have no effect, so the list is bounded.
 */
export function withMark(marks: readonly Mark[], mark: Mark): readonly Mark[] {
  const newestFirst = [mark, ...marks].sort(([a], [b]) => b - a)
  const oldest = newestFirst[MAX_EXCEPTIONS]
  return oldest === undefined ? newestFirst : [...newestFirst.slice(0, MAX_EXCEPTIONS), [oldest[0]]]
}

/**
 * Whether one of these marks ends a session of this handle whose user authenticated at this time.
 * The same millisecond counts as before the mark. Without a handle no exception applies.
 */
export function isRevoked(marks: readonly Mark[], authenticatedAt: number, handle: string | undefined): boolean {
  return marks.some(([at, except]) => authenticatedAt <= at && (handle === undefined || except !== handle))
}

type MarksEngine = Pick<Engine, 'store' | 'now' | 'randomText' | 'realm' | 'capabilities' | 'lifetime' | 'profile'>

/** The marks of a manager; `undefined` if its store cannot keep them. */
export function marksOf(engine: MarksEngine, store: MarksContext['store'] = engine.store): Marks | undefined {
  const { now, randomText, realm } = engine
  return findsUsers(engine.capabilities) ? new Marks({ store, now, randomText, realm, keptFor: markLifetime(engine) }) : undefined
}

/**
 * How long a mark is kept, in milliseconds. A session under a given id may be older than
 * `absolute`, because it was carried over from another store.
 */
function markLifetime({ lifetime, profile }: Pick<Engine, 'lifetime' | 'profile'>): number {
  return profile.hasGivenIds === true ? Math.max(lifetime.absolute, 400 * DAY) : lifetime.absolute
}

/**
 * The rows that say which users were revoked recently. A login that is still running reads them, so
 * that it cannot survive a revocation that did not see its session yet.
 */
export class Marks {
  readonly #context: MarksContext
  readonly #realmKey: string

  constructor(context: MarksContext) {
    this.#context = context
    this.#realmKey = keyOf(context.realm, 'realm', '')
  }

  /** The marks of a user, and those of the realm. */
  async of(userName: string, deadline: number): Promise<readonly Mark[]> {
    const marks = await Promise.all([this.#read(keyOf(this.#context.realm, 'user', userName), deadline), this.ofRealm(deadline)])
    return marks.flat()
  }

  /** The marks of the realm alone. */
  ofRealm(deadline: number): Promise<readonly Mark[]> {
    return this.#read(this.#realmKey, deadline)
  }

  /**
   * Adds a mark of the current time. Rejects with `StoreError`, after which it can be repeated, and
   * with `BusyError` if other revocations of the user were faster until the deadline.
   */
  async add(kind: MarkKind, name: string, except: string | undefined, deadline: number): Promise<void> {
    const { store, now, randomText, realm, keptFor } = this.#context
    const key = keyOf(realm, kind, name)
    for (let tries = 0; ; tries++) {
      const before = await store.load({ key, now: ANY_TIME, fresh: true, deadline })
      const at = now()
      const marks = withMark(before === undefined ? [] : marksIn(before), except === undefined ? [at] : [at, except])
      const entry = tombstone(randomText(VERSION_LENGTH), at, at + keptFor + MINUTE, JSON.stringify(marks))
      const operation = { key, entry, deadline }
      const { ok } = await (before === undefined
        ? store.create(operation)
        : store.replace({ ...operation, expected: before.version, now: ANY_TIME }))
      if (ok) return
      if (monotonic() > deadline) throw new BusyError()
      await backoff(tries)
    }
  }

  async #read(key: string, deadline: number): Promise<readonly Mark[]> {
    const { store, now } = this.#context
    const row = await store.load({ key, now: now(), fresh: true, deadline })
    return row === undefined ? [] : marksIn(row)
  }
}

/** No id leads to a key with a dot. */
function keyOf(realm: string, kind: MarkKind, name: string): string {
  return `mark.${sha256(JSON.stringify([realm, kind, name]))}`
}

/**
 * A row that is not of the right form ends all earlier sessions, which is the safe reading of it.
 */
function marksIn({ payload, createdAt }: Entry): readonly Mark[] {
  try {
    const marks: unknown = JSON.parse(payload)
    if (Array.isArray(marks) && marks.every(isMark)) return marks
  } catch {
    // See above.
  }
  return [[createdAt]]
}

function isMark(value: unknown): value is Mark {
  if (!Array.isArray(value)) return false
  const [at, except] = value as readonly unknown[]
  return typeof at === 'number' && (except === undefined || typeof except === 'string')
}
