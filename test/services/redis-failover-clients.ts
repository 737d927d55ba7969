import { Cluster, Redis, type RedisOptions } from 'ioredis'
import { createCluster, createSentinel, type RedisClusterOptions } from 'redis'
import { afterAll } from 'vitest'
import type { RedisClient } from '../../src/stores/redis-client.ts'
import type { RedisCluster } from './redis-cluster.ts'
import { MASTER_NAME, type RedisSentinels } from './redis-sentinel.ts'

// All of them end with the test file. Their errors go to whoever waits for an answer.

/** A `createCluster` of `redis`, with no settings but where it is and those given. */
export async function newCluster({ nodes }: RedisCluster, options: Partial<RedisClusterOptions> = {}): Promise<RedisClient> {
  const client = createCluster({ rootNodes: nodes.map(socketOf), ...options })
  client.on('error', ignore)
  open.push(() => client.destroy())
  await client.connect()
  return client
}

/** A `Cluster` of `ioredis`. */
export function newIoCluster({ nodes }: RedisCluster, options: IoClusterOptions = {}): RedisClient {
  const client = new Cluster(nodes.map(placeOf), options)
  client.on('error', ignore)
  open.push(() => client.disconnect())
  return client
}

/** A `createSentinel` of `redis`. */
export async function newSentinel({ sentinels }: RedisSentinels): Promise<RedisClient> {
  const client = createSentinel({ name: MASTER_NAME, sentinelRootNodes: sentinels.map(placeOf) })
  client.on('error', ignore)
  open.push(() => client.destroy())
  await client.connect()
  return client
}

/** A `Redis` of `ioredis` that asks Sentinels for its server. */
export function newIoSentinel({ sentinels }: RedisSentinels, options: object = {}): RedisClient {
  const found: RedisOptions = { name: MASTER_NAME, sentinels: sentinels.map(placeOf) }
  const client = new Redis({ ...found, ...options } as object)
  client.on('error', ignore)
  open.push(() => client.disconnect())
  return client
}

export type IoClusterOptions = NonNullable<ConstructorParameters<typeof Cluster>[1]>

interface Place {
  readonly host: string
  readonly port: number
}

function placeOf({ host, port }: Place): Place {
  return { host, port }
}

function socketOf(place: Place): { readonly socket: Place } {
  return { socket: placeOf(place) }
}

function ignore(): void {}

const open: (() => unknown)[] = []
afterAll(async () => {
  await Promise.allSettled(open.splice(0).map(async (end) => end()))
})
