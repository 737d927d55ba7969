import { monotonic, sleepUnref } from '../../core/base/clock.ts'
import { withDeadline } from '../../core/base/deadline.ts'
import { ConfigError, StoreError } from '../../core/base/errors.ts'
import type { Store } from '../../core/store/store.ts'
import { remedyFor } from '../redis/redis-errors.ts'
import type { NodeRedisClient, NodeRedisCluster } from '../redis.ts'
import { definedOptions, missingDriver, withClient } from './driver.ts'
import type { StoreUrl } from './store-url.ts'

/** Opens `redis://user:password@host:6379/0?prefix=shop:`, `rediss://…`. */
export async function openRedis(url: StoreUrl): Promise<Store> {
  const prefix = prefixOf(url)
  const socket = new SocketOptions()
  const { createClient } = await import('redis').catch(missingDriver('redis', url.scheme))
  return connect(createClient({ url: url.forDriver(), socket }), socket, prefix)
}

/**
 * Opens `redis+cluster://user:password@host1:6379,host2:6379?prefix=shop:`, `rediss+cluster://…`.
 */
export async function openRedisCluster(url: StoreUrl): Promise<Store> {
  const prefix = prefixOf(url)
  const scheme = url.scheme.replace('+cluster', '')
  const [, login = '', hosts = ''] = /^\/\/(.*@)?([^/]*)\/?$/.exec(url.location) ?? []
  const urls = hosts.split(',').map((host) => `${scheme}://${login}${host}`)
  if (!urls.every((node) => URL.canParse(node) && new URL(node).hostname !== ''))
    throw new ConfigError(`The URL of the Redis Cluster is invalid. Write it as \`${url.scheme}://user:password@host1:6379,host2:6379\`.`)
  const { username, password } = new URL(urls[0] as string)
  const socket = new SocketOptions()
  const { createCluster } = await import('redis').catch(missingDriver('redis', url.scheme))
  const cluster = createCluster({
    rootNodes: urls.map((node) => ({ url: node })),
    defaults: {
      ...(username !== '' && { username: decodeURIComponent(username) }),
      ...(password !== '' && { password: decodeURIComponent(password) }),
      socket: scheme === 'rediss' ? Object.assign(socket, { tls: true as const }) : socket,
    },
  })
  return connect(cluster, socket, prefix)
}

const CONNECT_TIMEOUT = 5000
const CLOSE_TIMEOUT = 1000

/**
 * Reconnects without limit after a lost connection. If the first connection fails, it rejects at
 * once.
 */
class SocketOptions {
  readonly connectTimeout = CONNECT_TIMEOUT
  wasConnected = false

  readonly reconnectStrategy = (retries: number, cause: Error): number | Error =>
    this.wasConnected ? Math.min(2 ** retries * 50, 500) * (0.9 + Math.random() / 10) : cause
}

type Client = (NodeRedisClient | NodeRedisCluster) & {
  on(event: 'error', listener: () => void): unknown
  connect(): Promise<unknown>
  close(): Promise<unknown>
  destroy(): void
}

async function connect(client: Client, socket: SocketOptions, prefix: string | undefined): Promise<Store> {
  client.on('error', () => undefined) // the operations reject with the error
  const { RedisStore } = await import('../redis.ts')
  const store = new RedisStore({ client, ...definedOptions({ prefix }) })
  try {
    // Without this limit the client would wait forever for a server that accepts the connection and
    // does not reply.
    await withDeadline(client.connect(), monotonic() + CONNECT_TIMEOUT, `Redis did not reply within ${CONNECT_TIMEOUT / 1000} seconds`)
  } catch (error) {
    destroy(client)
    throw new StoreError('open', error, { applied: false, remedy: remedyFor(error) })
  }
  socket.wasConnected = true
  return withClient(store, () => close(client))
}

/** Waits for pending commands if the server replies. */
async function close(client: Client): Promise<void> {
  await Promise.race([client.close().catch(() => undefined), sleepUnref(CLOSE_TIMEOUT)])
  destroy(client)
}

function destroy(client: Client): void {
  try {
    client.destroy()
  } catch {
    // It is closed already.
  }
}

function prefixOf(url: StoreUrl): string | undefined {
  const prefix = url.take('prefix')
  url.refuseUnknown(['prefix'])
  return prefix
}
