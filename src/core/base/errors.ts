import { ONE_COPY, shareClass } from './copies.ts'
import type { Duration } from './duration.ts'
import { formatValue } from './format.ts'
import { messageOf } from './realms.ts'

/** The `code` of every error of this package, for `switch (error.code)`. */
export type SessionErrorCode =
  /** `ConfigError` */
  | 'ERR_SESSION_CONFIG'
  /** `StoreError` */
  | 'ERR_SESSION_STORE'
  /** `CodecError`: a value cannot be stored. */
  | 'ERR_SESSION_CODEC'
  /** `CodecError`: the session is larger than the option `maxSize`. */
  | 'ERR_SESSION_TOO_LARGE'
  /** `BusyError` */
  | 'ERR_SESSION_BUSY'
  /** `SessionEndedError` */
  | 'ERR_SESSION_ENDED'
  /** `CommitUnknownError` */
  | 'ERR_SESSION_COMMIT_UNKNOWN'
  /** `CookieTooLargeError` */
  | 'ERR_SESSION_COOKIE_TOO_LARGE'
  /** `HeadersSentError` */
  | 'ERR_SESSION_HEADERS_SENT'
  /** `NotLoadedError` */
  | 'ERR_SESSION_NOT_LOADED'
  /** `LoginRequiredError` */
  | 'ERR_SESSION_LOGIN_REQUIRED'
  /** `StepUpRequiredError` */
  | 'ERR_SESSION_STEP_UP_REQUIRED'
  /** `CsrfError` */
  | 'ERR_SESSION_CSRF'

/**
 * The base class of every error of this package.
 *
 * A cookie that is missing, malformed, forged, unknown, expired or revoked is not an error: the
 * session is then new and empty.
 */
export abstract class SessionError extends Error {
  /** Identifies the kind of error. Does not change between versions. */
  abstract readonly code: SessionErrorCode
  /** The HTTP status of an error page for this error. Default 500. */
  readonly status: number = 500

  /** The same as `status`, for frameworks that read this name. */
  get statusCode(): number {
    return this.status
  }

  /**
   * Whether the message may be shown to the visitor: `false` from status 500 on. Frameworks that
   * know the errors of `http-errors` read this name.
   */
  get expose(): boolean {
    return this.status < 500
  }
}

/**
 * The application is set up or calls a session incorrectly: a wrong option, a missing middleware, a
 * cookie that cannot be set, an assignment to a session, a callback. The message says what to
 * change.
 */
export class ConfigError extends SessionError {
  /** Always `ERR_SESSION_CONFIG`. */
  readonly code = 'ERR_SESSION_CONFIG'
  /** Always `ConfigError`. */
  override readonly name = 'ConfigError'
}

/** The operation of the store that failed. */
export type StoreOperation =
  | 'open'
  | 'load'
  | 'create'
  | 'replace'
  | 'touch'
  | 'delete'
  | 'deleteByIndex'
  | 'list'
  | 'clearExpired'
  | 'countExpired'
  | 'migrate'
  | 'describe'

/** Facts about a failure of the store. */
export interface StoreErrorOptions {
  /** See `StoreError.applied`. */
  readonly applied?: false
  /** Replaces the message that is made of the operation and the cause. */
  readonly message?: string
  /** See `StoreError.remedy`. The message ends with it. */
  readonly remedy?: string | undefined
}

/**
 * The store failed or did not respond in time. The error of the store is the `cause`. A missing
 * session is not an error.
 */
export class StoreError extends SessionError {
  /** Always `ERR_SESSION_STORE`. */
  readonly code = 'ERR_SESSION_STORE'
  /** Always `StoreError`. */
  override readonly name = 'StoreError'
  /** Always 503. */
  override readonly status = 503
  /** The operation that failed. */
  readonly operation: StoreOperation
  /** `false` when the operation had no effect and never will; `undefined` when that is unknown. */
  readonly applied: false | undefined
  /**
   * The necessary change, when the store is set up incorrectly: a missing table, a wrong password,
   * a client that is not connected. The operation had no effect, and waiting does not help, so the
   * store does not count as down. `undefined` for every other failure.
   */
  readonly remedy: string | undefined

  constructor(operation: StoreOperation, cause: unknown, { applied, message, remedy }: StoreErrorOptions = {}) {
    super(message ?? storeMessage(operation, cause, remedy), { cause })
    this.operation = operation
    this.applied = remedy === undefined ? applied : false
    this.remedy = remedy
  }
}

function storeMessage(operation: StoreOperation, cause: unknown, remedy: string | undefined): string {
  const failure = `The session store failed to ${operation}: ${reasonOf(cause)}`
  return remedy === undefined ? failure : `${failure.replace(/\.$/, '')}. ${remedy}`
}

/**
 * The message of an error. An `AggregateError` without a message, such as that of a connection
 * refused by every address of a host, has the messages of its errors.
 */
