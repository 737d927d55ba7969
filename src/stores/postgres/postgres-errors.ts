/** What errors of the libraries tell beside their message. Only those of the server itself have a `severity` and a `routine`. */
interface Told {
  readonly code?: unknown
  readonly severity?: unknown
  readonly routine?: unknown
  readonly syscall?: unknown
}

/** Two transactions were in each other's way, and the server has taken this one back: serialization failure, deadlock. */
const IN_THE_WAY = ['40001', '40P01']

/**
 * These classes of error leave open what became of the statement, or come with the end of the connection: connection exceptions,
 * `statement_completion_unknown`, the server or the connection is shut down, a time-out that ends it, system and internal errors.
 */
const OPEN_END = /^(?:08|25P03|25P04|40003|57P|58|F0|XX)/

/** What a server says that does not even let one in: no such database or user, wrong password, too many connections, starting up. */
const NOT_LET_IN = /^(?:28|3D|53300|57P03)/

/** What postgres.js calls a connection that did not come about, or was not begun any more. */
const NOT_CONNECTED = ['CONNECT_TIMEOUT', 'CONNECTION_ENDED']

/**
 * Whether the server itself refused the statement. It runs in a transaction of its own, which an error takes back; so it surely had no
 * effect. A connection that the server ends is another matter: the end may come between a commit and its answer.
 */
export function refusedByServer(error: unknown): boolean {
  const code = sqlState(error)
  return code !== undefined && !OPEN_END.test(code)
}

/** Whether trying again is what the server itself asks for. */
export function wasInTheWay(error: unknown): boolean {
  return IN_THE_WAY.includes(sqlState(error) ?? '')
}

/** Whether an error of postgres.js says that no connection came about, so that nothing was sent. */
export function neverSent(error: unknown): boolean {
  const { code, syscall } = told(error)
  const state = sqlState(error)
  if (state !== undefined) return NOT_LET_IN.test(state)
  return syscall === 'connect' || syscall === 'getaddrinfo' || NOT_CONNECTED.includes(String(code)) || allOf(error, neverSent)
}

function sqlState(error: unknown): string | undefined {
  const { code, severity, routine } = told(error)
  const said = severity !== undefined || routine !== undefined
  return said && typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) ? code : undefined
}

function told(error: unknown): Told {
  return typeof error === 'object' && error !== null ? error : {}
}

/** Every address of the server was tried. */
function allOf(error: unknown, judge: (error: unknown) => boolean): boolean {
  return error instanceof AggregateError && error.errors.length > 0 && error.errors.every(judge)
}
