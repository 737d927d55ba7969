import type { Refusal } from '../base/access.ts'
import type { Duration } from '../base/duration.ts'
import type { RandomText } from '../base/random.ts'
import type { Issue, Transport } from '../cookie/transport.ts'
import type { Ids } from '../store/id.ts'
import type { Entry } from '../store/store.ts'
import type { SessionOptions } from './options.ts'

/** The lifetimes of sessions without an expiry of `setExpiry`, in milliseconds. */
export interface Lifetime {
  readonly idle: number
  readonly absolute: number
  readonly browserSession: boolean
  /** Sessions that started, or whose user logged in, at or before this time are over. */
  readonly revokedBefore?: number | undefined
  /** How old an id may be before the next response replaces it. `undefined`: any age. */
  readonly maxIdAge?: number | undefined
}

/** Parses the text of one property; a codec's `parse`. */
export type Parse = (text: string) => unknown

/** The properties of a session as the codec splits them: text by name. */
export type Texts = ReadonlyMap<string, string>

/** The parts of the manager that the rules of a profile use. */
export interface RuleContext {
  readonly profile: SessionProfile
  readonly lifetime: Lifetime
  readonly parse: Parse
}

/** What replaying changes uses in addition. */
export interface MergeContext extends RuleContext {
  /** Prints a value that this package stores; a codec's `print`. */
  readonly print: (value: unknown) => string
}

/**
 * The argument of `setExpiry`: a sliding idle time, a fixed date, `'browser'` (until the browser is
 * closed), or `undefined` for the defaults.
 */
export type Expiry = Duration | Date | 'browser' | undefined

/** What a commit did to the session of a request. */
export interface CommitOutcome {
  /**
   * The session was stored under a new id (`created`, `new-id`), written under the id that the
   * client has (`written`), extended (`touched`), or stayed as it was (`unchanged`); or it ended:
   * by this commit, or before it, which dropped its changes (`ended`).
   */
  readonly change: 'created' | 'new-id' | 'written' | 'touched' | 'unchanged' | 'ended'
  /**
   * Whether this commit proved that the id is current: by a compare-and-swap or a touch. A token
   * that is issued without the proof can replace a newer one in the browser.
   */
  readonly isCurrent: boolean
  /** `undefined` if the session ended. */
  readonly entry: Entry | undefined
  readonly now: number
  /** The properties of the entry. A function, because most writes do not need them parsed. */
  readonly texts: () => Texts
}

/** The names of properties that have a meaning for the session. */
export interface PropertyNames {
  /** The property with the id of the user. */
  readonly user: string
  /**
   * The property with the user who was last removed from the session, whose data a login of another
   * user drops. Omitted if the data stays.
   */
  readonly lastUser?: string
  /**
   * Whether a name is reserved, so that the property is neither shown nor writable. `true` for
   * `lastUser`, and for every name for which `isInternal` of `base/reserved.ts` returns `true`.
   */
  isReserved(name: string): boolean
}

/**
 * The property names, lifetimes and ids of sessions, and the rules when a token is issued. The
 * profile of this package is `ownProfile`. Tables of another framework have a profile with its
 * names and rules. Every function is pure.
 */
export interface SessionProfile {
  readonly names: PropertyNames
  /**
   * The reason why `login(userId)` cannot be used, and the remedy; `undefined` if it can be used.
   */
  readonly loginRemedy?: string
  /** The lifetimes of checked options. */
  lifetime(options: SessionOptions): Lifetime
  transport(options: SessionOptions): Transport
  /** The scope of the cookie: ids of one scope are not valid in another. */
  scope(options: SessionOptions): string
  ids(randomText: RandomText, scope: string): Ids
  /**
   * Whether a session may be created under an id that was not generated for it. Requires
   * `tombstoneUntil`, and a transport that verifies tokens: a flush leaves a row for any id.
   */
  readonly hasGivenIds?: boolean
  /**
   * Until when the row of a session that ended at `now` stays as a tombstone, so that neither a
   * repeated write nor a copy in another store revives it. Omitted if the row is deleted, which
   * suffices for ids that are used once.
   */
  tombstoneUntil?(now: number): number
  /** Whether the token is issued until the browser is closed. */
  endsWithBrowser(texts: Texts, context: RuleContext): boolean
  /**
   * When a stored session ends. Never after the expiry of the entry; earlier if the options became
   * stricter.
   */
  endOf(entry: Entry, texts: Texts, context: RuleContext): number
  /** When a session that is used at `now` expires. */
  expiryOf(texts: Texts, createdAt: number, now: number, context: RuleContext): number
  /**
   * The new expiry of an entry after a request without changes; `undefined` if it stays. Never
   * earlier than the stored one. `accessed`: the request read its session.
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
   * Maps every spelling of a user id to the same text, by which ids are compared. Omitted if ids
   * have one spelling.
   */
  normalizeUserId?(id: string): string
  /** Whether `session.save()` writes a session that has no changes. */
  readonly savesUnchanged?: boolean
  /**
   * The refusal of changes if the stored session cannot be read. If omitted, a new session replaces
   * it.
   */
  readonly unreadable?: Refusal
  /**
   * Called after every commit of a session that was read. Returns how to issue its token, `'clear'`
   * to delete the token of the client, or `undefined` if the client keeps the token that it has.
   */
  issues(outcome: CommitOutcome, context: RuleContext): Issue | 'clear' | undefined
}
