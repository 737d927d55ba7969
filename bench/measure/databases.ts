import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient } from 'redis'
import { aptInstall, dataFolder, end, folderOf, freePort, launch } from '../../test/services/own-server.ts'
import { startPostgres } from '../../test/services/postgres.ts'
import type { Place } from '../servers/resources.ts'

/** Where the servers of this run are. */
export interface Databases {
  readonly place: Omit<Place, 'name'>
  remove(): Promise<void>
}

/** Starts a PostgreSQL and a Redis of the bench's own. Neither waits for the disk: it would hide what the client does. */
export async function startDatabases(): Promise<Databases> {
  const folder = mkdtempSync(join(tmpdir(), 'sojourn-bench-'))
  const [postgres, redis] = await Promise.all([startPostgres(), startRedis()])
  if (typeof postgres === 'string') throw new Error(postgres)
  return {
    place: { folder, postgres: postgres.url, redis: redis.url },
    async remove() {
      await Promise.all([postgres.remove(), redis.remove()])
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function startRedis(): Promise<{ readonly url: string; remove(): Promise<void> }> {
  const program = 'redis-server'
  if (folderOf(program) === undefined) aptInstall(program)
  const folder = dataFolder('redis')
  const port = await freePort()
  const url = `redis://127.0.0.1:${port}`
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', folder]
  const child = await launch({ program, args, options: {}, isReady: () => answers(url), signal: 'SIGTERM' })
  return {
    url,
    async remove() {
      await end(child, 'SIGTERM')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function answers(url: string): Promise<boolean> {
  const client = createClient({ url, socket: { reconnectStrategy: false } })
  client.on('error', () => undefined)
  try {
    await client.connect()
    client.destroy()
    return true
  } catch {
    return false
  }
}
