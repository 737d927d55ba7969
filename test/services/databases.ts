// Starts the databases once for a whole run of vitest and tells the tests where they are (globalSetup in vitest.config.ts).
import type { TestProject } from 'vitest/node'
import { startMysql } from './mysql/mysql.ts'
import { startPostgres } from './postgres/postgres.ts'
import { startRedis } from './redis/redis.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    /** Where MariaDB is; `undefined` when there is none. */
    readonly mysql: string | undefined
    /** Where PostgreSQL is; `undefined` when there is none. */
    readonly postgres: string | undefined
    /** Where Redis is; `undefined` when there is none. */
    readonly redis: string | undefined
  }
}

/** How each is started; a text says why it cannot be. */
const SERVERS = { mysql: () => startMysql(), postgres: () => startPostgres(), redis: () => startRedis() } as const

export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  const names = Object.keys(SERVERS) as (keyof typeof SERVERS)[]
  const removals = await Promise.all(names.map((name) => begin(name, project)))
  return async () => void (await Promise.all(removals.map(async (remove) => remove?.())))
}

async function begin(name: keyof typeof SERVERS, project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const server = await SERVERS[name]()
  project.provide(name, typeof server === 'string' ? undefined : server.url)
  if (typeof server !== 'string') return () => server.remove()
  if (process.env['CI'] !== undefined) throw new Error(`The tests of ${name} cannot run: ${server}`)
  console.warn(`The tests of ${name} are skipped: ${server}`)
  return undefined
}
