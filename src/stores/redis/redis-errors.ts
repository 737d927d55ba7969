import { StoreError, type StoreOperation } from '../../core/base/errors.ts'
import { UnconnectedError } from './client-link.ts'
import type { RedisConnection } from './redis-client.ts'

/** What the libraries say when they do not even try: ended, not connected and told not to queue, the queue is full. */
const NEVER_SENT = [
  'The client is closed',
  'The client is offline',
  'The queue is full',
  "Stream isn't writeable and enableOfflineQueue options is false",
  "Cluster isn't ready and enableOfflineQueue options is false",
]

/** What the server says begins with its code: OOM, READONLY, LOADING, NOAUTH, CLUSTERDOWN, ERR. */
const CODE = /^[A-Z]+(?= )/

/** The code of an error that the server itself has answered. */
export function codeOf(error: unknown): string | undefined {
  return CODE.exec(messageOf(error))?.[0]
}

/**
 * Does what sends one command, and makes a `StoreError` of its failure. What was never sent, or what the server refused, surely had no
 * effect: none of our scripts can fail behind its first write. Only where the client may have sent it twice, the first one may have had.
 */
export async function attempt<T>(connection: RedisConnection, operation: StoreOperation, command: () => Promise<T>): Promise<T> {
  const [ended, before] = [connection.hasEnded(), connection.resends()]
  try {
    return await command()
  } catch (error) {
    if (error instanceof StoreError) throw error
    const refused = codeOf(error) !== undefined && connection.resends() === before
    const surely = ended || refused || error instanceof UnconnectedError || NEVER_SENT.includes(messageOf(error))
    throw new StoreError(operation, error, surely ? { applied: false } : {})
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : ''
}
