import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startPostgres } from '../../test/services/postgres/postgres.ts'
import { startRedis } from '../../test/services/redis/redis.ts'
import type { StoreLocation } from '../stores/connections.ts'

/** Where the servers of this run are. */
export interface Databases {
  readonly place: Omit<StoreLocation, 'name'>
  remove(): Promise<void>
}

/** Starts a PostgreSQL and a Redis of the bench's own. Neither waits for the disk: that would hide what the clients cost. */
export async function startDatabases(): Promise<Databases> {
  const folder = mkdtempSync(join(tmpdir(), 'sojourn-bench-'))
  const [postgres, redis] = await Promise.all([startPostgres(), startRedis()])
  if (typeof postgres === 'string') throw new Error(postgres)
  if (typeof redis === 'string') throw new Error(redis)
  return {
    place: { folder, postgres: postgres.url, redis: redis.url },
    async remove() {
      await Promise.all([postgres.remove(), redis.remove()])
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
