import { ConfigError } from '../../core/base/errors.ts'
import type { SessionOptions } from '../../core/config/options.ts'
import type { IncomingRequest } from '../../core/cookie/incoming-request.ts'
import type { Exchange, SessionAdapter } from '../../core/manager/adapter-port.ts'
import { createSessions, isSessions } from '../../core/manager/sessions.ts'
import type { DataOf, Given, Schemas, Session, Sessions } from './types.ts'

export { adapterOf } from '../../core/manager/sessions.ts'

/** The manager that was given, or a new one with these options. */
export function managerOf<Data, S extends Schemas = Schemas>(given: Given<Data, S>): Sessions<DataOf<Data, S>> {
  return (isSessions(given) ? given : createSessions(given as SessionOptions)) as Sessions<DataOf<Data, S>>
}

/**
 * Throws `ConfigError` when the handler is missing, so that the error does not appear at the first
 * request.
 */
export function checkHandler(handler: unknown): void {
  if (typeof handler !== 'function')
    throw new ConfigError('withSession(options, handler): pass a function that handles the request as the second argument.')
}

/**
 * Opens and binds the session of a request; `undefined` when this manager is installed twice and
 * has done so already.
 */
export async function openOnce<Data>(
  adapter: SessionAdapter<Data>,
  target: object,
  request: Request | IncomingRequest,
): Promise<Exchange<Data> | undefined> {
  if (adapter.boundTo(target) !== undefined) return undefined
  const exchange = await adapter.open(request)
  adapter.bind(target, exchange.session)
  return exchange
}

/**
 * Defines the session as a property of the request or context, which messages call `as`. The
 * property is read-only, because assigning `null` to it would not log anyone out. Throws
 * `ConfigError` when the property is taken. Does nothing when the session is exposed already.
 */
export function expose<Data>(name: string, target: object, as: 'req' | 'ctx', session: Session<Data>): void {
  const existing: unknown = name in target ? Reflect.get(target, name) : undefined
  checkUnused(`${as}.${name}`, existing, session)
  if (existing !== session) Object.defineProperty(target, name, { value: session, enumerable: true, configurable: true, writable: false })
}

/** Throws `ConfigError` when a property has a value other than the session of this manager. */
export function checkUnused(property: string, existing: unknown, session: unknown): void {
  if (existing === undefined || existing === session) return
  throw new ConfigError(`${property} exists already. Give this manager another name: session({ as: 'adminSession', … }).`)
}
