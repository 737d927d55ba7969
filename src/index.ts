export type { Codec } from './codecs/codec.ts'
export type { Duration } from './core/base/duration.ts'
export {
  BusyError,
  CodecError,
  CommitUnknownError,
  ConfigError,
  CookieTooLargeError,
  CsrfError,
  HeadersSentError,
  LoginRequiredError,
  NotLoadedError,
  SessionEndedError,
  SessionError,
  type SessionErrorCode,
  StepUpRequiredError,
  StoreError,
  type StoreErrorOptions,
  type StoreOperation,
} from './core/base/errors.ts'
export type { Listener, SessionEvent, SessionEvents } from './core/base/events.ts'
export type { SessionOptions } from './core/config/options.ts'
export type { Expiry } from './core/config/profile.ts'
export type { CookieJar, JarCookieOptions } from './core/cookie/cookie-jar.ts'
export type { CookieOptions } from './core/cookie/cookie-transport.ts'
export type { IncomingRequest } from './core/cookie/incoming-request.ts'
export type { NodeMessage } from './core/cookie/node-request.ts'
export { createSessions, type Sessions } from './core/manager/sessions.ts'
export type { UserSession } from './core/manager/users.ts'
export type { RevokeAllOptions } from './core/security/revocations.ts'
export type { Authentication, LoginOptions, ReauthenticateOptions, UserRequirement } from './core/session/authentication.ts'
export type { Session } from './core/session/session.ts'
export type { Channel, ChannelHandlers, MessageKind, Subscription } from './core/store/channel.ts'
export type { Identity, Ids } from './core/store/id.ts'
export type {
  AttachedStore,
  Capabilities,
  ClearExpiredOptions,
  CountExpired,
  Create,
  DeleteByIndex,
  Entry,
  GuardedStore,
  IndexName,
  Keyed,
  List,
  Load,
  MigrateOptions,
  Operation,
  Page,
  Progress,
  Refused,
  Replace,
  Store,
  StoreContext,
  StoreDescription,
  Touch,
  Version,
  Written,
} from './core/store/store.ts'
export type { Default, PropertyClass, PropertyClasses, SessionData, StandardSchema } from './core/values/session-data.ts'
export type { WatchEnd, WatchOptions } from './core/watch/watch.ts'
