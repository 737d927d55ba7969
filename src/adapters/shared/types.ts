import type { OptionsOf } from '../../core/config/options.ts'
import type { Sessions } from '../../core/manager/sessions.ts'
import type { Schemas } from '../../core/values/session-data.ts'

export type { Session } from '../../core/session/session.ts'
export type { DataOf, Default, Schemas } from '../../core/values/session-data.ts'
export type { Sessions }

/** The argument of every adapter: options, or a manager. */
export type Given<Data, S extends Schemas> = OptionsOf<Data, S> | Sessions<Data>
