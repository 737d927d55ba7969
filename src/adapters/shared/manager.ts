import { ConfigError } from '../../core/base/errors.ts'
import type { SessionOptions } from '../../core/config/options.ts'
import { createSessions, Sessions } from '../../core/manager/sessions.ts'
import type { Schemas } from '../../core/values/schema.ts'

/** Options from whose schemas the type of the session is taken. */
export type SchemaOptions<S extends Schemas> = SessionOptions & { readonly schema: S }

/** What every adapter takes: the options of a manager, or a manager that is there already. */
export function managerOf<Data>(given: SessionOptions | Sessions<Data>): Sessions<Data> {
  return given instanceof Sessions ? given : createSessions<Data>(given)
}

/** Throws where a handler was forgotten, not at the first request. */
export function checkHandler(handler: unknown): void {
  if (typeof handler !== 'function')
    throw new ConfigError('withSession(options, handler): the second argument has to be a function that answers the request.')
}
