import type { PeerSession } from '../servers/handlers.ts'
import { LIFETIME } from '../servers/library.ts'
import { openRedis, type StoreLocation } from './connections.ts'
import { countOperations } from './operations.ts'

/**
 * For libraries without a store, which only define the methods of one. This is the cheapest
 * implementation.
 */
export interface JsonInRedis {
  get(id: string): Promise<PeerSession | null>
  set(id: string, data: object): Promise<void>
  delete(id: string): Promise<void>
  destroy(id: string): Promise<void>
}

export async function jsonInRedis(location: StoreLocation): Promise<JsonInRedis> {
  const client = await openRedis(location)
  const key = (id: string): string => `${location.name}:${id}`
  const remove = async (id: string): Promise<void> => void (await client.del(key(id)))
  return countOperations({
    async get(id: string) {
      const text = await client.get(key(id))
      return text === null ? null : (JSON.parse(text) as PeerSession)
    },
    async set(id: string, data: object) {
      await client.set(key(id), JSON.stringify(data), { expiration: { type: 'EX', value: LIFETIME.seconds } })
    },
    delete: remove,
    destroy: remove,
  })
}
