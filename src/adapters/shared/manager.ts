import { ConfigError } from '../../core/base/errors.ts'
import type { SessionOptions } from '../../core/config/options.ts'
import type { IncomingRequest } from '../../core/cookie/incoming-request.ts'
import type { Exchange, ResponseAbility, SessionAdapter } from '../../core/manager/adapter-port.ts'
import { createSessions, isSessions } from '../../core/manager/sessions.ts'
import type { DataOf, Given, Schemas, Sessions } from './types.ts'

export { adapterOf } from '../../core/manager/sessions.ts'

/** Returns the given manager, or a new one with these options. */
export function managerOf<Data, S extends Schemas = Schemas>(given: Given<Data, S>): Sessions<DataOf<Data, S>> {
  return (isSessions(given) ? given : createSessions(given as SessionOptions)) as Sessions<DataOf<Data, S>>
}

/**
 * Throws `ConfigError` if the handler is missing, so that the error appears before the first
 * request.
 */
export function checkHandler(handler: unknown, call = 'withSession(options, handler)'): void {
  if (typeof handler !== 'function') throw new ConfigError(`${call}: pass a function that handles the request as \`handler\`.`)
}

const STREAMED: ResponseAbility = { issues: true, late: true }

/**
 * Opens and binds the session of a request; `undefined` if this manager is installed twice and has
 * already bound it.
 */
export async function openOnce<Data>(
  adapter: SessionAdapter<Data>,
  target: object,
  request: Request | IncomingRequest,
  response: ResponseAbility | undefined = adapter.saveOnEnd ? STREAMED : undefined,
): Promise<Exchange<Data> | undefined> {
  if (adapter.boundTo(target) !== undefined) return undefined
  const exchange = await adapter.open(request, response)
  adapter.bind(target, exchange.session)
  return exchange
}

/**
 * Returns a function that defines the session as a property of a request or context, which messages
 * call `as`. It throws `ConfigError` when the property is taken, and does nothing when the session
 * is exposed already. All requests share one accessor, because separate ones take 0.4 µs more.
 */
export function makeExpose<Data>(adapter: SessionAdapter<Data>, as: 'req' | 'ctx' | 'locals'): (target: object) => void {
  const { name } = adapter
  const property = `${as}.${name}`
  const accessor: PropertyDescriptor = {
    get(this: object) {
      return adapter.boundTo(this)
    },
    set() {
      throw assignmentError(property)
    },
    enumerable: true,
    configurable: false, // `delete req.session` would not end the session either
  }
  return function expose(target) {
    const existing: unknown = name in target ? Reflect.get(target, name) : undefined
    const session = adapter.boundTo(target)
    checkUnused(property, existing, session)
    if (existing !== session) Object.defineProperty(target, name, accessor)
  }
}

/**
 * The error for an assignment to a session's property, which would neither end nor change the
 * session.
 */
export function assignmentError(property: string): ConfigError {
  return new ConfigError(
    `${property} cannot be assigned. To log out call ${property}.logout(), to end the session ${property}.flush(), and to change it ${property}.set(name, value).`,
  )
}

/** Throws `ConfigError` if a property has a value other than the session of this manager. */
export function checkUnused(property: string, existing: unknown, session: unknown): void {
  if (existing === undefined || existing === session) return
  throw new ConfigError(`${property} exists already. Give this manager another name: session({ as: 'adminSession', … }).`)
}
