import type { PeerSession } from '../servers/handlers.ts'
import { LIFETIME } from '../servers/library.ts'
import { countOperations } from './operations.ts'
import { openRedis, type StoreLocation } from './connections.ts'

/** For libraries that bring no store and name the functions one needs. This is the cheapest there can be. */
export interface JsonInRedis {
  get(id: string): Promise<PeerSession | null>
  set(id: string, data: object): Promise<void>
  delete(id: string): Promise<void>
  destroy(id: string): Promise<void>
}

export async function jsonInRedis(place: StoreLocation): Promise<JsonInRedis> {
  const client = await openRedis(place)
  const key = (id: string): string => `${place.name}:${id}`
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
