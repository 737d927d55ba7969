import type { Duration } from '../base/duration.ts'
import type { Entry } from '../store/store.ts'

/** How long sessions live when they do not say so themselves, in milliseconds. */
export interface Lifetime {
  readonly idle: number
  readonly absolute: number
  readonly browserSession: boolean
}

/** Reads one text; a codec's `parse`. */
export type Parse = (text: string) => unknown

/** How what texts say of a session is read. */
export interface RuleContext {
  readonly lifetime: Lifetime
  readonly parse: Parse
  readonly rules: SessionRules
}

/** What `setExpiry` takes: an idle time that slides, an instant, `'browser'` for as long as the browser runs, or the defaults again. */
export type Expiry = Duration | Date | 'browser' | undefined

type Texts = ReadonlyMap<string, string>

/**
 * What the reserved properties are called and mean. Ours are `ownCustoms`; where sessions are another framework's too, it is that one's
 * names and rules that count.
 */
export interface SessionRules {
  /** The property that says who is logged in. */
  readonly user: string
  /** Whether every write sends the cookie again, as its lifetime slides. Otherwise it goes out with a new id only. */
  readonly cookieAtEveryWrite: boolean
  /** Why `login` with nothing but a user id cannot be, and what to call instead. */
  readonly loginRemedy?: string
  /** Whether the cookie of such a session ends with the browser. */
  endsWithBrowser(texts: Texts, reading: RuleContext): boolean
  /** When a session that was used at `now` expires. */
  expiryOf(texts: Texts, createdAt: number, now: number, reading: RuleContext): number
  /** The expiry that a touch gives the entry; `undefined` when there is no call for one: `accessed` tells whether the request looked at its session. Never before the one it has. */
  touchOf(entry: Entry, texts: Texts, now: number, reading: RuleContext, accessed: boolean): number | undefined
  /** How long a cookie that is sent at `now` lives, in milliseconds. */
  cookieLifetime(entry: Entry, now: number, lifetime: Lifetime): number
  /** The reserved properties that say an expiry, with their values; `undefined` removes one. Throws `RangeError` for what cannot be. */
  expiryProperties(expiry: Expiry, createdAt: number, now: number, lifetime: Lifetime): Iterable<readonly [name: string, value: unknown]>
}
