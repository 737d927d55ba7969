import type { StoreOperation } from '../../core/base/errors.ts'

/**
 * The parts of SQL that differ between databases. All other SQL is common to them.
 *
 * Texts are written with `"` around names and `?` for values, like the common SQL. A table name is
 * passed in quotes.
 */
export interface SqlDialect {
  /** The placeholder of the n-th value of a statement, counted from 1: `?`, or `$1`. */
  placeholder(n: number): string
  /** The quote around a name. */
  readonly quote: '"' | '`'
  /**
   * Adds a row with these columns. If the key exists it changes no row, or fails with an error that
   * `isTaken` recognizes.
   */
  insert(table: string, columns: readonly string[]): string
  /** Whether an INSERT failed because the key exists. Omitted where that is not an error. */
  isTaken?(cause: unknown): boolean
  /**
   * Deletes a batch of expired rows, the oldest first. Its values are the time, the lowest value of
   * the indexed column to read, and the maximum number of rows. If the database locks rows one by
   * one, the statement must check the expiry again under the lock, because the row may have been
   * touched while the statement waited for the lock.
   */
  deleteExpired(table: string): string
  /**
   * The condition for expired rows, with the time as the first value. Default `"expires_at" <= ?`.
   */
  readonly expired?: string
  /** The name of the database. */
  readonly server: string
  /**
   * Selects the version of the database as `version`, and the epoch milliseconds of its clock, or
   * NULL if it runs in this process, as `expires_at`: the first columns of a row.
   */
  readonly describe: string
  /** The default number of rows of one step of `clearExpired`. Default 1000. */
  readonly batch?: number
  /** The indexed column by which expired rows are found. Default `expires_at`. */
  readonly expiryIndexed?: string
}

/**
 * A statement, and the operation of the store that runs it. Each is one object, so it can be the
 * key of a prepared statement.
 */
export interface SqlStatement {
  readonly operation: StoreOperation
  readonly text: string
}

/**
 * Every statement of a store. `create` and `replace` take the fields of an entry first, in the
 * order of `COLUMNS`.
 */
export interface SqlStatements {
  readonly load: SqlStatement
  readonly create: SqlStatement
  readonly replace: SqlStatement
  /** Reads the row of a refused `replace`, for the reason. */
  readonly refusal: SqlStatement
  readonly touch: SqlStatement
  readonly delete: SqlStatement
  readonly deleteByUser: SqlStatement
  readonly deleteByUserExcept: SqlStatement
  /** Replaces the rows of a user. Takes the fields of an entry first, as `replace`. */
  readonly replaceByUser: SqlStatement
  readonly replaceByUserExcept: SqlStatement
  readonly clearExpired: SqlStatement
  /** The default number of rows that one run of `clearExpired` deletes. */
  readonly batch: number
  /** The lowest value, at least the given one, of the column by which expired rows are found. */
  readonly oldest: SqlStatement
  readonly countExpired: SqlStatement
  /** The name of the database, and the statement for its version and clock. */
  readonly server: string
  readonly describe: SqlStatement
  /** The statement for the conditions of the query. */
  list(by: { readonly user: boolean; readonly cursor: boolean }): SqlStatement
  /** Whether a `create` failed because the key is taken. */
  isTaken(cause: unknown): boolean
}

/** The columns of the fields of an entry, in the order in which they are written and read. */
export const COLUMNS: readonly string[] = [
  'version',
  'expires_at',
  'seen_at',
  'created_at',
  'id_at',
  'user_id',
  'proof',
  'commits',
  'payload',
]
/** The same with the key at the end, for INSERT and for reads of several rows. */
export const ALL_COLUMNS: readonly string[] = [...COLUMNS, 'key']
const SELECTED = columnList(COLUMNS)
const ASSIGNED = COLUMNS.map((name) => `"${name}" = ?`).join(', ')

/** The statements of a store on this table, rendered for this dialect. */
export function sqlStatements(name: string, dialect: SqlDialect): SqlStatements {
  const of = (operation: StoreOperation, text: string): SqlStatement => ({ operation, text: render(text, dialect) })
  const table = quoteTable(name)
  const indexed = `"${dialect.expiryIndexed ?? 'expires_at'}"`
  const select = `SELECT ${SELECTED} FROM ${table} WHERE "key" = ? AND "expires_at" > ?`
  return {
    load: of('load', select),
    create: of('create', dialect.insert(table, ALL_COLUMNS)),
    replace: of('replace', `UPDATE ${table} SET ${ASSIGNED} WHERE "key" = ? AND "version" = ? AND "expires_at" > ?`),
    refusal: of('replace', select),
    touch: of('touch', touchText(table)),
    delete: of('delete', `DELETE FROM ${table} WHERE "key" = ?`),
    deleteByUser: of('deleteByIndex', `DELETE FROM ${table} WHERE "user_id" = ?`),
    deleteByUserExcept: of('deleteByIndex', `DELETE FROM ${table} WHERE "user_id" = ? AND "key" <> ?`),
    replaceByUser: of('deleteByIndex', `UPDATE ${table} SET ${ASSIGNED} WHERE "user_id" = ?`),
    replaceByUserExcept: of('deleteByIndex', `UPDATE ${table} SET ${ASSIGNED} WHERE "user_id" = ? AND "key" <> ?`),
    clearExpired: of('clearExpired', dialect.deleteExpired(table)),
    batch: dialect.batch ?? 1000,
    oldest: of('clearExpired', `SELECT min(${indexed}) FROM ${table} WHERE ${indexed} >= ?`),
    countExpired: of('countExpired', `SELECT count(*) FROM ${table} WHERE ${dialect.expired ?? '"expires_at" <= ?'}`),
    server: dialect.server,
    describe: of('describe', dialect.describe),
    list: listStatements(table, of),
    isTaken: (cause) => dialect.isTaken?.(cause) ?? false,
  }
}

/** The INSERT that every database supports: it fails if the key exists. */
export function plainInsert(table: string, columns: readonly string[]): string {
  return `INSERT INTO ${table} (${columnList(columns)}) VALUES (${columns.map(() => '?').join(', ')})`
}

/** The name of a table in quotes: `"app"."sessions"`. */
export function quoteTable(table: string): string {
  return table.replace(/[^.]+/g, '"$&"')
}

export function columnList(columns: readonly string[]): string {
  return columns.map((name) => `"${name}"`).join(', ')
}

function touchText(table: string): string {
  return `UPDATE ${table} SET "expires_at" = ?, "seen_at" = ? WHERE "key" = ? AND "version" = ? AND "expires_at" > ? AND "expires_at" <= ?`
}

function listStatements(table: string, of: (operation: StoreOperation, text: string) => SqlStatement): SqlStatements['list'] {
  const page = (conditions: string): SqlStatement =>
    of('list', `SELECT ${columnList(ALL_COLUMNS)} FROM ${table} WHERE "expires_at" > ?${conditions} ORDER BY "key" LIMIT ?`)
  const [all, next] = [page(''), page(' AND "key" > ?')]
  const [user, userNext] = [page(' AND "user_id" = ?'), page(' AND "user_id" = ? AND "key" > ?')]
  return (by) => (by.user ? (by.cursor ? userNext : user) : by.cursor ? next : all)
}

/** Renders a text written with `"` and `?` for the database. */
export function render(text: string, dialect: Pick<SqlDialect, 'quote' | 'placeholder'>): string {
  let n = 0
  return text.replace(/["?]/g, (mark) => (mark === '"' ? dialect.quote : dialect.placeholder(++n)))
}
