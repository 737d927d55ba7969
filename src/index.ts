export type { Codec } from './codecs/codec.ts'
export type { CookieOptions } from './core/cookie-rules.ts'
export type { Expiry } from './core/customs.ts'
export type { Duration } from './core/duration.ts'
export {
  CodecError,
  CommitUnknownError,
  ConfigError,
  ConflictError,
  CookieTooLargeError,
  GoneError,
  HeadersSentError,
  NotLoadedError,
  SessionError,
  type SessionErrorCode,
  StoreError,
  type StoreOperation,
} from './core/errors.ts'
export type { Listener, SessionEvent } from './core/events.ts'
export type { Identity, Ids } from './core/id.ts'
export type { Incoming } from './core/incoming.ts'
export type { SessionOptions } from './core/options.ts'
export type { StandardSchema } from './core/schema.ts'
export type { Session } from './core/session.ts'
export type { Default, SessionData } from './core/session-data.ts'
export { createSessions, type Sessions } from './core/sessions.ts'
export type {
  Capabilities,
  ClearExpiredOptions,
  Entry,
  Guarded,
  ListQuery,
  MigrateOptions,
  Page,
  Patience,
  Progress,
  Refused,
  Served,
  Service,
  Store,
  Version,
  Written,
} from './core/store.ts'
export type { UserSession } from './core/users.ts'
