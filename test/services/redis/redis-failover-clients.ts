import { Cluster, Redis } from 'ioredis'
import { createCluster, createSentinel } from 'redis'
import { afterAll } from 'vitest'
import type { RedisClient } from '../../../src/stores/redis.ts'
import type { RedisCluster } from './redis-cluster.ts'
import { MASTER_NAME, type RedisSentinels } from './redis-sentinel.ts'

// Clients with no options except the addresses, which are closed after the test file. The commands
// reject with their errors.

/** The address by which each server is reached, by the address it announces. */
export type AddressMap = Record<string, { host: string; port: number }>

/** Connects a `createCluster` of `redis`. */
export async function nodeCluster(
  { nodes }: RedisCluster,
  { detours = {}, ...options }: { readonly useReplicas?: boolean; readonly detours?: AddressMap } = {},
): Promise<RedisClient> {
  const client = createCluster({ rootNodes: nodes.map((node) => ({ socket: addressOf(node) })), nodeAddressMap: detours, ...options })
  client.on('error', ignore)
  open.push(() => client.destroy())
  await client.connect()
  return client
}

/** Connects a `Cluster` of `ioredis`. */
export async function ioCluster({ nodes }: RedisCluster, { detours = {} }: { readonly detours?: AddressMap } = {}): Promise<RedisClient> {
  const client = new Cluster(nodes.map(addressOf), { natMap: detours })
  client.on('error', ignore)
  open.push(() => client.disconnect())
  return client
}

/** Connects a `createSentinel` of `redis`. */
export async function nodeSentinel({ sentinels }: RedisSentinels): Promise<RedisClient> {
  const client = createSentinel({ name: MASTER_NAME, sentinelRootNodes: sentinels.map(addressOf) })
  client.on('error', ignore)
  open.push(() => client.destroy())
  await client.connect()
  return client
}

/** Connects a `Redis` of `ioredis` that gets its server from Sentinels. */
export async function ioSentinel({ sentinels }: RedisSentinels, failoverDetector = false): Promise<RedisClient> {
  const client = new Redis({ name: MASTER_NAME, sentinels: sentinels.map(addressOf), failoverDetector })
  client.on('error', ignore)
  open.push(() => client.disconnect())
  return client
}

function addressOf({ host, port }: { readonly host: string; readonly port: number }): { host: string; port: number } {
  return { host, port }
}

function ignore(): void {}

const open: (() => unknown)[] = []
afterAll(async () => {
  await Promise.allSettled(open.splice(0).map(async (end) => end()))
})
