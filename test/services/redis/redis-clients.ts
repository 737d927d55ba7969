import { Redis, type RedisOptions } from 'ioredis'
import { createClient } from 'redis'
import { afterAll, inject } from 'vitest'
import { type NodeRedisClient, RedisStore, type RedisStoreOptions } from '../../../src/stores/redis.ts'

/** The URL of the server of this run. Without a server it is `''`, and its tests are skipped. */
export const REDIS: string = inject('redis') ?? ''

export const LIBRARIES = ['redis', 'ioredis'] as const
export type Library = (typeof LIBRARIES)[number]

/** Returns a new prefix. */
export function freshPrefix(): string {
  count += 1
  return `p${process.pid}_${count}:`
}

/** Returns a client of `redis`, which is closed after the test file. */
export async function nodeRedis(options: object = {}): Promise<NodeRedisClient & { destroy(): void }> {
  const client = createClient({ url: REDIS, ...options })
  client.on('error', () => undefined)
  open.push(() => client.destroy())
  return client.connect()
}

/** Returns a client of `ioredis`, which is closed after the test file. */
export function ioRedis(options: RedisOptions = {}, url: string = REDIS): Redis {
  const client = new Redis(Number(new URL(url).port), options as { lazyConnect?: boolean })
  client.on('error', () => undefined)
  open.push(() => client.disconnect())
  return client
}

/** Returns a store with a new client of one of the libraries. */
export async function newStore(library: Library, url: string = REDIS, options: Partial<RedisStoreOptions> = {}): Promise<RedisStore> {
  const client = library === 'redis' ? await nodeRedis({ url }) : ioRedis({}, url)
  return new RedisStore({ client, prefix: freshPrefix(), ...options })
}

let count = 0
const open: (() => void)[] = []
afterAll(() => {
  for (const end of open.splice(0)) {
    try {
      end()
    } catch {
      // The client is closed already.
    }
  }
})
