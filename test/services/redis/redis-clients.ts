import { Redis, type RedisOptions } from 'ioredis'
import { createClient } from 'redis'
import { afterAll, inject } from 'vitest'
import { type NodeRedisClient, RedisStore, type RedisStoreOptions } from '../../../src/stores/redis.ts'

/** Where the server of this run is; `''` where there is none, and then the tests of it are skipped. */
export const REDIS: string = inject('redis') ?? ''

export const LIBRARIES = ['redis', 'ioredis'] as const
export type Library = (typeof LIBRARIES)[number]

/** A prefix that nobody had before. */
export function freshPrefix(): string {
  count += 1
  return `p${process.pid}_${count}:`
}

/** A client of `redis`, which ends with the test file. */
export async function nodeRedis(options: object = {}): Promise<NodeRedisClient & { destroy(): void }> {
  const client = createClient({ url: REDIS, ...options })
  client.on('error', () => undefined)
  open.push(() => client.destroy())
  return client.connect()
}

/** A client of `ioredis`, which ends with the test file. */
export function ioRedis(options: RedisOptions = {}, url: string = REDIS): Redis {
  const client = new Redis(Number(new URL(url).port), options as { lazyConnect?: boolean })
  client.on('error', () => undefined)
  open.push(() => client.disconnect())
  return client
}

/** A store through a new client of one of the libraries. */
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
      // It has ended before.
    }
  }
})
