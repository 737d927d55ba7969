import { messageOf } from '../../core/base/realms.ts'

/** The properties of errors of mysql2. Only errors of the server have an SQLSTATE. */
interface MysqlError {
  readonly errno?: unknown
  readonly sqlState?: unknown
}

const DUPLICATE_KEY = 1062
const NO_SUCH_TABLE = 1146

/**
 * The server rolled the statement back because of a conflict: deadlock, lock wait timeout, a row
 * changed since the snapshot (MariaDB). Or it has dropped the prepared statement.
 */
const RETRYABLE = [1213, 1205, 1020, 1615, 1243]

/**
 * After errors of these classes nothing was written, or it was rolled back: errors for invalid
 * values, constraints, transaction states, access, deadlocks and syntax. Errors of a commit, of a
 * kill or of a lost connection have other classes.
 */
const REJECTION_CLASSES = /^(?:0A|21|22|23|25|28|3D|40|42|45)/

/**
 * The same for errors without a specific class: no space left, read-only, unknown command, not
 * ready (Galera).
 */
const REJECTIONS = [1020, 1037, 1038, 1041, 1047, 1114, 1153, 1205, 1210, 1243, 1290, 1364, 1366, 1615, 1836, 3819]

/**
 * The connection leads to a read-only server, perhaps a former primary, or it has lost its prepared
 * statements.
 */
const CONNECTION_UNUSABLE = [1290, 1792, 1836, 1243, 1153, 1047]

/**
 * Whether the server itself rejected the statement. Each is its own transaction, which an error
 * rolls back, so it had no effect.
 */
export function isRejectedByServer(error: unknown): boolean {
  const { errno, sqlState } = Object(error) as MysqlError
  return typeof sqlState === 'string' && (REJECTION_CLASSES.test(sqlState) || REJECTIONS.includes(Number(errno)))
}

export function isRetryable(error: unknown): boolean {
  return isOneOf(error, RETRYABLE)
}

/**
 * Whether the connection of a failed statement can be used again: its reply was read to the end,
 * and the next statement may succeed.
 */
export function keepsConnection(error: unknown): boolean {
  return isRejectedByServer(error) && !isOneOf(error, CONNECTION_UNUSABLE)
}

export function isDuplicateKey(error: unknown): boolean {
  return isOneOf(error, [DUPLICATE_KEY])
}

export function isNoSuchTable(error: unknown): boolean {
  return isOneOf(error, [NO_SUCH_TABLE])
}

const CREDENTIALS = 'Correct the user and the password of the `pool`.'
const PRIVILEGES = 'Grant the user SELECT, INSERT, UPDATE and DELETE on the table, and CREATE and INDEX if the store is to create it.'
const OTHER_TABLE = 'Compare the table with the SQL of this version; it is another table or was changed.'

/** What to do about each error of the server that waiting does not end. */
const REMEDIES: ReadonlyMap<number, string> = new Map([
  [1045, CREDENTIALS],
  [1251, CREDENTIALS],
  [1698, CREDENTIALS],
  [1044, PRIVILEGES],
  [1142, PRIVILEGES],
  [1143, PRIVILEGES],
  [1227, PRIVILEGES],
  [1046, 'Give the `pool` a `database`, or write it in front of the name in the option `table`.'],
  [1049, 'Create the database, or correct its name in the `pool` or in the option `table`.'],
  [1054, OTHER_TABLE],
  [1364, OTHER_TABLE],
])

/** The message of mysql2, which has no code. */
const POOL_CLOSED = 'Pool is closed.'

/** What to do about an error of the server that waiting does not end. */
export function remedyFor(error: unknown, missingTable: string): string | undefined {
  const { errno, sqlState } = Object(error) as MysqlError
  if (messageOf(error) === POOL_CLOSED) return 'Pass a `pool` that is open; the application has ended this one.'
  if (typeof sqlState !== 'string') return undefined
  return isNoSuchTable(error) ? missingTable : REMEDIES.get(Number(errno))
}

function isOneOf(error: unknown, codes: readonly number[]): boolean {
  const { errno, sqlState } = Object(error) as MysqlError
  return typeof sqlState === 'string' && codes.includes(Number(errno))
}
