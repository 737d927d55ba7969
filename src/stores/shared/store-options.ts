import { DAY } from '../../core/base/duration.ts'
import { aDurationOf, type Check, satisfies } from '../../core/base/option-checks.ts'

/** The default of `onWarning`. */
export function warn(message: string): void {
  console.warn(`sojourn: ${message}`)
}

/** A duration for a timer: at most 24 days. */
export const aDelay: Check = aDurationOf(0, 24 * DAY, 'pass at most 24 days')

const NAME = /^(?!sqlite_|pg_)[a-z_][a-z0-9_]{0,48}$/i
const NAME_RULE =
  'pass a name of letters, digits and underscores, at most 49, that begins with neither a digit nor `sqlite_` or `pg_`: `sessions`'

/** The name of a table, which is a part of every statement. */
export const aTable: Check = satisfies((value) => typeof value === 'string' && NAME.test(value), NAME_RULE)

/** The name of a table, optionally with its schema or database. */
export const aTableOfSchema: Check = satisfies(
  (value) => typeof value === 'string' && value.split('.').length <= 2 && value.split('.').every((name) => NAME.test(name)),
  `${NAME_RULE}, optionally with its schema in front: \`app.sessions\``,
)
