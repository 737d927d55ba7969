import { ConfigError } from '../../core/base/errors.ts'
import type { SessionOptions } from '../../core/config/options.ts'
import type { IncomingRequest } from '../../core/cookie/incoming-request.ts'
import type { Exchange, SessionAdapter } from '../../core/manager/adapter-port.ts'
import { createSessions, isSessions, type Sessions } from '../../core/manager/sessions.ts'
import type { Session } from '../../core/session/session.ts'
import type { DataOf, Schemas } from '../../core/values/session-data.ts'

/** What every adapter takes: options, or a manager. */
export type Given<Data, S extends Schemas> = (SessionOptions & { readonly schema?: S }) | Sessions<Data>

/** The manager that was given, or a new one with these options. */
export function managerOf<Data, S extends Schemas = Schemas>(given: Given<Data, S>): Sessions<DataOf<Data, S>> {
  return (isSessions(given) ? given : createSessions(given as SessionOptions)) as Sessions<DataOf<Data, S>>
}

/** Throws where a handler is missing, in place of failing at the first request. */
export function checkHandler(handler: unknown): void {
  if (typeof handler !== 'function')
    throw new ConfigError('withSession(options, handler): the second argument has to be a function that answers the request.')
}

/** Opens and binds the session of a request; `undefined` when this manager is installed twice and has done so already. */
export async function openOnce<Data>(
  adapter: SessionAdapter<Data>,
  target: object,
  request: Request | IncomingRequest,
): Promise<Exchange<Data> | undefined> {
  if (adapter.find(target) !== undefined) return undefined
  const exchange = await adapter.open(request)
  adapter.bind(target, exchange.session)
  return exchange
}

/**
 * Defines the session as a property of the request or context, which messages call `as`. The property is read-only, because assigning
 * `null` to it would not log anyone out. Throws `ConfigError` when the property is taken.
 */
export function expose<Data>(name: string, target: object, as: 'req' | 'ctx', session: Session<Data>): void {
  const existing: unknown = name in target ? Reflect.get(target, name) : undefined
  if (existing === session) return // installed twice
  if (existing !== undefined)
    throw new ConfigError(`${as}.${name} exists already. Give this manager another name: session({ as: 'adminSession', … }).`)
  Object.defineProperty(target, name, { value: session, enumerable: true, configurable: true, writable: false })
}
