/** What errors of mysql2 tell beside their message. Only those of the server itself have an SQLSTATE. */
interface Told {
  readonly errno?: unknown
  readonly sqlState?: unknown
}

const DUPLICATE_KEY = 1062
const NO_SUCH_TABLE = 1146

/**
 * Others were in the way, and the server has taken the statement back: deadlock, a lock that was not had in time, a row changed since the
 * snapshot (MariaDB). Or it knows the prepared statement no longer.
 */
const IN_THE_WAY = [1213, 1205, 1020, 1615, 1243]

/**
 * These classes of error are told before anything is written, or with what was written taken back: of values, of constraints, of the state
 * of the transaction, of access, of deadlock, of the text. What comes with a commit, a kill or the end of the connection is in none of them.
 */
const REFUSING = /^(?:0A|21|22|23|25|28|3D|40|42|45)/

/** And these among the errors that have no class of their own: no room left, not let write, not understood, not ready (Galera). */
const REFUSALS = [1020, 1037, 1038, 1041, 1047, 1114, 1153, 1205, 1210, 1243, 1290, 1364, 1366, 1615, 1836, 3819]

/** The connection leads to a server that only reads, perhaps no longer the first one; or it has lost its prepared statements. */
const NOT_OF_USE = [1290, 1792, 1836, 1243, 1153, 1047]

/** Whether the server itself refused the statement. It is a transaction of its own, which an error takes back; so it surely had no effect. */
export function refusedByServer(error: unknown): boolean {
  const { errno, sqlState } = told(error)
  return typeof sqlState === 'string' && (REFUSING.test(sqlState) || REFUSALS.includes(Number(errno)))
}

/** Whether trying again may help. */
export function wasInTheWay(error: unknown): boolean {
  return isOneOf(error, IN_THE_WAY)
}

/** Whether a connection can be used again whose statement failed so: the reply was read to its end, and another may fare better. */
export function leavesConnection(error: unknown): boolean {
  return refusedByServer(error) && !isOneOf(error, NOT_OF_USE)
}

export function isDuplicateKey(error: unknown): boolean {
  return isOneOf(error, [DUPLICATE_KEY])
}

export function isNoSuchTable(error: unknown): boolean {
  return isOneOf(error, [NO_SUCH_TABLE])
}

function isOneOf(error: unknown, numbers: readonly number[]): boolean {
  const { errno, sqlState } = told(error)
  return typeof sqlState === 'string' && numbers.includes(Number(errno))
}

function told(error: unknown): Told {
  return typeof error === 'object' && error !== null ? error : {}
}
