import type { IncomingRequest } from '../cookie/incoming-request.ts'
import type { Delivery } from '../cookie/transport.ts'
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

/** What an adapter for a framework needs of a manager. */
export interface SessionAdapter<Data> {
  /** The property under which the session is exposed to handlers (option `as`). */
  readonly name: string
  /**
   * Opens the session of a request. Never rejects because of the store: the session throws the
   * error when it is used.
   */
  open(request: Request | IncomingRequest): Promise<Exchange<Data>>
  /**
   * The session of this manager that was bound to the request or context; `undefined` when there is
   * none.
   */
  boundTo(target: object): Session<Data> | undefined
  /**
   * Binds a session to a request or context, for `sessions.of`. Throws `ConfigError` when another
   * manager with the same cookie did so.
   */
  bind(target: object, session: Session<Data>): void
}

/** One request and its session. */
export interface Exchange<Data> {
  readonly session: Session<Data>
  /** The manager's port: identifies the manager where several serve one response. */
  readonly manager: object
  /**
   * Throws the error that loading the session failed with. An error page that uses the session
   * later finds it empty.
   */
  throwLoadError(): void
  /**
   * Commits the session for a response with this status. Rejects as `Sessions.commit`. Repeated
   * calls return the same promise.
   */
  commit(status: number): Promise<Delivery>
  /** What the response has to carry, also after a failed commit. */
  delivery(): Delivery
}