function reasonOf(cause: unknown): string {
  const { message, errors } = Object(cause) as { readonly message?: unknown; readonly errors?: unknown }
  if (message === '' && Array.isArray(errors)) return errors.map(reasonOf).join('; ')
  return messageOf(cause)
}

/**
 * A value cannot be stored, or the session is larger than the option `maxSize` (code
 * `ERR_SESSION_TOO_LARGE`).
 */
export class CodecError extends SessionError {
  /** `ERR_SESSION_TOO_LARGE` when the session is too large, otherwise `ERR_SESSION_CODEC`. */
  readonly code: 'ERR_SESSION_CODEC' | 'ERR_SESSION_TOO_LARGE'
  /** Always `CodecError`. */
  override readonly name = 'CodecError'
  /** The property that cannot be stored, or the largest one of a session that is too large. */
  readonly property: string

  constructor(property: string, message: string, options: ErrorOptions & { readonly code?: 'ERR_SESSION_TOO_LARGE' } = {}) {
    super(message, options)
    this.property = property
    this.code = options.code ?? 'ERR_SESSION_CODEC'
  }
}

/**
 * Other requests kept changing the session until the deadline. Nothing was saved; the request can
 * be repeated.
 */
export class BusyError extends SessionError {
  /** Always `ERR_SESSION_BUSY`. */
  readonly code = 'ERR_SESSION_BUSY'
  /** Always 503. */
  override readonly status = 503
  /** Always `BusyError`. */
  override readonly name = 'BusyError'

  constructor() {
    super(
      'Other requests changed the session until the deadline (option `timeout.request`). Nothing was saved; the request can be repeated.',
    )
  }
}

type EndedReason = 'ended' | 'other-id' | 'revoked' | 'limit'

const REPEAT = 'Its changes are lost; repeat the request with the current cookie.'
const ENDED_MESSAGES: Readonly<Record<EndedReason, string>> = {
  ended: `The session ended (flushed, revoked or expired) while this request was running. ${REPEAT}`,
  'other-id': `The id of the session was renewed while this request was running. ${REPEAT}`,
  revoked:
    'The login was refused, because the sessions of this user were revoked after the user had authenticated. Let the user log in again. To end the other sessions in the request of a login, call login(userId, { revokeOthers: true }) and not users.revoke.',
  limit:
    'The login was refused, because parallel logins of this user have reached the limit of sessions (option `maxPerUser`). Let the user log in again, which ends the oldest session.',
}

/**
 * The session ended while this request was running. Its changes are lost, unless the option
 * `whenEnded` is `'discard'`, which reports them with an event in place of this error.
 */
export class SessionEndedError extends SessionError {
  /** Always `ERR_SESSION_ENDED`. */
  readonly code = 'ERR_SESSION_ENDED'
  /** Always 409. */
  override readonly status = 409
  /** Always `SessionEndedError`. */
  override readonly name = 'SessionEndedError'
  /**
   * `ended`: the session was flushed, was revoked or expired. `other-id`: its id was renewed.
   * `revoked`: the sessions of the user were ended after the user had authenticated, so the login
   * was refused. `limit`: newer logins of the user have reached the limit `maxPerUser`.
   */
  readonly reason: EndedReason

  constructor(reason: EndedReason) {
    super(ENDED_MESSAGES[reason])
    this.reason = reason
  }
}

/**
 * The store did not report in time whether the changes were saved, and reading the session did not
 * show it either. The changes were applied once or not at all.
 */
export class CommitUnknownError extends SessionError {
  /** Always `ERR_SESSION_COMMIT_UNKNOWN`. */
  readonly code = 'ERR_SESSION_COMMIT_UNKNOWN'
  /** Always 503. */
  override readonly status = 503
  /** Always `CommitUnknownError`. */
  override readonly name = 'CommitUnknownError'

  constructor(cause?: unknown) {
    super(
      'The session store did not report in time whether the changes were saved (option `timeout.request`). They were applied once or not at all; read the session again before repeating the request.',
      cause === undefined ? {} : { cause },
    )
  }
}

/**
 * A session of a `CookieStore` does not fit in its cookie. Nothing was saved, and the browser keeps
 * the cookie it has.
 */
export class CookieTooLargeError extends SessionError {
  /** Always `ERR_SESSION_COOKIE_TOO_LARGE`. */
  readonly code = 'ERR_SESSION_COOKIE_TOO_LARGE'
  /** Always `CookieTooLargeError`. */
  override readonly name = 'CookieTooLargeError'
  /** The size of the sealed session, in bytes. */
  readonly size: number
  /** The largest size that the store accepts, in bytes. */
  readonly limit: number
  /** The largest property of the session. */
  readonly property: string | undefined

