import type { Codec } from '../../codecs/codec.ts'
import type { Duration } from '../base/duration.ts'
import type { Listener } from '../base/events.ts'
import type { Random } from '../base/random.ts'
import type { CookieOptions } from '../cookie/cookie-transport.ts'
import type { Store } from '../store/store.ts'
import type { Schemas } from '../values/session-data.ts'

/** What a manager can be told. Everything but `store` has a safe default; every wrong value is a `ConfigError` that names it. */
export interface SessionOptions {
  /** Where sessions are kept. */
  readonly store: Store
  readonly cookie?: CookieOptions
  /** How long a session lives when nobody uses it; every use starts it again. Default `'14d'`. */
  readonly idle?: Duration
  /** How long a session lives at the most, from its start or its last login. Default `'30d'`, at most `'400d'`. */
  readonly absolute?: Duration
  /** Whether cookies end with the browser where a session does not say otherwise. Default `false`. */
  readonly browserSession?: boolean
  /** Whether changes are saved even when the response is a 5xx. Default `false`. */
  readonly saveOnError?: boolean
  /** Whether a session is read only when `await session.load()` asks for it. Default `false`. */
  readonly lazy?: boolean
  /** What a request that changed something gets when its session ended meanwhile: a `SessionEndedError` (409, default), or nothing but an event. */
  readonly whenEnded?: 'error' | 'discard'
  /** The most bytes of a session. Default 1 MiB. */
  readonly maxSize?: number
  /** How long one store operation (default `'2s'`) and all the store work of one request (default `'5s'`) may take. */
  readonly timeout?: { readonly operation?: Duration; readonly request?: Duration }
  /**
   * How often expired sessions are cleared in the background, about; `'1m'` to `'7d'`. Default: never, see `clearExpired`. Any number of
   * processes may do so at once. It ends with `close()` and keeps no process alive.
   */
  readonly clearExpired?: Duration
  /** How properties become text. Default: JSON, one property a line, with Dates, Maps, Sets and more. */
  readonly codec?: Codec
  /** One Standard Schema for each property that is to be checked; types are taken from it. */
  readonly schema?: Schemas
  /** Under which name adapters put the session on the request. Default `'session'`. */
  readonly as?: string
  /** Takes an event for every decision. */
  readonly onEvent?: Listener
  /** Epoch milliseconds; for tests. */
  readonly clock?: () => number
  /** Bytes from a cryptographically secure generator; for tests. */
  readonly random?: Random
}
