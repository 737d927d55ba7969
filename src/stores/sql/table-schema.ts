import type { StoreOperation } from '../../core/base/errors.ts'
import type { RemoteTable, SendToServer } from './remote-database.ts'
import { COLUMNS } from './sql-statements.ts'

/** The key comes first, so that the error names it for a table without one. */
const REQUIRED = ['key', ...COLUMNS]

/**
 * Returns the schema if the table does not exist (it has no `columns`), and an empty text if it
 * does. `more` are columns that only this database has.
 *
 * @throws Error if a table of this name lacks a column, because it belongs to another library.
 */
export function missingSchema(table: string, columns: readonly string[], schema: string, more: readonly string[] = []): string {
  if (columns.length === 0) return schema
  const missing = [...REQUIRED, ...more].find((name) => !columns.includes(name))
  if (missing === undefined) return ''
  throw new Error(
    `the table \`${table}\` exists, but is not one of this package (it has no column \`${missing}\`). ` +
      'Set another name with the option `table`, or with `?table=…` in the URL of the store.',
  )
}

/**
 * The table of a store on a server. `readColumns` returns no column if the table does not exist.
 */
export function remoteTable(
  name: string,
  schema: string,
  readColumns: (send: SendToServer, operation: StoreOperation) => Promise<readonly string[]>,
  { more = [], lock = '' }: { readonly more?: readonly string[]; readonly lock?: string } = {},
): RemoteTable {
  const missing: RemoteTable['missingSchema'] = async (send, operation) =>
    missingSchema(name, await readColumns(send, operation), schema, more)
  return {
    missingSchema: missing,
    async create(send, operation) {
      const text = await missing(send, operation)
      if (text !== '') await send(operation, lock + text, undefined)
      return text
    },
  }
}