  constructor(size: number, limit: number, property?: string) {
    const largest = property === undefined ? '' : ` Its largest property is "${property}".`
    super(
      `The sealed session has ${size} bytes; the option \`maxSize\` of the CookieStore allows ${limit}.${largest} Store large values in a database and keep only their keys in the session.`,
    )
    this.size = size
    this.limit = limit
    this.property = property
  }
}

/**
 * The response has started, so the session is committed and can only be read. In a long stream,
 * open the session with `sessions.load(id)` and call `save()`.
 */
export class HeadersSentError extends SessionError {
  /** Always `ERR_SESSION_HEADERS_SENT`. */
  readonly code = 'ERR_SESSION_HEADERS_SENT'
  /** Always `HeadersSentError`. */
  override readonly name = 'HeadersSentError'
}

/** With the option `lazy`, the session was used before `await session.load()`. */
export class NotLoadedError extends SessionError {
  /** Always `ERR_SESSION_NOT_LOADED`. */
  readonly code = 'ERR_SESSION_NOT_LOADED'
  /** Always `NotLoadedError`. */
  override readonly name = 'NotLoadedError'
}

/** Header fields that frameworks add to the response for an error. */
export interface ErrorHeaders {
  /** How the client has to authenticate (RFC 6750, RFC 9470). */
  readonly 'WWW-Authenticate': string
}

/** `requireUser` or `reauthenticate` found no logged-in user. */
export class LoginRequiredError extends SessionError {
  /** Always `ERR_SESSION_LOGIN_REQUIRED`. */
  readonly code = 'ERR_SESSION_LOGIN_REQUIRED'
  /** Always `LoginRequiredError`. */
  override readonly name = 'LoginRequiredError'
  /** Always 401. */
  override readonly status = 401
  /** With `transport: 'bearer'`: the header `WWW-Authenticate` of the response. */
  declare readonly headers?: ErrorHeaders

  /** `challenge` is the value of `WWW-Authenticate`. */
  constructor(challenge?: string) {
    super('A login is required.')
    if (challenge !== undefined) this.headers = { 'WWW-Authenticate': challenge }
  }
}

/**
 * The user is logged in, and has to authenticate again or with a stronger method before this
 * request is served: see `requireUser`.
 */
export class StepUpRequiredError extends SessionError {
  /** Always `ERR_SESSION_STEP_UP_REQUIRED`. */
  readonly code = 'ERR_SESSION_STEP_UP_REQUIRED'
  /** Always `StepUpRequiredError`. */
  override readonly name = 'StepUpRequiredError'
  /** 403, or 401 with `transport: 'bearer'`. */
  override readonly status: 401 | 403
  /** With `transport: 'bearer'`: the header `WWW-Authenticate` of the response. */
  declare readonly headers?: ErrorHeaders
  /** The time within which the user must have authenticated, if that was required. */
  readonly within: Duration | undefined
  /** The level that is required. */
  readonly level: number

  /** `challenge` is the value of `WWW-Authenticate`. */
  constructor(within: Duration | undefined, level: number, challenge?: string) {
    super('Authenticate again to continue.')
    this.status = challenge === undefined ? 403 : 401
    if (challenge !== undefined) this.headers = { 'WWW-Authenticate': challenge }
    this.within = within
    this.level = level
  }
}

/**
 * The session was not used, because a page of another origin sent the request (see the option
 * `trustedOrigins`), or because its token is not that of the session (`verifyCsrfToken`).
 */
export class CsrfError extends SessionError {
  /** Always `ERR_SESSION_CSRF`. */
  readonly code = 'ERR_SESSION_CSRF'
  /** Always `CsrfError`. */
  override readonly name = 'CsrfError'
  /** Always 403. */
  override readonly status = 403
  /** The header `Origin`, if the request was refused because of it. */
  readonly origin: string | undefined

  constructor(origin: string | undefined, message: string = originMessage(origin)) {
    super(message)
    this.origin = origin
  }
}

function originMessage(origin: string | undefined): string {
  const page = origin === undefined ? 'A page of another origin' : `A page of ${formatValue(origin)}`
  return `${page} sent this request, so it can neither use the session nor start one. If that origin may do so, name it in the option \`trustedOrigins\`.`
}

// An error of another copy of this package is an instance too.
const CLASSES = {
  SessionError,
  ConfigError,
  StoreError,
  CodecError,
  BusyError,
  SessionEndedError,
  CommitUnknownError,
  CookieTooLargeError,
  HeadersSentError,
  NotLoadedError,
  LoginRequiredError,
  StepUpRequiredError,
  CsrfError,
}
for (const [name, shared] of Object.entries(CLASSES)) shareClass(shared, name)

/** The error for a manager or a session that another copy of this package made. */
export function otherCopyError(object: string): ConfigError {
  return new ConfigError(`${object} was made by another copy of sojourn. ${ONE_COPY}.`)
}
