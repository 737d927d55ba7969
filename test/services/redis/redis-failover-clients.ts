import { Cluster, Redis } from 'ioredis'
import { createCluster, createSentinel } from 'redis'
import { afterAll } from 'vitest'
import type { RedisClient } from '../../../src/stores/redis.ts'
import type { RedisCluster } from './redis-cluster.ts'
import { MASTER_NAME, type RedisSentinels } from './redis-sentinel.ts'

// All of them have no settings but where the servers are, and end with the test file. Their errors go to whoever waits for an answer.

/** Where each server is to be found instead of where it says. */
export type Detours = Record<string, { host: string; port: number }>

/** The `createCluster` of `redis`. */
export async function nodeCluster(
  { nodes }: RedisCluster,
  { detours = {}, ...options }: { readonly useReplicas?: boolean; readonly detours?: Detours } = {},
): Promise<RedisClient> {
  const client = createCluster({ rootNodes: nodes.map((node) => ({ socket: placeOf(node) })), nodeAddressMap: detours, ...options })
  client.on('error', ignore)
  open.push(() => client.destroy())
  await client.connect()
  return client
}

/** The `Cluster` of `ioredis`. */
export async function ioCluster({ nodes }: RedisCluster, { detours = {} }: { readonly detours?: Detours } = {}): Promise<RedisClient> {
  const client = new Cluster(nodes.map(placeOf), { natMap: detours })
  client.on('error', ignore)
  open.push(() => client.disconnect())
  return client
}

/** The `createSentinel` of `redis`. */
export async function nodeSentinel({ sentinels }: RedisSentinels): Promise<RedisClient> {
  const client = createSentinel({ name: MASTER_NAME, sentinelRootNodes: sentinels.map(placeOf) })
  client.on('error', ignore)
  open.push(() => client.destroy())
  await client.connect()
  return client
}

/** A `Redis` of `ioredis` that asks Sentinels for its server. */
export async function ioSentinel({ sentinels }: RedisSentinels, failoverDetector = false): Promise<RedisClient> {
  const client = new Redis({ name: MASTER_NAME, sentinels: sentinels.map(placeOf), failoverDetector })
  client.on('error', ignore)
  open.push(() => client.disconnect())
  return client
}

function placeOf({ host, port }: { readonly host: string; readonly port: number }): { host: string; port: number } {
  return { host, port }
}

function ignore(): void {}

const open: (() => unknown)[] = []
afterAll(async () => {
  await Promise.allSettled(open.splice(0).map(async (end) => end()))
})
