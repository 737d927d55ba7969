import { COLUMNS } from './sql-statements.ts'

/** The key first: a table without one is told by that. */
const OURS = ['key', ...COLUMNS]

/**
 * The statements that a table lacks: the whole schema where it is not there, so that it has no `columns`, else none. `more` are the columns
 * that this database has beside those of all.
 *
 * Refuses a table that goes by the name of ours and has other columns: that of another library, say.
 *
 * @throws Error that says what to do.
 */
export function missingSchema(table: string, columns: readonly string[], schema: string, more: readonly string[] = []): string {
  if (columns.length === 0) return schema
  const missing = [...OURS, ...more].find((name) => !columns.includes(name))
  if (missing === undefined) return ''
  throw new Error(
    `the table \`${table}\` is there, but it is not one of this package (it has no column \`${missing}\`). ` +
      'Name another: with the option `table`, or `?table=…` in the URL of the store.',
  )
}
