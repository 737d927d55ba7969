import { backoff } from '../../core/base/clock.ts'
import { StoreError, type StoreOperation } from '../../core/base/errors.ts'
import type { RemoteDatabase, RemoteTable, SendToServer } from './remote-database.ts'
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

/** How a database is asked about a table, and what creates it. */
export interface TableSource {
  readonly schema: string
  /** The file with its SQL. */
  readonly file: string
  /** Columns that only this database has. */
  readonly more?: readonly string[]
  /** A statement before the schema, under whose lock it is created. */
  readonly lock?: string
  /** The statements that create each index, by its first column. Each is sent alone. */
  readonly indexes: Readonly<Record<string, readonly string[]>>
  /** Returns no column if the table does not exist. */
  readonly readColumns: (send: SendToServer, operation: StoreOperation) => Promise<readonly string[]>
  /** Returns the first column of each index. */
  readonly readIndexed: (send: SendToServer, operation: StoreOperation) => Promise<readonly string[]>
}

/** The table of a store on a server. */
export function remoteTable(name: string, source: TableSource): RemoteTable {
  const { schema, file, more = [], lock = '', indexes, readColumns, readIndexed } = source
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
    missingIndexes: async (send, operation) => missingIndexes(indexes, await readIndexed(send, operation)),
  }
}

/** The statements for the indexes whose first column no index of the table has. */
export function missingIndexes(indexes: TableSource['indexes'], indexed: readonly string[]): readonly string[] {
  return Object.entries(indexes).flatMap(([column, statements]) => (indexed.includes(column) ? [] : statements))
}

/**
 * Creates what is missing of a table and returns the statements; with `dryRun` only returns them.
 * Indexes of an existing table are created by this alone and not at the first use, because that
 * takes minutes in a large table.
 */
export async function migrateTable(database: RemoteDatabase, send: SendToServer, dryRun: boolean): Promise<string> {
  const { table } = database
  const created = dryRun ? await table.missingSchema(send, 'migrate') : await table.create(send, 'migrate')
  if (created !== '') return created
  const missing = await table.missingIndexes(send, 'migrate')
  let left = dryRun ? [] : missing
  for (let attempt = 1; left.length > 0; attempt += 1) {
    try {
      for (const statement of left) await send('migrate', statement, undefined)
      left = []
    } catch (error) {
      // Another run may create the indexes at the same time.
      left = await table.missingIndexes(send, 'migrate')
      if (left.length > 0 && (attempt === MAX_ATTEMPTS || !(error instanceof StoreError && database.isRetryable(error.cause)))) throw error
      await backoff(attempt)
    }
  }
  return missing.map((statement) => `${statement};\n`).join('')
}

const MAX_ATTEMPTS = 12
