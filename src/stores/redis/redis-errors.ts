import { StoreError, type StoreOperation } from '../../core/base/errors.ts'
import { isError, messageOf } from '../../core/base/realms.ts'
import { withoutValues } from '../shared/without-values.ts'
import { UnconnectedError } from './deadline-client.ts'
import type { RedisConnection } from './redis-connection.ts'

/**
 * Messages of the libraries for a command that was not sent: the client is closed, is offline
 * without a queue, or its queue is full.
 */
const NOT_SENT = [
  'The client is closed',
  'The client is offline',
  'The queue is full',
  "Stream isn't writeable and enableOfflineQueue options is false",
  "Cluster isn't ready and enableOfflineQueue options is false",
]

/**
 * An error of the server begins with its code: OOM, READONLY, LOADING, NOAUTH, CLUSTERDOWN, ERR.
 */
const CODE = /^[A-Z]+(?= )/

/** Returns the code of an error that the server replied. */
export function codeOf(error: unknown): string | undefined {
  return CODE.exec(messageOf(error))?.[0]
}

const CREDENTIALS = 'Correct the user and the password of the `client`.'

/** What to do about each code of the server that waiting does not end. */
const REMEDIES: ReadonlyMap<string | undefined, string> = new Map([
  ['NOAUTH', CREDENTIALS],
  ['WRONGPASS', CREDENTIALS],
  [
    'NOPERM',
    'Allow the user the keys of the option `prefix`, and the commands GET, SET, DEL, EVAL, EVALSHA, SCAN, INFO and those of sorted sets.',
  ],
  ['DENIED', 'Redis is in protected mode: give it a password, or let it listen on the address of the `client` only.'],
  ['MOVED', 'The server is part of a Cluster: pass a client of `createCluster` (`redis`) or a `Cluster` (`ioredis`).'],
  ['WRONGTYPE', 'Another application uses these keys: set another name with the option `prefix`.'],
])

/** The error of a client that could not connect has the error of the server as its cause. */
export function remedyFor(error: unknown): string | undefined {
  const cause = isError(error) ? error.cause : undefined
  return REMEDIES.get(codeOf(error)) ?? (cause === undefined ? undefined : remedyFor(cause))
}

/**
 * Calls `command`, which sends one command, and turns an error into a `StoreError`. A command that
 * was not sent or that the server rejected had no effect, because no script of this package can
 * fail after its first write. If the client may have sent the command twice, the first copy may
 * have had an effect.
 */
export async function attempt<T>(connection: RedisConnection, operation: StoreOperation, command: () => Promise<T>): Promise<T> {
  if (!connection.wasOpened()) {
    const cause = new Error('the client of Redis was never connected')
    throw new StoreError(operation, cause, { remedy: 'Call `await client.connect()` before the first request.' })
  }
  const [hadEnded, resends] = [connection.hasEnded(), connection.resends()]
  try {
    return await command()
  } catch (error) {
    if (error instanceof StoreError) throw error
    const isRejected = codeOf(error) !== undefined && connection.resends() === resends
    const isNotSent = hadEnded || error instanceof UnconnectedError || NOT_SENT.includes(messageOf(error))
    throw new StoreError(operation, withoutValues(error), isRejected || isNotSent ? { applied: false, remedy: remedyFor(error) } : {})
  }
}
