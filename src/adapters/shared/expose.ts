import { ConfigError } from '../../core/base/errors.ts'
import type { Sessions } from '../../core/manager/sessions.ts'
import type { Session } from '../../core/session/session.ts'

/**
 * Puts the session where handlers look for it: on the request or context, which the messages call `as`. Read-only: an assignment of `null` logs
 * nobody out, so it must not look as if it did. Throws `ConfigError` when something else is there.
 */
export function expose<Data>(sessions: Sessions<Data>, target: object, as: 'req' | 'ctx', session: Session<Data>): void {
  const { name } = sessions
  const there: unknown = name in target ? Reflect.get(target, name) : undefined
  if (there === session) return // installed twice
  if (there !== undefined)
    throw new ConfigError(`${as}.${name} is there already; give this manager another name: session({ as: 'adminSession', … }).`)
  Object.defineProperty(target, name, { value: session, enumerable: true, configurable: true, writable: false })
}
