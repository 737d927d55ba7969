import { checkOptions, type OptionTable, satisfies } from '../core/base/option-checks.ts'
import type { Channel } from '../core/store/channel.ts'
import { createChannel } from './create-channel.ts'

/** The methods that `postgresChannel` uses of a `Client` of `pg`. */
export interface PgListener {
  query(text: string, values?: string[]): Promise<unknown>
  on(event: 'notification', listener: (message: { readonly channel: string; readonly payload?: string | undefined }) => void): unknown
  on(event: 'error' | 'end', listener: () => void): unknown
  end(): Promise<void>
}

/** Options of `postgresChannel`. */
export interface PostgresChannelOptions {
  /**
   * Returns a connected `Client` of `pg`. It is called again after each lost connection, because a
   * `Client` cannot reconnect. The client must not come from a pool or go through a pooler in
   * transaction mode. `close()` of the channel ends it.
   */
  readonly connect: () => Promise<PgListener>
  /**
   * The name of the channel in PostgreSQL, the same in all processes of an application; at most 63
   * bytes. Default `'sojourn'`.
   */
  readonly name?: string
}

/**
 * Returns a channel over LISTEN and NOTIFY of PostgreSQL. Each NOTIFY is a small transaction, and
 * PostgreSQL commits only one of them at a time. With hundreds of writes a second, Redis is faster.
 *
 * ```ts
 * const connect = async () => {
 *   const client = new pg.Client({ connectionString })
 *   await client.connect()
 *   return client
 * }
 * const sessions = createSessions({ store, channel: postgresChannel({ connect }) })
 * ```
 *
 * @throws ConfigError when an option is invalid.
 */
export function postgresChannel(options: PostgresChannelOptions): Channel {
  const { connect, name = 'sojourn' } = checkOptions(options, OPTIONS)
  let current: PgListener | undefined
  let connections = 0
  const disconnect = async (): Promise<void> => {
    const client = current
    current = undefined
    if (client !== undefined) await end(client)
  }
  return createChannel({
    async publish(text) {
      if (current === undefined) throw new Error('there is no connection to publish with')
      await current.query('SELECT pg_notify($1, $2)', [name, text])
    },
    async subscribe({ onMessage, onDisconnect }) {
      const connection = ++connections
      void disconnect()
      const client = await connect()
      const onEnd = (): void => (client === current ? onDisconnect() : undefined)
      client.on('error', onEnd)
      client.on('end', onEnd)
      if (connection !== connections) return void end(client) // there is a newer connection, or the channel is closed
      current = client
      client.on('notification', ({ channel, payload = '' }) => (channel === name && client === current ? onMessage(payload) : undefined))
      await client.query(`LISTEN "${name.replaceAll('"', '""')}"`)
    },
    close() {
      connections += 1
      return disconnect()
    },
  })
}

async function end(client: PgListener): Promise<void> {
  await client.end().catch(() => undefined) // a broken connection has ended already
}

const MAX_NAME_BYTES = 63

const OPTIONS: OptionTable = {
  owner: 'postgresChannel',
  required: ['connect'],
  checks: {
    connect: satisfies((connect) => typeof connect === 'function', 'pass a function that returns a connected `Client` of pg'),
    name: satisfies(isChannelName, `pass a text of at most ${MAX_NAME_BYTES} bytes: \`'shop'\``),
  },
}

function isChannelName(name: unknown): boolean {
  const length = typeof name === 'string' && !name.includes('\0') ? new TextEncoder().encode(name).length : 0
  return length >= 1 && length <= MAX_NAME_BYTES
}
