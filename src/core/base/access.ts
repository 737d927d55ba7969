import { ConfigError, HeadersSentError, type SessionError } from './errors.ts'
import type { Listener } from './events.ts'

/** The reason why a session cannot be changed. */
export interface Refusal {
  readonly reason: 'insecure' | 'outside-path' | 'cross-site' | 'outside' | 'no-response' | 'headers-sent' | 'unreadable'
  /** The error that a verb throws; its message names the remedy. */
  readonly error: () => SessionError
}

/**
 * The changes that a request may make: all; only those that need no new token at the client
 * (`existing`); or none. A flush is always performed. `afterHead`: the changes that it may make
 * while the body of its response is written; omitted for none.
 */
export type Access =
  | { readonly writes: 'all'; readonly afterHead?: Access }
  | { readonly writes: 'existing' | 'none'; readonly refusal: Refusal }

/** The access of a request, or a function that returns it where it differs between phases. */
export type AccessNow = Access | (() => Access)

export const FULL_ACCESS: Access = { writes: 'all' }

/** The data is in the browser, and only a response can change it there. */
export const OUTSIDE: Access = {
  writes: 'none',
  refusal: {
    reason: 'outside',
    error: () =>
      new ConfigError(
        'This session is stored in the cookie of its browser, so only a request of that browser can change it, before the response starts. Keep the results of jobs and streams in a database. `sessions.revoke(handle)` ends the session if the store has the option `revocation`.',
      ),
  },
}

/** The request has no response that could carry a cookie. */
export const NO_RESPONSE: Access = {
  writes: 'existing',
  refusal: {
    reason: 'no-response',
    error: () =>
      new ConfigError(
        'This request has no response that can set a cookie, such as the handshake of a WebSocket or an internal request of a framework. So no session can start here, and login(), cycleId() and setExpiry() with another kind of cookie cannot be used. Do that in an HTTP request. Other changes of a session that exists are saved by `await session.save()`.',
      ),
  },
}

/** The response has started, so that it cannot carry another cookie. */
const HEADERS_SENT: Access = {
  writes: 'existing',
  refusal: {
    reason: 'headers-sent',
    error: () =>
      new HeadersSentError(
        'The response has started, so it cannot set a cookie. So no session can start here, and login(), cycleId() and setExpiry() with another kind of cookie cannot be used. Do that before the first byte of the response; to start a session for later changes, set one of its properties there. Other changes of a session that exists are saved when the response ends.',
      ),
  },
}

/** Changes that are made after the response has started are committed before it ends. */
export const UNTIL_END: Access = { writes: 'all', afterHead: HEADERS_SENT }

/** Throws the error of the refusal and reports it. */
export function refuse({ reason, error }: Refusal, emit: Listener): never {
  emit({ type: 'cookie-refused', reason })
  throw error()
}

/** Throws when the client cannot be given a new token. */
export function requireToken(access: Access, emit: Listener): void {
  if (access.writes !== 'all') refuse(access.refusal, emit)
}
