import { Cluster, Redis, type RedisOptions } from 'ioredis'
import { createCluster, createSentinel } from 'redis'
import { afterAll } from 'vitest'
import type { RedisClient } from '../../src/stores/redis.ts'
import type { RedisCluster } from './redis-cluster.ts'
import { MASTER_NAME, type RedisSentinels } from './redis-sentinel.ts'

/**
 * `plain`: no settings but where the servers are. `alert`: with those that docs/stores.md recommends, so that a server that hangs, and does
 * not end its connections, is left.
 */
export type Settings = 'plain' | 'alert'

const SOCKET_TIMEOUT = 2000
const ALERT = { pingInterval: 1000, socket: { socketTimeout: SOCKET_TIMEOUT } }

// All clients end with the test file. Their errors go to whoever waits for an answer.

/** Clients of a Cluster, by the name of their package. */
export const clusterClients: Readonly<Record<'redis' | 'ioredis', (cluster: RedisCluster, settings?: Settings) => Promise<RedisClient>>> = {
  async redis({ nodes }, settings = 'plain') {
    const rootNodes = nodes.map(({ host, port }) => ({ socket: { host, port } }))
    const alert = { topologyRefreshOnReconnectionAttemptStrategy: 500, defaults: ALERT }
    const client = createCluster({ rootNodes, ...(settings === 'alert' ? alert : {}) })
    client.on('error', ignore)
    open.push(() => client.destroy())
    await client.connect()
    return client
  },

  async ioredis({ nodes }, settings = 'plain') {
    const redisOptions = settings === 'alert' ? { socketTimeout: SOCKET_TIMEOUT } : {}
    const client = new Cluster(nodes.map(placeOf), { redisOptions })
    client.on('error', ignore)
    open.push(() => client.disconnect())
    return client
  },
}

/** Clients of whatever server the Sentinels call the master. */
export const sentinelClients: Readonly<
  Record<'redis' | 'ioredis', (sentinels: RedisSentinels, settings?: Settings) => Promise<RedisClient>>
> = {
  async redis({ sentinels }, settings = 'plain') {
    const alert = { nodeClientOptions: ALERT, scanInterval: 1000 }
    const sentinelRootNodes = sentinels.map(placeOf)
    const client = createSentinel({ name: MASTER_NAME, sentinelRootNodes, ...(settings === 'alert' ? alert : {}) })
    client.on('error', ignore)
    open.push(() => client.destroy())
    await client.connect()
    return client
  },

  async ioredis({ sentinels }, settings = 'plain') {
    const alert: RedisOptions = { failoverDetector: true, socketTimeout: SOCKET_TIMEOUT }
    const place: RedisOptions = { name: MASTER_NAME, sentinels: sentinels.map(placeOf) }
    const client = new Redis({ ...place, ...(settings === 'alert' ? alert : {}) } as object)
    client.on('error', ignore)
    open.push(() => client.disconnect())
    return client
  },
}

function placeOf({ host, port }: { readonly host: string; readonly port: number }): { host: string; port: number } {
  return { host, port }
}

function ignore(): void {}

const open: (() => unknown)[] = []
afterAll(async () => {
  await Promise.allSettled(open.splice(0).map(async (end) => end()))
})
