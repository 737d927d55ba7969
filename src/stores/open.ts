import { ConfigError, SessionError } from '../core/base/errors.ts'
import type { Store } from '../core/store/store.ts'
import { openMemory } from './open/open-memory.ts'
import { openMysql } from './open/open-mysql.ts'
import { openPostgres } from './open/open-postgres.ts'
import { openRedis, openRedisCluster } from './open/open-redis.ts'
import { openSqlite } from './open/open-sqlite.ts'
import { readStoreUrl, type StoreUrl } from './open/store-url.ts'

/** How `openStore` goes about it, beside what the URL says. */
export interface OpenStoreOptions {
  /** Creates tables and indexes at the first use, where they are missing. Default `true`. */
  readonly createTable?: boolean
  /** Refuses a SQLite file that is not there, with a `ConfigError`, where it would be created otherwise. Default `false`. */
  readonly existing?: boolean
}

type Opener = (url: StoreUrl, options: OpenStoreOptions) => Promise<Store>

const OPENERS: Readonly<Record<string, Opener>> = {
  sqlite: openSqlite,
  postgres: openPostgres,
  postgresql: openPostgres,
  mysql: openMysql,
  mariadb: openMysql,
  redis: openRedis,
  rediss: openRedis,
  'redis+cluster': openRedisCluster,
  'rediss+cluster': openRedisCluster,
  memory: openMemory,
}

/** The form of each, for whoever wrote another one. */
const FORMS = [
  'sqlite:sessions.db',
  'postgres://user@host/database',
  'mysql://user@host/database',
  'redis://host',
  'redis+cluster://host1,host2',
  'memory:',
]

/**
 * Opens a store by its URL, with a client of its own that `close()` ends. The driver is loaded now, the database is asked at the first use.
 *
 * | URL | driver | parameters of ours |
 * |---|---|---|
 * | `sqlite:sessions.db`, `sqlite:///var/lib/app/sessions.db` | `node:sqlite` | `table`, `durability`, `busyTimeout` |
 * | `postgres://user:password@host/database` | `pg` | `table` |
 * | `mysql://user:password@host/database` | `mysql2` | `table`, `statementTimeout` |
 * | `redis://user:password@host:6379/0`, `rediss://…` over TLS | `redis` | `prefix` |
 * | `redis+cluster://user:password@host1:6379,host2:6379`, `rediss+cluster://…` | `redis` | `prefix` |
 * | `memory:` | none | `max` |
 *
 * All other parameters go to the driver, as in its own URLs: `postgres://…?table=app.sessions&sslmode=verify-full`; that of Redis knows none.
 * What is special in a URL is percent-encoded, in a password too. No message ever shows the URL.
 *
 * Only Redis is connected to at once; if it is not there when the process starts, that is a `StoreError`. Connections that break later are
 * made again by the driver.
 *
 * ```ts
 * import { createSessions } from 'sojourn'
 * import { openStore } from 'sojourn/stores/open'
 *
 * const sessions = createSessions({ store: await openStore(process.env.SOJOURN_STORE ?? 'sqlite:sessions.db') })
 * ```
 *
 * @throws ConfigError when the URL or an option cannot be used, or the driver is not installed.
 */
export async function openStore(url: string, options: OpenStoreOptions = {}): Promise<Store> {
  const read = readStoreUrl(url)
  const opener = Object.hasOwn(OPENERS, read.scheme) ? OPENERS[read.scheme] : undefined
  if (opener !== undefined) return opener(read, options).catch(refusedByDriver(read.scheme))
  throw new ConfigError(`There is no store for URLs that begin with \`${read.scheme}:\`. Those there are look like ${FORMS.join(', ')}.`)
}

/** What a driver does not understand of a URL, it throws in its own way. Its error may show the URL, so only what it says is told. */
function refusedByDriver(scheme: string): (error: unknown) => never {
  return (error) => {
    if (error instanceof SessionError) throw error
    const why = error instanceof Error ? error.message : String(error)
    throw new ConfigError(`The URL of the \`${scheme}:\` store is refused by its driver: ${why}. A % in a password is written %25.`)
  }
}
