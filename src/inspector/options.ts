import { aFunction, checkOptions, type OptionTable, satisfies, wholeNumber } from '../core/base/option-checks.ts'
import { isSessions, type Sessions } from '../core/manager/sessions.ts'
import type { Authorize } from './access.ts'

/** Options of `inspector`. */
export interface InspectorOptions<Data> {
  /** The manager of the application. */
  readonly sessions: Sessions<Data>
  /** Called for every request. Nothing is shown without an operator. */
  readonly authorize: Authorize
  /**
   * How many of the latest events of the manager are kept in memory, from 1 to 100,000. With it the
   * page of a session shows its events, and the overview conflicts and latency. Default: none.
   */
  readonly history?: number
  /** Returns the current time in epoch milliseconds. For tests. */
  readonly clock?: () => number
}

const OPTIONS: OptionTable = {
  owner: 'inspector',
  required: ['sessions', 'authorize'],
  checks: {
    sessions: satisfies(isSessions, 'pass the manager that createSessions returned'),
    authorize: (value) =>
      aFunction(value) && 'pass a function that returns an operator such as { name: user.email } for those who may see every session',
    history: wholeNumber('events', 1, 100_000),
    clock: aFunction,
  },
}

/** Throws a `ConfigError` for the first option that is wrong. */
export function checkInspectorOptions<Data>(options: InspectorOptions<Data>): InspectorOptions<Data> {
  return checkOptions(options, OPTIONS)
}
