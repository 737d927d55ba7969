import type { StoreOperation } from './errors.ts'
import { isPromise } from './realms.ts'
import { EVENT } from './tracing.ts'

/** The events of a manager by `type`, with their `reason` and further fields. */
export interface SessionEvents {
  /** The session of a request was read. */
  readonly loaded: { readonly reason: 'found' }
  /**
   * A request has no session, so that its session is new and empty. The cookie (with `transport:
   * 'bearer'`: the token) is missing (`no-cookie`), does not have the form of an id
   * (`malformed-cookie`), occurs several times with different sessions or more than four ids
   * (`two-cookies`), is not used over plain HTTP (`insecure`), does not belong to the path of the
   * request (`outside-path`, see `cookie.path`), or is not used for a request that a page of
   * another origin sent (`cross-site`, see `trustedOrigins`). The store has no such session
   * (`unknown-or-expired`), has it under a newer id (`other-id`), has one that the codec cannot
   * decode (`unreadable`), or one that is larger than four times `maxSize` (`too-large`).
   */
  readonly absent: {
    readonly reason:
      | 'no-cookie'
      | 'malformed-cookie'
      | 'two-cookies'
      | 'insecure'
      | 'outside-path'
      | 'cross-site'
      | 'unknown-or-expired'
      | 'other-id'
      | 'unreadable'
      | 'too-large'
  }
  /** The store failed to read a session. The session throws the error when it is used. */
  readonly 'load-failed': { readonly reason: 'store-error'; readonly operation: StoreOperation }
  /**
   * Operations are no longer sent to the store until it responds again: a probe failed
   * (`store-error`), or no operation got a response for half a second (`timeout`).
   */
  readonly 'store-down': { readonly reason: 'store-error' | 'timeout' }
  /** The store responded again after `store-down`. */
  readonly 'store-up': { readonly reason: 'responded' }
  /** Expired sessions were deleted in the background (option `clearExpired`): `count` of them. */
  readonly cleared: { readonly reason: 'interval'; readonly count: number }
  /** Deleting expired sessions in the background failed. It is repeated after the next interval. */
  readonly 'clear-failed': { readonly reason: 'store-error' }
  /**
   * A request ended without a write: it only read the session (`read-only`), did not use it
   * (`not-used`), left a new session empty (`nothing-to-save`), or its response is a 5xx
   * (`failed-response`, see option `saveOnError`).
   */
  readonly unchanged: { readonly reason: 'read-only' | 'not-used' | 'nothing-to-save' | 'failed-response' }
  /** The expiry of a session that was only read was extended by its idle time. */
  readonly touched: { readonly reason: 'idle' }
  /**
   * The expiry was not extended: another request changed or ended the session
   * (`changed-concurrently`), or the store failed (`store-error`).
   */
  readonly 'touch-refused': { readonly reason: 'changed-concurrently' | 'store-error' }
  /** A new session was stored, by a `login` or another change (`changed`). */
  readonly created: { readonly reason: 'changed' | 'login' }
  /**
   * Changes of a stored session were saved as `version`: a `login`, another change that gave it a
   * new id (`new-id`), a property taken by `claim` (`claimed`), or other changes (`changed`).
   */
  readonly saved: { readonly reason: 'changed' | 'login' | 'new-id' | 'claimed'; readonly version: string }
  /**
   * A login joined the session that a parallel login of the same user had given a new id, such as
   * after a double click on "Log in". For two minutes both ids are valid.
   */
  readonly 'login-joined': { readonly reason: 'same-user' }
  /** The user of a session authenticated again (`reauthenticate`), which gave it a new id. */
  readonly reauthenticated: { readonly reason: 'same-user' }
  /**
   * A session got a new id because of the age of the id that the request presented (`age`, option
   * `cycleId`), or because the application called `cycleId()` (`requested`).
   */
  readonly 'id-cycled': { readonly reason: 'age' | 'requested' }
  /**
   * Of a session with several valid ids, `count` have ended: two minutes after the newest one, when
   * one of them was used (`overlap-over`), or because the session got a new id in another way than
   * by its age (`new-id`).
   */
  readonly 'old-ids-ended': { readonly reason: 'overlap-over' | 'new-id'; readonly count: number }
  /** Changes were applied to a state that another request had saved after this one began. */
  readonly merged: { readonly reason: 'changed-concurrently' }
  /** This request and another one set the same property; the value of the other one is lost. */
  readonly overwritten: { readonly reason: 'set-by-both'; readonly property: string }
  /**
   * A login was refused, or undone before its id was sent, because the sessions of the user were
   * revoked while it ran (`revoked`), or because the user has too many sessions (`limit`).
   */
  readonly 'login-withdrawn': { readonly reason: 'revoked' | 'limit' }
  /**
   * A session was ended by `flush()` or `logout()` (`flush`), by the login of another user
   * (`other-user`), by `revoke` of the manager (`revoked`), by `revokeAll` (`all`), or because its
   * user has too many sessions (`limit`).
   */
  readonly ended: { readonly reason: 'flush' | 'other-user' | 'revoked' | 'limit' | 'all' }
  /**
   * A watch of `sessions.watch` ended, because its session ended or was revoked (`ended`), expired
   * (`expired`), has another id (`new-id`), or another user or none (`other-user`).
   */
  readonly 'watch-ended': { readonly reason: 'ended' | 'expired' | 'new-id' | 'other-user' }
  /**
   * A request with changes found that its session had ended (`ended`) or has another id
   * (`other-id`). `outcome`: the request failed (`error`), its changes were dropped (`discarded`),
   * or its login started a new session (`started-new`).
   */
  readonly 'found-ended': { readonly reason: 'ended' | 'other-id'; readonly outcome: 'error' | 'discarded' | 'started-new' }
  /** A stored property counts as absent: its `schema` refuses it, or the codec cannot parse it. */
  readonly invalid: { readonly reason: 'schema' | 'unreadable'; readonly property: string }
  /**
   * A commit failed. `reason` is the `code` of the error, or `application` when a function of
   * `update` threw.
   */
  readonly 'commit-failed': { readonly reason: string }
  /**
   * The connection of a request closed (`closed`) before its changes were committed: that of a
   * WebSocket, or of a stream with the option `saveOnEnd`. They need `await session.save()`. Or an
   * object of the session was changed in place after the response had started (`headers-sent`).
   */
  readonly uncommitted: { readonly reason: 'closed' | 'headers-sent' }
  /**
   * A response sets the cookie, or with `transport: 'bearer'` the header `Session-Id`: for a new
   * id, or with a `CookieStore` for the data (`new-data`).
   */
  readonly 'cookie-set': { readonly reason: 'new-id' | 'new-data' }
  /**
   * A session was read for the first time after its response had started, which therefore lacks
   * `Vary: Cookie` (`no-vary`).
   */
  readonly 'late-read': { readonly reason: 'no-vary' }
  /**
   * A response deletes the cookie of a session that was flushed (`flush`), or that had ended before
   * (`ended`). The latter only with profiles that do so, such as that of express-session.
   */
  readonly 'cookie-deleted': { readonly reason: 'flush' | 'ended' }
  /**
   * A change was refused, because its cookie cannot be set: over plain HTTP (`insecure`), for a
   * request that `cookie.path` does not cover (`outside-path`), for a request that a page of
   * another origin sent (`cross-site`), outside of a request (`outside`, with a `CookieStore`), in
   * a request without a response that can set it, such as the handshake of a WebSocket
   * (`no-response`), or after the response has started (`headers-sent`); or it would replace that
   * of a session of Django that cannot be read (`unreadable`).
   */
  readonly 'cookie-refused': {
    readonly reason: 'insecure' | 'outside-path' | 'cross-site' | 'outside' | 'no-response' | 'headers-sent' | 'unreadable'
  }
  /**
   * An operator changed something with `sojourn/admin` or the command line: ended one session
   * (`revoked`), those of a user (`user-revoked`) or many (`all-revoked`), removed a property
   * (`property-deleted`), or deleted expired sessions (`expired-cleared`). `count` is the number of
   * sessions that were changed. With the outcome `failed`, the change was interrupted by an error
   * and may have been applied to further sessions.
   */
  readonly audit: {
    readonly reason: 'revoked' | 'user-revoked' | 'all-revoked' | 'property-deleted' | 'expired-cleared'
    /** The name that was passed to `createAdmin`. */
    readonly operator: string
    readonly outcome: 'done' | 'failed'
    readonly count: number
    /** The property that was deleted. */
    readonly property?: string
    /** The user whose sessions were ended. */
    readonly userId?: string
  }
}

