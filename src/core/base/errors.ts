/** The `code` of every error of this package, for `switch (error.code)`. */
export type SessionErrorCode =
  | 'ERR_SESSION_CONFIG'
  | 'ERR_SESSION_STORE'
  | 'ERR_SESSION_CODEC'
  | 'ERR_SESSION_TOO_LARGE'
  | 'ERR_SESSION_BUSY'
  | 'ERR_SESSION_ENDED'
  | 'ERR_SESSION_COMMIT_UNKNOWN'
  | 'ERR_SESSION_COOKIE_TOO_LARGE'
  | 'ERR_SESSION_HEADERS_SENT'
  | 'ERR_SESSION_NOT_LOADED'

/**
 * Base of every error of this package. `code` is stable and `status` is the HTTP status an error page should have; frameworks that
 * look for `status` or `statusCode` find both.
 *
 * No cookie, a malformed, forged, unknown, expired or revoked one is not an error: it is a new, empty session.
 */
export abstract class SessionError extends Error {
  abstract readonly code: SessionErrorCode
  readonly status: number = 500

  get statusCode(): number {
    return this.status
  }
}

/** The application is set up wrongly: an option, a missing middleware, a cookie that could not be set. The message names the remedy. */
export class ConfigError extends SessionError {
  readonly code = 'ERR_SESSION_CONFIG'
  override readonly name = 'ConfigError'
}

/** What the store was asked to do when it failed. */
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

/** The store failed or did not answer in time; its own error is the `cause`. Never means that there is no session. */
export class StoreError extends SessionError {
  readonly code = 'ERR_SESSION_STORE'
  override readonly name = 'StoreError'
  override readonly status = 503
  readonly operation: StoreOperation
  /** `false` when the operation surely had no effect and never will; `undefined` when that is not known. */
  readonly applied: false | undefined

  constructor(operation: StoreOperation, cause: unknown, options: { readonly applied?: false; readonly message?: string } = {}) {
    super(options.message ?? `The session store failed to ${operation}: ${reasonOf(cause)}`, {
      cause,
    })
    this.operation = operation
    this.applied = options.applied
  }
}

/** What an error says. One of several, such as a connection that every address of a host refused, says nothing by itself. */
function reasonOf(cause: unknown): string {
  if (cause instanceof AggregateError && cause.message === '') return cause.errors.map(reasonOf).join('; ')
  return cause instanceof Error ? cause.message : String(cause)
}

/** A value that cannot be stored, or a session grown over `maxSize` (code `ERR_SESSION_TOO_LARGE`). `property` names the culprit. */
export class CodecError extends SessionError {
  readonly code: 'ERR_SESSION_CODEC' | 'ERR_SESSION_TOO_LARGE'
  override readonly name = 'CodecError'
  readonly property: string

  constructor(property: string, message: string, options: ErrorOptions & { readonly code?: 'ERR_SESSION_TOO_LARGE' } = {}) {
    super(message, options)
    this.property = property
    this.code = options.code ?? 'ERR_SESSION_CODEC'
  }
}

/** Other requests of the same session kept it busy until the deadline. Nothing was saved; the request may be sent again. */
export class BusyError extends SessionError {
  readonly code = 'ERR_SESSION_BUSY'
  override readonly status = 503
  override readonly name = 'BusyError'

  constructor() {
    super(
      'Other requests of this session kept it busy deadline the deadline (option `timeout.request`). Nothing was saved; the request may be sent again.',
    )
  }
}

/**
 * The session ended while this request was at work: flushed, revoked or expired (`reason` is `ended`), or its id was renewed
 * (`other-id`). Its changes are lost.
 */
export class SessionEndedError extends SessionError {
  readonly code = 'ERR_SESSION_ENDED'
  override readonly status = 409
  override readonly name = 'SessionEndedError'
  readonly reason: 'ended' | 'other-id'

  constructor(reason: 'ended' | 'other-id') {
    super(
      reason === 'ended'
        ? 'The session ended (flushed, revoked or expired) while this request was at work; its changes are lost.'
        : 'The id of the session was renewed while this request was at work; its changes are lost, and the browser has the new id.',
    )
    this.reason = reason
  }
}

/** The store did not tell whether the changes were saved, and could not be asked. They were applied once or not at all. */
export class CommitUnknownError extends SessionError {
  readonly code = 'ERR_SESSION_COMMIT_UNKNOWN'
  override readonly status = 503
  override readonly name = 'CommitUnknownError'

  constructor(cause?: unknown) {
    super(
      'The session store did not say in time whether the changes were saved. They were applied once or not at all.',
      cause === undefined ? {} : { cause },
    )
  }
}

/**
 * A session kept in the cookie does not fit in it: sealed it has `size` bytes, where the store takes `limit`. Nothing was saved, and the
 * browser keeps the cookie it has. `property` names the largest one.
 */
export class CookieTooLargeError extends SessionError {
  readonly code = 'ERR_SESSION_COOKIE_TOO_LARGE'
  override readonly name = 'CookieTooLargeError'
  readonly size: number
  readonly limit: number
  readonly property: string | undefined

  constructor(size: number, limit: number, property?: string) {
    const largest = property === undefined ? '' : ` Its largest property is "${property}".`
    super(
      `Sealed for the cookie the session has ${size} bytes; the option \`maxSize\` of the CookieStore allows ${limit}.${largest} Keep large things in a database and their keys here.`,
    )
    this.size = size
    this.limit = limit
    this.property = property
  }
}

/** The response has started: the session is committed and can only be read. For a long stream, open your own with `sessions.load(id)`. */
export class HeadersSentError extends SessionError {
  readonly code = 'ERR_SESSION_HEADERS_SENT'
  override readonly name = 'HeadersSentError'
}

/** With `lazy: true`, state was asked for before `await session.load()`. */
export class NotLoadedError extends SessionError {
  readonly code = 'ERR_SESSION_NOT_LOADED'
  override readonly name = 'NotLoadedError'
}
