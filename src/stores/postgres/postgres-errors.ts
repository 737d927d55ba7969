import { messageOf } from '../../core/base/realms.ts'

/**
 * The properties of errors of the libraries. Only errors of the server have a `severity` and a
 * `routine`.
 */
interface PgError {
  readonly code?: unknown
  readonly severity?: unknown
  readonly routine?: unknown
  readonly syscall?: unknown
}

/**
 * The server rolled this transaction back because of a conflict: serialization failure, deadlock.
 */
const RETRYABLE = ['40001', '40P01']

/**
 * After errors of these classes the outcome of the statement is unknown, or the connection is
 * closed: connection exceptions, `statement_completion_unknown`, a shutdown of the server or the
 * connection, a timeout that closes it, system and internal errors.
 */
const UNKNOWN_OUTCOME = /^(?:08|25P03|25P04|40003|57P|58|F0|XX)/

/**
 * The server rejects the connection: no such database or user, wrong password, too many
 * connections, starting up.
 */
const CONNECTION_REJECTED = /^(?:28|3D|53300|57P03)/

/** The codes of postgres.js for a connection that failed or was not opened. */
const NOT_CONNECTED = ['CONNECT_TIMEOUT', 'CONNECTION_ENDED']

/**
 * Whether the server itself rejected the statement. Each is its own transaction, which an error
 * rolls back, so it had no effect. This does not hold when the server closes the connection,
 * because that can happen between a commit and its response.
 */
export function isRejectedByServer(error: unknown): boolean {
  const code = sqlState(error)
  return code !== undefined && !UNKNOWN_OUTCOME.test(code)
}

export function isRetryable(error: unknown): boolean {
  return RETRYABLE.includes(sqlState(error) ?? '')
}

/**
 * Whether an error of postgres.js means that no connection was opened, so that nothing was sent.
 */
export function wasNeverSent(error: unknown): boolean {
  const { code, syscall } = Object(error) as PgError
  const state = sqlState(error)
  if (state !== undefined) return CONNECTION_REJECTED.test(state)
  return syscall === 'connect' || syscall === 'getaddrinfo' || NOT_CONNECTED.includes(String(code)) || everyError(error, wasNeverSent)
}

/** The SQLSTATE, or the beginning of one, of each mistake, and what to do. */
const REMEDIES: readonly (readonly [state: string, remedy: string])[] = [
  ['28', 'Correct the user and the password of the `pool`, or the rules of `pg_hba.conf`.'],
  ['3D', 'Create the database, or correct its name in the `pool`.'],
  ['3F', 'Create the schema, or correct the option `table`.'],
  ['42501', 'Grant the role SELECT, INSERT, UPDATE and DELETE on the table. To create the table, it needs CREATE on the schema.'],
  ['42', 'Compare the table with the SQL of this version; it is another table or was changed.'],
]

/** The message of pg, which has no code. */
const POOL_ENDED = 'Cannot use a pool after calling end on the pool'

/** What to do about an error of the server that waiting does not end. */
export function remedyFor(error: unknown, missingTable: string): string | undefined {
  const state = sqlState(error)
  if (state === '42P01') return missingTable
  if (messageOf(error) === POOL_ENDED) return 'Pass a `pool` that is open; the application has ended this one.'
  if (state !== undefined) return REMEDIES.find(([start]) => state.startsWith(start))?.[1]
  // Errors of pg without a code: the server asks for a password and there is none.
  return messageOf(error).startsWith('SASL:') ? 'Correct the user and the password of the `pool`.' : undefined
}

function sqlState(error: unknown): string | undefined {
  const { code, severity, routine } = Object(error) as PgError
  const isOfServer = severity !== undefined || routine !== undefined
  return isOfServer && typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) ? code : undefined
}

/** Node attempts every address of a server, and combines the errors. */
function everyError(error: unknown, predicate: (error: unknown) => boolean): boolean {
  const { errors } = Object(error) as { errors?: unknown }
  return Array.isArray(errors) && errors.length > 0 && errors.every(predicate)
}
