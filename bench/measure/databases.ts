import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startPostgres } from '../../test/services/postgres/postgres.ts'
import { startRedis } from '../../test/services/redis/redis.ts'
import type { StoreLocation } from '../stores/connections.ts'

/** The database servers of this run. */
export interface Databases {
  readonly location: Omit<StoreLocation, 'name'>
  remove(): Promise<void>
}

/**
 * Starts a PostgreSQL and a Redis for the bench. Neither waits for the disk, because that would
 * hide the cost of the clients.
 */
export async function startDatabases(): Promise<Databases> {
  const folder = mkdtempSync(join(tmpdir(), 'sojourn-bench-'))
  const [postgres, redis] = await Promise.all([startPostgres(), startRedis()])
  if (typeof postgres === 'string') throw new Error(postgres)
  if (typeof redis === 'string') throw new Error(redis)
  return {
    location: { folder, postgres: postgres.url, redis: redis.url },
    async remove() {
      await Promise.all([postgres.remove(), redis.remove()])
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
