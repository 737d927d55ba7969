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
 * In these classes of error nothing was written, or it was rolled back: errors of values, of
 * constraints, of the state of the transaction, of access, of deadlock, of the text. Errors of a
 * commit, of a kill or of the end of the connection are in none of them.
 */
const REJECTION_CLASSES = /^(?:0A|21|22|23|25|28|3D|40|42|45)/

/**
 * The same for errors without their own class: no space left, read-only, not understood, not ready
 * (Galera).
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

function isOneOf(error: unknown, codes: readonly number[]): boolean {
  const { errno, sqlState } = Object(error) as MysqlError
  return typeof sqlState === 'string' && codes.includes(Number(errno))
}
