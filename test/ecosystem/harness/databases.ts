import { afterAll, beforeAll } from 'vitest'
import { startPostgres } from '../../services/postgres/postgres.ts'
import { startRedis } from '../../services/redis/redis.ts'

/** Starts Redis and PostgreSQL for a file or a `describe`. Its tests find the URLs in the result. */
export function startDatabases(): { redis: string; postgres: string } {
  const urls = { redis: '', postgres: '' }
  const removals: (() => Promise<void>)[] = []

  beforeAll(async () => {
    for (const [name, server] of Object.entries({ redis: await startRedis(), postgres: await startPostgres() })) {
      if (typeof server === 'string') throw new Error(server)
      urls[name as keyof typeof urls] = server.url
      removals.push(() => server.remove())
    }
  })
  afterAll(async () => void (await Promise.all(removals.map((remove) => remove()))))
  return urls
}
