import { monotonic } from '../../core/base/clock.ts'
import { ConfigError, StoreError } from '../../core/base/errors.ts'
import type { Store } from '../../core/store/store.ts'
import type { NodeRedisClient, NodeRedisCluster } from '../redis.ts'
import { inTime } from '../shared/in-time.ts'
import { missingDriver } from './missing-driver.ts'
import { owning } from './owning.ts'
import type { StoreUrl } from './store-url.ts'

/** `redis://user:password@host:6379/0?prefix=shop:`, `rediss://…` */
export async function openRedis(url: StoreUrl): Promise<Store> {
  const prefix = prefixOf(url)
  const socket = new Reconnecting()
  const { createClient } = await import('redis').catch(missingDriver('redis', url.scheme))
  const client = createClient({ url: url.forDriver(), socket })
  return connected(client, socket, prefix)
}

/** `redis+cluster://user:password@host1:6379,host2:6379?prefix=shop:`, `rediss+cluster://…` */
export async function openRedisCluster(url: StoreUrl): Promise<Store> {
  const prefix = prefixOf(url)
  const scheme = url.scheme.replace('+cluster', '')
  const [, login = '', hosts = ''] = /^\/\/(.*@)?([^/]*)\/?$/.exec(url.place) ?? []
  const urls = hosts.split(',').map((host) => `${scheme}://${login}${host}`)
  if (!urls.every((each) => URL.canParse(each) && new URL(each).hostname !== ''))
    throw new ConfigError(`The URL of a cluster looks like \`${url.scheme}://user:password@host1:6379,host2:6379\`.`)
  const { username, password } = new URL(urls[0] as string)
  const socket = new Reconnecting()
  const { createCluster } = await import('redis').catch(missingDriver('redis', url.scheme))
  const cluster = createCluster({
    rootNodes: urls.map((each) => ({ url: each })),
    defaults: {
      ...(username !== '' && { username: decodeURIComponent(username) }),
      ...(password !== '' && { password: decodeURIComponent(password) }),
      socket: scheme === 'rediss' ? Object.assign(socket, { tls: true as const }) : socket,
    },
  })
  return connected(cluster, socket, prefix)
}

const CONNECT_TIMEOUT = 5000

/** A connection that broke is made again for ever, but one that never was is an error at once. */
class Reconnecting {
  readonly connectTimeout = CONNECT_TIMEOUT
  /** Whether there was a connection. */
  had = false

  readonly reconnectStrategy = (retries: number, cause: Error): number | Error =>
    this.had ? Math.min(2 ** retries * 50, 500) * (0.9 + Math.random() / 10) : cause
}

type Client = (NodeRedisClient | NodeRedisCluster) & {
  on(event: 'error', listener: () => void): unknown
  connect(): Promise<unknown>
  close(): Promise<unknown>
  destroy(): void
}

async function connected(client: Client, reconnecting: Reconnecting, prefix: { readonly prefix?: string }): Promise<Store> {
  // Whatever it means for a command, that one fails with.
  client.on('error', () => undefined)
  const { RedisStore } = await import('../redis.ts')
  const store = new RedisStore({ client, ...prefix })
  try {
    // A server that takes the connection and says nothing has the client wait for ever.
    await inTime(client.connect(), monotonic() + CONNECT_TIMEOUT, `Redis did not answer within ${CONNECT_TIMEOUT / 1000} seconds`)
  } catch (error) {
    destroy(client)
    throw new StoreError('open', error, { applied: false })
  }
  reconnecting.had = true
  return owning(store, () => ended(client))
}

/** In order where the server is there; else there is no answer to wait for. */
async function ended(client: Client): Promise<void> {
  const late = new Promise((resolve) => setTimeout(resolve, 1000).unref())
  await Promise.race([client.close().catch(() => undefined), late])
  destroy(client)
}

function destroy(client: Client): void {
  try {
    client.destroy()
  } catch {
    // It is closed already.
  }
}

function prefixOf(url: StoreUrl): { readonly prefix?: string } {
  const prefix = url.take('prefix')
  url.refuseRest(['prefix'])
  return prefix === undefined ? {} : { prefix }
}
