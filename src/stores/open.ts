import { ConfigError, SessionError } from '../core/base/errors.ts'
import { aBoolean, checkOptions, type OptionTable } from '../core/base/option-checks.ts'
import { messageOf } from '../core/base/realms.ts'
import type { Store } from '../core/store/store.ts'
import type { OpenStoreOptions } from './open/open-options.ts'
import { openRedis, openRedisCluster } from './open/open-redis.ts'
import { openMysql, openPostgres, openSqlite } from './open/open-sql.ts'
import { parseStoreUrl, type StoreUrl } from './open/store-url.ts'

export type { OpenStoreOptions }

const OPTIONS: OptionTable = {
  owner: 'openStore',
  checks: { createTable: aBoolean, existing: aBoolean },
  foreign: { table: 'write it in the URL, `sqlite:sessions.db?table=shop`', create: 'use `createTable`' },
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

/** Examples for the error message. */
const EXAMPLES =
  'sqlite:sessions.db, postgres://user@host/database, mysql://user@host/database, redis://host, redis+cluster://host1,host2 or memory:'

/**
 * Opens a store by its URL, with its own client, which `close()` closes. The driver is loaded now;
 * the database is used at the first operation.
 *
 * | URL | driver | parameters of the store |
 * |---|---|---|
 * | `sqlite:sessions.db`, `sqlite:///var/lib/app/sessions.db` | `node:sqlite` | `table`, `durability`, `busyTimeout` |
 * | `postgres://user:password@host/database` | `pg` | `table` |
 * | `mysql://user:password@host/database` | `mysql2` | `table`, `statementTimeout` |
 * | `redis://user:password@host:6379/0`, `rediss://…` over TLS | `redis` | `prefix` |
 * | `redis+cluster://user:password@host1:6379,host2:6379`, `rediss+cluster://…` | `redis` | `prefix` |
 * | `memory:` | none | `max` |
 *
 * All other parameters go to the driver, as in its own URLs:
 * `postgres://…?table=app.sessions&sslmode=verify-full`. The driver of Redis has none. Special
 * characters in a URL are percent-encoded, in a password too. No error message contains the URL.
 *
 * Redis is connected at once, and rejects with a `StoreError` if it is not available. The driver
 * reconnects connections that are lost later.
 *
 * ```ts
 * import { createSessions } from 'sojourn'
 * import { openStore } from 'sojourn/stores/open'
 *
 * const sessions = createSessions({ store: await openStore(process.env.SOJOURN_STORE ?? 'sqlite:sessions.db') })
 * ```
 *
 * @throws ConfigError when the URL or an option is invalid, or the driver is not installed.
 */
export async function openStore(url: string, options: OpenStoreOptions = {}): Promise<Store> {
  const given = checkOptions(options, OPTIONS)
  const parsed = parseStoreUrl(url)
  const { scheme } = parsed
  const open = Object.hasOwn(OPENERS, scheme) ? OPENERS[scheme] : undefined
  if (open !== undefined) return open(parsed, given).catch(toConfigError(scheme))
  throw new ConfigError(`There is no store for URLs that begin with \`${scheme}:\`. Pass a URL such as ${EXAMPLES}.`)
}

/** Opens `memory:`, `memory:?max=1000`. */
async function openMemory(url: StoreUrl): Promise<Store> {
  const max = url.take('max')
  url.refuseUnknown(['max'])
  if (url.location !== '') throw new ConfigError('The URL of a store in memory has a location. Write `memory:` or `memory:?max=…`.')
  const { MemoryStore } = await import('./memory.ts')
  return new MemoryStore(max === undefined ? {} : { max: Number(max) })
}

/**
 * Turns the error of a driver about a URL into a `ConfigError`. Only its message is kept, because
 * the error may contain the URL.
 */
function toConfigError(scheme: string): (error: unknown) => never {
  return (error) => {
    if (error instanceof SessionError) throw error
    const reason = messageOf(error)
    throw new ConfigError(`The driver rejected the URL of the \`${scheme}:\` store: ${reason}. Write %25 for a % in a password.`)
  }
}
