import { StoreError, type StoreOperation } from '../../core/base/errors.ts'
import { messageOf } from '../../core/base/realms.ts'
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

/**
 * Calls `command`, which sends one command, and turns an error into a `StoreError`. A command that
 * was not sent or that the server rejected had no effect, because no script of this package can
 * fail after its first write. If the client may have sent it twice, the first one may have had an
 * effect.
 */
export async function attempt<T>(connection: RedisConnection, operation: StoreOperation, command: () => Promise<T>): Promise<T> {
  const [hadEnded, resends] = [connection.hasEnded(), connection.resends()]
  try {
    return await command()
  } catch (error) {
    if (error instanceof StoreError) throw error
    const isRejected = codeOf(error) !== undefined && connection.resends() === resends
    const isNotSent = hadEnded || error instanceof UnconnectedError || NOT_SENT.includes(messageOf(error))
    throw new StoreError(operation, error, isRejected || isNotSent ? { applied: false } : {})
  }
}
