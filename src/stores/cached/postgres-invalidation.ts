import { invalidOption, refuseUnknownOptions } from '../shared/check-options.ts'
import type { Invalidation } from './invalidation.ts'

/** What `postgresInvalidation` needs of a `Client` of `pg`. */
export interface PgListener {
  query(text: string, values?: string[]): Promise<unknown>
  on(event: 'notification', listener: (message: { readonly channel: string; readonly payload?: string | undefined }) => void): unknown
  on(event: 'error' | 'end', listener: () => void): unknown
  end(): Promise<void>
}

/** Through which PostgreSQL processes tell each other what their caches have to drop. */
export interface PostgresInvalidationOptions {
  /**
   * Makes a connected `Client` of `pg`, and a new one whenever the last was lost. It must not go through a pooler in transaction mode, and must
   * not be out of a pool. It is ended with the store.
   */
  readonly connect: () => Promise<PgListener>
  /** Of the processes of one application the same; at most 63 bytes. Default `sojourn`. */
  readonly channel?: string
}

/**
 * Carries the invalidations of a `CachedStore` by LISTEN and NOTIFY of PostgreSQL. A NOTIFY is a small transaction, and PostgreSQL
 * lets only one of these commit at a time; where many writes a second come together, Redis carries more.
 *
 * ```ts
 * const connect = async () => {
 *   const client = new pg.Client({ connectionString })
 *   await client.connect()
 *   return client
 * }
 * const invalidation = postgresInvalidation({ connect })
 * const cached = new CachedStore({ store, cache: new MemoryStore(), maxStale: '1m', invalidation })
 * ```
 *
 * @throws ConfigError when an option cannot be used.
 */
export function postgresInvalidation(options: PostgresInvalidationOptions): Invalidation {
  const { connect, channel } = checked(options)
  let current: PgListener | undefined
  let connections = 0
  const leave = async (): Promise<void> => {
    const last = current
    current = undefined
    await last?.end().catch(ignore)
  }
  return {
    async listen(heard, lost) {
      const own = ++connections
      void leave()
      const client = await connect()
      const isLost = (): void => (client === current ? lost() : undefined)
      client.on('error', isLost)
      client.on('end', isLost)
      if (own !== connections) return void client.end().catch(ignore) // it came too late: there is another, or nobody listens any more
      current = client
      client.on('notification', (message) => (message.channel === channel && client === current ? heard(message.payload ?? '') : undefined))
      await client.query(`LISTEN "${channel.replaceAll('"', '""')}"`)
    },
    async tell(text) {
      if (current === undefined) throw new Error('there is no connection to tell it through')
      await current.query('SELECT pg_notify($1, $2)', [channel, text])
    },
    close() {
      connections += 1
      return leave()
    },
  }
}

const OPTIONS = ['connect', 'channel']
const LONGEST_CHANNEL = 63

function checked(options: PostgresInvalidationOptions): Required<PostgresInvalidationOptions> {
  const given: Partial<PostgresInvalidationOptions> = { ...options }
  refuseUnknownOptions('postgresInvalidation', given, OPTIONS)
  const { connect, channel = 'sojourn' } = given
  if (typeof connect !== 'function')
    throw invalidOption('postgresInvalidation', 'connect', connect, 'Give a function that makes a connected `Client` of pg.')
  const length = typeof channel === 'string' ? new TextEncoder().encode(channel).length : 0
  if (length < 1 || length > LONGEST_CHANNEL || channel.includes('\0'))
    throw invalidOption('postgresInvalidation', 'channel', channel, `Give a text of at most ${LONGEST_CHANNEL} bytes: \`'shop'\`.`)
  return { connect, channel }
}

function ignore(): void {
  // It has ended already.
}
