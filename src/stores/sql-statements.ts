import type { StoreOperation } from '../core/errors.ts'
import { wrongOption } from './wrong-option.ts'

/** How one database spells what others spell differently. All the rest is SQL that every one of them understands. */
export interface SqlDialect {
  /** What stands for the n-th value of a statement, counted from 1: `?`, or `$1`. */
  placeholder(n: number): string
  /** The mark around a name. */
  readonly quote: '"' | '`'
  /** Ends an INSERT which, when the key is there already, leaves the row alone and counts no row as changed. */
  readonly unlessTaken: string
  /**
   * Deletes a batch of expired rows. Its two values are the instant and the most rows. Where rows are locked one by one, the expiry must be
   * judged again once the lock is held: the row may have been touched while the statement waited for it.
   */
  deleteExpired(table: string): string
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
  /** By what the query has: nothing, `user`, `cursor` or both. */
  list(by: { readonly user: boolean; readonly cursor: boolean }): SqlStatement
}

const COLUMNS = ['version', 'expires_at', 'seen_at', 'created_at', 'id_at', 'user_id', 'proof', 'commits', 'payload']
const SELECTED = COLUMNS.map((name) => `"${name}"`).join(', ')
const ASSIGNED = COLUMNS.map((name) => `"${name}" = ?`).join(', ')

/** The statements of a store on this table, in this dialect. They are written with `"` and `?` and spelt for the database once, here. */
export function sqlStatements(table: string, dialect: SqlDialect): SqlStatements {
  const of = (operation: StoreOperation, text: string): SqlStatement => ({ operation, text: spell(text, dialect) })
  const select = `SELECT ${SELECTED} FROM "${table}" WHERE "key" = ? AND "expires_at" > ?`
  return {
    load: of('load', select),
    create: of('create', `INSERT INTO "${table}" (${SELECTED}, "key") VALUES (${'?, '.repeat(COLUMNS.length)}?) ${dialect.unlessTaken}`),
    replace: of('replace', `UPDATE "${table}" SET ${ASSIGNED} WHERE "key" = ? AND "version" = ? AND "expires_at" > ?`),
    refusal: of('replace', select),
    touch: of('touch', touchText(table)),
    delete: of('delete', `DELETE FROM "${table}" WHERE "key" = ?`),
    deleteUser: of('deleteUser', `DELETE FROM "${table}" WHERE "user_id" = ?`),
    deleteUserExcept: of('deleteUser', `DELETE FROM "${table}" WHERE "user_id" = ? AND "key" <> ?`),
    clearExpired: of('clearExpired', dialect.deleteExpired(table)),
    list: listStatements(table, of),
  }
}

function touchText(table: string): string {
  return `UPDATE "${table}" SET "expires_at" = ?, "seen_at" = ? WHERE "key" = ? AND "version" = ? AND "expires_at" > ? AND "expires_at" <= ?`
}

function listStatements(table: string, of: (operation: StoreOperation, text: string) => SqlStatement): SqlStatements['list'] {
  const page = (conditions: string): SqlStatement =>
    of('list', `SELECT ${SELECTED}, "key" FROM "${table}" WHERE "expires_at" > ?${conditions} ORDER BY "key" LIMIT ?`)
  const [all, next] = [page(''), page(' AND "key" > ?')]
  const [user, userNext] = [page(' AND "user_id" = ?'), page(' AND "user_id" = ? AND "key" > ?')]
  return (by) => (by.user ? (by.cursor ? userNext : user) : by.cursor ? next : all)
}

function spell(text: string, dialect: SqlDialect): string {
  let n = 0
  return text.replace(/["?]/g, (mark) => (mark === '"' ? dialect.quote : dialect.placeholder(++n)))
}

/**
 * The name of a table, checked: it becomes part of every statement.
 *
 * @throws ConfigError when it is not a plain identifier.
 */
export function tableName(owner: string, table: unknown): string {
  if (typeof table === 'string' && /^(?!sqlite_|pg_)[a-z_][a-z0-9_]{0,48}$/i.test(table)) return table
  const remedy =
    'Give a name of letters, digits and underscores, at most 49, that begins with neither a digit nor `sqlite_` or `pg_`: `sessions`.'
  throw wrongOption(owner, 'table', table, remedy)
}
