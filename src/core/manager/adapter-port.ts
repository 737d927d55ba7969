import type { Refusal } from '../base/access.ts'
import type { RequestInput } from '../cookie/to-incoming-request.ts'
import type { Delivery } from '../cookie/transport.ts'
import type { ChangeSource } from '../draft/change-sources.ts'
import type { StartedResponse } from '../draft/started-response.ts'
import type { Session } from '../session/session.ts'

/**
 * Under this property a manager keeps the port for adapters. Adapters and managers of different
 * copies of this package use it together, so a change of the port changes its number.
 */
export const ADAPTER: unique symbol = Symbol.for('sojourn.adapter.1')

/** Whether an object is a manager with another version of the port. */
export function hasOtherPort(value: object): boolean {
  return Object.getOwnPropertySymbols(value).some((symbol) => symbol !== ADAPTER && symbol.description?.startsWith('sojourn.adapter.'))
}

/** The abilities of the response to a request. */
export interface ResponseAbility {
  /**
   * Whether it can give the client a token. Otherwise no session can start, and one that exists
   * keeps its id. Read at every change, because it can differ between the phases of a request.
   */
  readonly issues: boolean
  /** The error of a change that needs a token while `issues` is `false`. */
  readonly refusal?: Refusal
  /**
   * Whether its end can wait for `commitLate`. The session can then be changed until the response
   * ends, except for changes that need a new token. Default `false`.
   */
  readonly late?: boolean
}

/** The methods of a manager that adapters call. */
export interface SessionAdapter<Data> {
  /** The property under which the session is exposed to handlers (option `as`). */
  readonly name: string
  /** Whether changes are saved that are made after a response has started (option `saveOnEnd`). */
  readonly saveOnEnd: boolean
  /** Whether tokens travel in cookies, and not in a header (option `transport`). */
  readonly usesCookies: boolean
  /**
   * Opens the session of a request. Never rejects because of the store: the session throws the
   * error when it is used.
   */
  open(request: RequestInput, response?: ResponseAbility): Promise<Exchange<Data>>
  /**
   * The session of this manager that was bound to the request or context; `undefined` if there is
   * none.
   */
  boundTo(target: object): Session<Data> | undefined
  /**
   * Binds a session to a request or context, for `sessions.of`. Throws `ConfigError` if another
   * manager with the same cookie has bound one.
   */
  bind(target: object, session: Session<Data>): void
}

/** One request and its session. */
export interface Exchange<Data> {
  readonly session: Session<Data>
  /**
   * Adds a source of changes of this session. It is dropped when the session is flushed or left.
   */
  addSource(source: ChangeSource): void
  /**
   * Throws the error of a failed load. An error page that uses the session afterwards finds it
   * empty.
   */
  throwLoadError(): void
  /**
   * Commits the session for a response with this status. Rejects as `Sessions.commit`. Repeated
   * calls return the same promise. `response` lets a later read of the session determine whether it
   * is too late for `Vary`.
   */
  commit(status: number, response?: StartedResponse): Promise<Delivery>
  /**
   * Whether the response has started and its session can still be changed, so that the end of the
   * response has to wait for `commitLate`.
   */
  readonly isLate: boolean
  /**
   * Commits what was changed since the response started; from then on the session can only be read.
   * Rejects as `Sessions.commit`; the response then must not look complete. `undefined` if there is
   * nothing to commit, or if the first commit failed or dropped its changes.
   */
  commitLate(): Promise<void> | undefined
  /**
   * The connection closed before the response ended, or without one. Reports changes that were not
   * committed, once the operations under way are done.
   */
  abandon(): Promise<void>
  /** The cookies and `Vary` of the response, also after a failed commit. */
  delivery(): Delivery
}
