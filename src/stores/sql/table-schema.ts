import { StoreError, type StoreOperation } from '../../core/base/errors.ts'
import type { RemoteTable, SendToServer } from './remote-database.ts'
import { COLUMNS } from './sql-statements.ts'

/** The key is checked first, so that the error names it if the table has none. */
const REQUIRED = ['key', ...COLUMNS]

/**
 * Returns the schema if the table does not exist (it has no `columns`), and an empty text if it
 * does. `more` are columns that only this database has.
 *
 * @throws StoreError if a table of this name lacks a column, because it belongs to another library.
 */
export function missingSchema(
  operation: StoreOperation,
  table: string,
  columns: readonly string[],
  schema: string,
  more: readonly string[] = [],
): string {
  if (columns.length === 0) return schema
  const missing = [...REQUIRED, ...more].find((name) => !columns.includes(name))
  if (missing === undefined) return ''
  const cause = new Error(`the table \`${table}\` exists, but is not one of this package (it has no column \`${missing}\`)`)
  throw new StoreError(operation, cause, {
    remedy: 'Set another name with the option `table`, or with `?table=…` in the URL of the store.',
  })
}

/** What to do when the table of a store does not exist. `file` has its SQL. */
export function createTableRemedy(file: string): string {
  return `Create the table with \`npx sojourn migrate\` or with the SQL in \`${file}\`, or leave out \`createTable: false\`.`
}

/**
 * The table of a store on a server. `readColumns` returns no column if the table does not exist.
 */
export function remoteTable(
  name: string,
  schema: string,
  readColumns: (send: SendToServer, operation: StoreOperation) => Promise<readonly string[]>,
  { file, more = [], lock = '' }: { readonly file: string; readonly more?: readonly string[]; readonly lock?: string },
): RemoteTable {
  const missing: RemoteTable['missingSchema'] = async (send, operation) =>
    missingSchema(operation, name, await readColumns(send, operation), schema, more)
  return {
    remedy: createTableRemedy(file),
    missingSchema: missing,
    async create(send, operation) {
      const text = await missing(send, operation)
      if (text !== '') await send(operation, lock + text, undefined)
      return text
    },
  }
}
