import type { Refusal } from '../base/access.ts'
import type { Duration } from '../base/duration.ts'
import type { RandomText } from '../base/random.ts'
import type { Transport } from '../cookie/transport.ts'
import type { Ids } from '../store/id.ts'
import type { Entry } from '../store/store.ts'
import type { SessionOptions } from './options.ts'

/** How long sessions live that do not have an expiry themselves, in milliseconds. */
export interface Lifetime {
  readonly idle: number
  readonly absolute: number
  readonly browserSession: boolean
}

/** Parses the text of one property; a codec's `parse`. */
export type Parse = (text: string) => unknown

/** The properties of a session as the codec splits them: text by name. */
export type Texts = ReadonlyMap<string, string>

/** What the rules of a profile work with. */
export interface RuleContext {
  readonly profile: SessionProfile
  readonly lifetime: Lifetime
  readonly parse: Parse
}

/**
 * What `setExpiry` takes: a sliding idle time, a fixed date, `'browser'` (until the browser is
 * closed), or `undefined` for the defaults.
 */
export type Expiry = Duration | Date | 'browser' | undefined

/** A write that succeeded. */
export interface CommitOutcome {
  readonly change: 'created' | 'new-id' | 'written' | 'touched'
  readonly entry: Entry
  readonly now: number
  /** The properties of the entry. A function, because most writes do not need them parsed. */
  readonly texts: () => Texts
}

/**
 * A token that the client has to get, and for how long: milliseconds, or `undefined` until the
 * browser is closed.
 */
export interface Issue {
  readonly lifetime: number | undefined
}

/**
 * What the stored texts of a session mean: names, lifetimes, ids, and when the client needs a
 * token. The profile of this package is `ownProfile`. Tables that belong to another framework have
 * a profile with that framework's names and rules. Every function is pure.
 */
export interface SessionProfile {
  /** The property with the id of the user. */
  readonly userName: string
  /** Why `login(userId)` cannot be used, and what to call; `undefined` where it can. */
  readonly loginRemedy?: string
  /** The lifetimes of checked options. */
  lifetime(options: SessionOptions): Lifetime
  transport(options: SessionOptions): Transport
  /** Separates the ids of managers with different cookies. */
  scope(options: SessionOptions): string
  ids(randomText: RandomText, scope: string): Ids
  /** Whether the token is issued until the browser is closed. */
  endsWithBrowser(texts: Texts, context: RuleContext): boolean
  /**
   * When a stored session ends. Never after the entry's own expiry; earlier where the options
   * became stricter.
   */
  endOf(entry: Entry, texts: Texts, context: RuleContext): number
  /** When a session that is used at `now` expires. */
  expiryOf(texts: Texts, createdAt: number, now: number, context: RuleContext): number
  /**
   * The expiry to which a request without changes moves an entry; `undefined` when there is no
   * reason to move it. `accessed`: the request read its session. Never earlier than the present
   * one.
   */
  touchOf(entry: Entry, texts: Texts, now: number, context: RuleContext, accessed: boolean): number | undefined
  /**
   * The reserved properties that store an expiry, with their values; `undefined` removes one.
   * Throws `RangeError` for an invalid expiry.
   */
  expiryProperties(expiry: Expiry, createdAt: number, now: number, lifetime: Lifetime): Iterable<readonly [name: string, value: unknown]>
  /**
   * Whether a change of the token's lifetime from `before` to `after` requires a new id. A login
   * and another user always do.
   */
  requiresNewId(before: Texts, after: Texts, context: RuleContext): boolean
  /**
   * Maps every spelling of a user id to the same text, by which ids are compared. Left out where
   * ids have one spelling.
   */
  normalizeUserId?(id: string): string
  /** Whether `session.save()` writes a session that has no changes. */
  readonly savesUnchanged?: boolean
  /**
   * Why no session may be started in place of a stored one that cannot be read. Left out where one
   * may.
   */
  readonly unreadable?: Refusal
  /** The token to issue after a write; `undefined` when the client keeps the one it has. */
  issues(outcome: CommitOutcome, context: RuleContext): Issue | undefined
}
