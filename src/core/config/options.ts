import type { Codec } from '../../codecs/codec.ts'
import type { Duration } from '../base/duration.ts'
import type { Listener } from '../base/events.ts'
import type { Random } from '../base/random.ts'
import type { CookieOptions } from '../cookie/cookie-transport.ts'
import type { IncomingRequest } from '../cookie/incoming-request.ts'
import type { Channel } from '../store/channel.ts'
import type { Store } from '../store/store.ts'
import type { DataOf, Default, PropertyClasses, Schemas } from '../values/session-data.ts'

/**
 * Options of `createSessions`. Every option but `store` has a safe default. A wrong value is a
 * `ConfigError` that names the option.
 */
export interface SessionOptions {
  /** The store that keeps the sessions. */
  readonly store: Store
  /** The attributes of the cookie. */
  readonly cookie?: CookieOptions
  /**
   * How clients send their id: in a cookie (`'cookie'`, default), or in the header
   * `Authorization: Bearer <id>` (`'bearer'`), for clients that are no browsers. A response gives
   * them a new id in the header `Session-Id`, which is empty if the session has ended. The users are
   * those of the default cookie; set `realm` to share them with another one, or to separate them.
   */
  readonly transport?: 'cookie' | 'bearer'
  /**
   * How long a session lives without being used. Every use starts the time again. Default `'14d'`.
   */
  readonly idle?: Duration
  /**
   * The maximum life of a session, from its start or its last login. Default `'30d'`, at most
   * `'400d'`.
   */
  readonly absolute?: Duration
  /**
   * Whether cookies end with the browser, unless a session decides otherwise with `setExpiry`.
   * Default `false`.
   */
  readonly browserSession?: boolean
  /** Whether changes are saved when the response is a 5xx. Default `false`. */
  readonly saveOnError?: boolean
  /**
   * Whether changes are also saved that are made after a response has started, while its body is
   * streamed. The response then ends after their commit, or is cut off if that fails. Changes that
   * need a new cookie are refused: the first write of a new session, `login()` and `cycleId()`.
   * Default `false`: after the start the session can only be read.
   */
  readonly saveOnEnd?: boolean
  /** Whether a session is read only when `await session.load()` is called. Default `false`. */
  readonly lazy?: boolean
  /**
   * The outcome of the changes of a request whose session ended while the request was running:
   * `'error'` (default) rejects its commit with a `SessionEndedError` (409); `'discard'` drops them
   * and only emits an event.
   */
  readonly whenEnded?: 'error' | 'discard'
  /** The maximum size of a session, in bytes. Default 1 MiB. */
  readonly maxSize?: number
  /**
   * The maximum time of one store operation (default `'2s'`), and of all of one commit together
   * (default `'5s'`).
   */
  readonly timeout?: { readonly operation?: Duration; readonly request?: Duration }
  /**
   * The approximate interval at which expired sessions are deleted in the background, from `'1m'`
   * to `'7d'`; `false` to call `sessions.clearExpired()` instead. Default: `'1h'` where the store
   * does not expire sessions by itself, and never on Workers, where no timer outlives a request.
   * Several processes may do so concurrently. It ends with `close()` and does not keep the process
   * alive.
   */
  readonly clearExpired?: Duration | false
  /**
   * Converts properties to text. Default: JSON, one property per line, with support for Date, Map,
   * Set and more.
   */
  readonly codec?: Codec
  /**
   * One Standard Schema for each property that is to be checked. The types of the properties are
   * taken from it.
   */
  readonly schema?: Schemas
  /**
   * Which properties are secret, and which the client may see. The names are those of
   * `SessionData`, or of the option `schema`.
   *
   * ```ts
   * const sessions = createSessions({ store, properties: { otp: { secret: true }, theme: { client: true } } })
   * ```
   */
  readonly properties?: PropertyClasses<Default>
  /**
   * Managers of one realm share their users: `users.list` and `users.revoke` cover the sessions of
   * all of them. Default: one realm per cookie, and with `transport: 'bearer'` that of the default
   * cookie.
   */
  readonly realm?: string
  /**
   * The maximum number of sessions of one user, on all devices. A login beyond it ends the oldest
   * of them; parallel logins may be refused with `SessionEndedError` (reason `limit`). Needs a
   * store that finds sessions by user. Default: no limit.
   */
  readonly maxPerUser?: number
  /**
   * Informs the other processes which sessions have ended, so that `sessions.watch` learns of it at
   * once in all of them: `redisChannel(…)` or `postgresChannel(…)` of `sojourn/channels`. Without
   * it, watches learn of it at their next check.
   */
  readonly channel?: Channel
  /**
   * Ends all sessions that started at or before this time, also those of visitors who are not
   * logged in: `new Date('2026-11-30T12:00Z')`. It is checked whenever a session is read, so it
   * holds as soon as every process has the option, however many sessions there are. A login after
   * this time starts the session again. Not in the future.
   */
  readonly revokedBefore?: Date
  /**
   * How old an id may be: the response to a later request replaces it, so that a leaked id is of use
   * for a limited time. The id before stays valid until the new one is two minutes old and one of
   * both is used. At least `'5m'`. Needs a store that keeps its sessions under constant keys, so not
   * a `CookieStore`. Default: an id is replaced by `login`, `reauthenticate` and `cycleId` only.
   */
  readonly cycleId?: Duration
  /**
   * Other origins whose pages may send requests that use the session, such as
   * `['https://www.shop.test']`. A request that changes something (every method but GET, HEAD,
   * OPTIONS and TRACE, and a WebSocket) and that a page of another origin sent has no session and
   * cannot start one: a change throws `CsrfError`. `'any'` turns the check off. Default: none.
   */
  readonly trustedOrigins?: readonly string[] | 'any'
  /**
   * Whether a request counts as activity of the visitor. A request for which it returns `false`
   * does not extend its session: `(request) => request.path !== '/alive'`. Default: every request
   * that reads its session counts.
   */
  readonly touch?: (request: IncomingRequest) => boolean
  /** The property under which adapters put the session on the request. Default `'session'`. */
  readonly as?: string
  /** Called with an event for every decision. */
  readonly onEvent?: Listener
  /** Returns the current time in epoch milliseconds. For tests. */
  readonly clock?: () => number
  /** Returns this many bytes from a cryptographically secure generator. For tests. */
  readonly random?: Random
}

/** The options of a manager whose sessions have the data `Data`, or that of their `schema`. */
export type OptionsOf<Data, S extends Schemas> = Omit<SessionOptions, 'schema' | 'properties'> & {
  readonly schema?: S
  readonly properties?: PropertyClasses<DataOf<Data, S>>
}