/**
 * A decision of a manager. An event contains names of properties, but never an id, a cookie or a
 * value, so that it can be logged. Every `type` is described in `SessionEvents`, with its `reason`.
 *
 * ```ts
 * const sessions = createSessions({
 *   store,
 *   onEvent(event) {
 *     if (event.type === 'overwritten') console.warn(`${event.property} was set by two requests`)
 *   },
 * })
 * ```
 */
export type SessionEvent = {
  [Type in keyof SessionEvents]: {
    readonly type: Type
    /** The `handle` of the session that the event is about. */
    readonly handle?: string
  } & SessionEvents[Type]
}[keyof SessionEvents]

/**
 * Receives events. An error that it throws or rejects with is printed on the console and otherwise
 * ignored, so that a listener cannot keep a session from ending.
 */
export type Listener = (event: SessionEvent) => void

function report(error: unknown): void {
  console.error('sojourn: the function of option `onEvent` threw an error; the session is not affected', error)
}

/** A message of the channel `sojourn.event`. */
export interface PublishedEvent {
  /** The manager: its option `as`, by default `'session'`. */
  readonly manager: string
  /** What the option `onEvent` is called with. */
  readonly event: SessionEvent
}

/**
 * Returns the function through which a manager reports its events: to the channel `sojourn.event`
 * and to the listener. It never throws.
 */
export function eventReporter(manager: string, listener: Listener = () => undefined): Listener {
  return function emit(event) {
    if (EVENT.hasSubscribers) EVENT.publish({ manager, event } satisfies PublishedEvent)
    try {
      const result: unknown = listener(event)
      if (isPromise(result)) result.then(undefined, report)
    } catch (error) {
      report(error)
    }
  }
}
