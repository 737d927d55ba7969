// Starts the databases once per run of vitest and provides their URLs to the tests (globalSetup in
// vitest.config.ts).
import type { TestProject } from 'vitest/node'
import { startMysql } from './mysql/mysql.ts'
import { startPostgres } from './postgres/postgres.ts'
import { startRedis } from './redis/redis.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    /** The URL of MariaDB; `undefined` if it is not available. */
    readonly mysql: string | undefined
    /** The URL of PostgreSQL; `undefined` if it is not available. */
    readonly postgres: string | undefined
    /** The URL of Redis; `undefined` if it is not available. */
    readonly redis: string | undefined
  }
}

/** Starts each server. A string is the reason why it is not available. */
const SERVERS = { mysql: () => startMysql(), postgres: () => startPostgres(), redis: () => startRedis() } as const

export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  const names = Object.keys(SERVERS) as (keyof typeof SERVERS)[]
  const removals = await Promise.all(names.map((name) => startServer(name, project)))
  return async () => void (await Promise.all(removals.map(async (remove) => remove?.())))
}

async function startServer(name: keyof typeof SERVERS, project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const server = await SERVERS[name]()
  project.provide(name, typeof server === 'string' ? undefined : server.url)
  if (typeof server !== 'string') return () => server.remove()
  if (process.env['CI'] !== undefined) throw new Error(`The tests of ${name} cannot run: ${server}`)
  console.warn(`The tests of ${name} are skipped: ${server}`)
  return undefined
}
