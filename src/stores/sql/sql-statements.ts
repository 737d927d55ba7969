import type { StoreOperation } from '../../core/base/errors.ts'

/**
 * How one database spells what others spell differently. All the rest is SQL that every one of them understands.
 *
 * Texts are written with `"` around names and `?` for values, like the common ones; a table comes with its marks on.
 */
export interface SqlDialect {
  /** What stands for the n-th value of a statement, counted from 1: `?`, or `$1`. */
  placeholder(n: number): string
  /** The mark around a name. */
  readonly quote: '"' | '`'
  /** Adds a row with these columns. When the key is there already it leaves that row alone: it changes no row, or fails with an error that `isTaken` knows. */
  insert(table: string, columns: readonly string[]): string
  /** Whether an INSERT that failed so found the key there already. Left out where that is never an error. */
  isTaken?(cause: unknown): boolean
  /**
   * Deletes a batch of expired rows, the oldest first. Its values are the instant, the lowest value of the indexed column to look at, and the
   * most rows. Where rows are locked one by one, the expiry must be judged again once the lock is held: the row may have been touched while
   * the statement waited for it.
   */
  deleteExpired(table: string): string
  /** Which rows are expired, with the instant as the first value. Left out where `"expires_at" <= ?` is all there is to say. */
  readonly expired?: string
  /** The most rows of one step of `clearExpired` where nobody says. Left out where that is 1000. */
  readonly batch?: number
  /** The column by which expired rows are found in an index. Left out where that is `expires_at`. */
  readonly expiryIndexed?: string
}

/** A statement and what the store is about when it runs it. One object for each: prepared statements can be kept by it. */
export interface SqlStatement {
  readonly operation: StoreOperation
  readonly text: string
}

/** Every statement of a store. `create` and `replace` take the fields of an entry first, in the order of `COLUMNS`. */
export interface SqlStatements {
  readonly load: SqlStatement
  readonly create: SqlStatement
  readonly replace: SqlStatement
  /** What `load` reads, to tell why a `replace` was refused. */
  readonly refusal: SqlStatement
  readonly touch: SqlStatement
  readonly delete: SqlStatement
  readonly deleteUser: SqlStatement
  readonly deleteUserExcept: SqlStatement
  readonly clearExpired: SqlStatement
  /** The most rows that one run of `clearExpired` deletes, where nobody says. */
  readonly batch: number
  /** The lowest value, not below the one that is given, that is left of the column by which expired rows are found. */
  readonly oldest: SqlStatement
  readonly countExpired: SqlStatement
  /** By what the query has: nothing, `user`, `cursor` or both. */
  list(by: { readonly user: boolean; readonly cursor: boolean }): SqlStatement
  /** Whether a `create` that failed so was refused: the key is taken. */
  isTaken(cause: unknown): boolean
}

/** The columns of an entry's fields, in the order in which they are written and read. */
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
/** And the key behind them, as an INSERT and the reads of many have it. */
export const ALL_COLUMNS: readonly string[] = [...COLUMNS, 'key']
const SELECTED = named(COLUMNS)
const ASSIGNED = COLUMNS.map((name) => `"${name}" = ?`).join(', ')

/** The statements of a store on this table, in this dialect. They are written with `"` and `?` and spelt for the database once, here. */
export function sqlStatements(name: string, dialect: SqlDialect): SqlStatements {
  const of = (operation: StoreOperation, text: string): SqlStatement => ({ operation, text: spelt(text, dialect) })
  const table = quoted(name)
  const indexed = `"${dialect.expiryIndexed ?? 'expires_at'}"`
  const select = `SELECT ${SELECTED} FROM ${table} WHERE "key" = ? AND "expires_at" > ?`
  return {
    load: of('load', select),
    create: of('create', dialect.insert(table, ALL_COLUMNS)),
    replace: of('replace', `UPDATE ${table} SET ${ASSIGNED} WHERE "key" = ? AND "version" = ? AND "expires_at" > ?`),
    refusal: of('replace', select),
    touch: of('touch', touchText(table)),
    delete: of('delete', `DELETE FROM ${table} WHERE "key" = ?`),
    deleteUser: of('deleteByIndex', `DELETE FROM ${table} WHERE "user_id" = ?`),
    deleteUserExcept: of('deleteByIndex', `DELETE FROM ${table} WHERE "user_id" = ? AND "key" <> ?`),
    clearExpired: of('clearExpired', dialect.deleteExpired(table)),
    batch: dialect.batch ?? 1000,
    oldest: of('clearExpired', `SELECT min(${indexed}) FROM ${table} WHERE ${indexed} >= ?`),
    countExpired: of('countExpired', `SELECT count(*) FROM ${table} WHERE ${dialect.expired ?? '"expires_at" <= ?'}`),
    list: listStatements(table, of),
    isTaken: (cause) => dialect.isTaken?.(cause) ?? false,
  }
}

/** An INSERT as every database has it: it fails when the key is there already. */
export function plainInsert(table: string, columns: readonly string[]): string {
  return `INSERT INTO ${table} (${named(columns)}) VALUES (${columns.map(() => '?').join(', ')})`
}

/** The name of a table with the marks on: `"app"."sessions"`. */
export function quoted(table: string): string {
  return table.replace(/[^.]+/g, '"$&"')
}

/** Columns as a statement lists them. */
export function named(columns: readonly string[]): string {
  return columns.map((name) => `"${name}"`).join(', ')
}

function touchText(table: string): string {
  return `UPDATE ${table} SET "expires_at" = ?, "seen_at" = ? WHERE "key" = ? AND "version" = ? AND "expires_at" > ? AND "expires_at" <= ?`
}

function listStatements(table: string, of: (operation: StoreOperation, text: string) => SqlStatement): SqlStatements['list'] {
  const page = (conditions: string): SqlStatement =>
    of('list', `SELECT ${named(ALL_COLUMNS)} FROM ${table} WHERE "expires_at" > ?${conditions} ORDER BY "key" LIMIT ?`)
  const [all, next] = [page(''), page(' AND "key" > ?')]
  const [user, userNext] = [page(' AND "user_id" = ?'), page(' AND "user_id" = ? AND "key" > ?')]
  return (by) => (by.user ? (by.cursor ? userNext : user) : by.cursor ? next : all)
}

/** A text written with `"` and `?`, in the marks of the database. */
export function spelt(text: string, dialect: Pick<SqlDialect, 'quote' | 'placeholder'>): string {
  let n = 0
  return text.replace(/["?]/g, (mark) => (mark === '"' ? dialect.quote : dialect.placeholder(++n)))
}
