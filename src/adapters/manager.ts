import type { SessionOptions } from '../core/options.ts'
import type { Schemas } from '../core/schema.ts'
import { createSessions, Sessions } from '../core/sessions.ts'

/** Options from whose schemas the type of the session is taken. */
export type SchemaOptions<S extends Schemas> = SessionOptions & { readonly schema: S }

/** What every adapter takes: the options of a manager, or a manager that is there already. */
export function managerOf<Data>(given: SessionOptions | Sessions<Data>): Sessions<Data> {
  return given instanceof Sessions ? given : createSessions<Data>(given)
}
