import { ConfigError } from '../core/errors.ts'
import type { Store } from '../core/store.ts'
import { openMemory } from './open-memory.ts'
import { openPostgres } from './open-postgres.ts'
import { openSqlite } from './open-sqlite.ts'
import { readStoreUrl, type StoreUrl } from './store-url.ts'

/** How `openStore` goes about it, beside what the URL says. */
export interface OpenStoreOptions {
  /** Creates tables and indexes at the first use, where they are missing. Default `true`. */
  readonly create?: boolean
}

type Opener = (url: StoreUrl, options: OpenStoreOptions) => Promise<Store>

const OPENERS: Readonly<Record<string, Opener>> = {
  sqlite: openSqlite,
  postgres: openPostgres,
  postgresql: openPostgres,
  memory: openMemory,
}

/** The form of each, for whoever wrote another one. */
const FORMS = ['sqlite:sessions.db', 'postgres://user@host/database', 'memory:']

/**
 * Opens a store by its URL, with a client of its own that `close()` ends. The driver is loaded now, the database is asked at the first use.
 *
 * | URL | driver | parameters of ours |
 * |---|---|---|
 * | `sqlite:sessions.db`, `sqlite:///var/lib/app/sessions.db` | `node:sqlite` | `table`, `durability`, `busyTimeout` |
 * | `postgres://user:password@host/database` | `pg` | `table` |
 * | `memory:` | none | `max` |
 *
 * All other parameters go to the driver, as in its own URLs: `postgres://…?table=app.sessions&sslmode=verify-full`. What is special in a URL
 * is percent-encoded, in a password too. A store that nobody uses keeps no process alive, and no message ever shows the URL.
 *
 * ```ts
 * import { openStore } from 'sojourn/stores/open'
 *
 * const store = await openStore(process.env.SOJOURN_STORE ?? 'sqlite:sessions.db')
 * app.use(session({ store }))
 * ```
 *
 * @throws ConfigError when the URL or an option cannot be used, or the driver is not installed.
 */
export async function openStore(url: string, options: OpenStoreOptions = {}): Promise<Store> {
  const read = readStoreUrl(url)
  const opener = Object.hasOwn(OPENERS, read.scheme) ? OPENERS[read.scheme] : undefined
  if (opener !== undefined) return opener(read, options)
  throw new ConfigError(`There is no store for URLs that begin with \`${read.scheme}:\`. Those there are look like ${FORMS.join(', ')}.`)
}
