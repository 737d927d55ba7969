import { djangoCodec } from '../../codecs/django.ts'
import { parsePython } from '../../codecs/python-json.ts'
import type { SessionOptions } from '../../core/config/options.ts'
import type { RuleContext } from '../../core/config/profile.ts'
import { Sessions } from '../../core/manager/sessions.ts'
import type { Store } from '../../core/store/store.ts'
import type { Described, Schemas } from '../../core/values/schema.ts'
import type { Default } from '../../core/values/session-data.ts'
import type { MysqlPool, MysqlPromisePool } from '../../stores/mysql/mysql-client.ts'
import type { PgPool, PostgresJs } from '../../stores/postgres/postgres-client.ts'
import type { SqliteDatabase } from '../../stores/sqlite/sqlite-database.ts'
import { DjangoSigner } from '../../wire/django-signing.ts'
import type { DjangoRows } from '../rows/django-rows.ts'
import { type FileLife, fileLife } from '../rows/file-expiry.ts'
import { DjangoFileRows } from '../rows/file-rows.ts'
import { type LocalTime, localTimeOf, utc } from '../rows/local-time.ts'
import { mysqlRows } from '../rows/mysql-rows.ts'
import { postgresRows } from '../rows/postgres-rows.ts'
import { sqliteRows } from '../rows/sqlite-rows.ts'
import { DjangoStore } from '../stores/django-store.ts'
import { SignedCookieStore } from '../stores/signed-cookie-store.ts'
import { roomIn } from './django-cookie.ts'
import { checkDjangoOptions, type DjangoDatabase, type DjangoOptions, sharedOptions } from './django-options.ts'
import { type DjangoDialect, djangoDialect } from './django-profile.ts'

/** The salt of every `SessionStore` that comes with Django. */
const SALT = 'django.contrib.sessions.SessionStore'

/** The salt of the engine `signed_cookies`. */
const COOKIE_SALT = 'django.contrib.sessions.backends.signed_cookies'

/** What a compressed session may hold at the least, whatever `maxSize` says: Django knows no such limit. */
const MOST_INFLATED = 1 << 24

/**
 * Makes the manager of the sessions of a Django site: it reads and writes Django's own rows, with Django's cookie, names and rules. Whoever is
 * logged in on one side is logged in on the other. Adapters take it as any manager.
 *
 * ```ts
 * const sessions = djangoSessions({ secretKey: process.env.SECRET_KEY ?? '', database: 'db.sqlite3' })
 * app.use(session(sessions))
 * ```
 *
 * Django makes the table (`manage.py migrate`). Beside its properties a session that was written here holds `_sojourn`, by which a write whose
 * answer was lost is found again. Django replaces a session as a whole, so that it may undo what was written here while it was at work on
 * the same session; what is written here undoes nothing of Django's.
 *
 * @throws ConfigError when an option cannot be used. Whatever is wrong with the database is a `StoreError` of the first operation.
 */
export function djangoSessions<const S extends Schemas>(options: DjangoOptions & { readonly schema: S }): Sessions<Described<S>>
export function djangoSessions<Data = Default>(options: DjangoOptions): Sessions<Data>
// oxlint-disable-next-line typescript/no-explicit-any -- whatever the overloads above say
export function djangoSessions(options: DjangoOptions): Sessions<any> {
  checkDjangoOptions(options)
  const { timeZone, cookie = {} } = options
  const localTime = timeZone === undefined ? utc : localTimeOf(timeZone)
  const dialect = djangoDialect(options, localTime)
  const checked: SessionOptions = {
    ...sharedOptions(options),
    store: storeOf(options, localTime, readingOf(dialect)),
    codec: djangoCodec,
    cookie: checkable(cookie),
  }
  return new Sessions(checked, dialect)
}

function storeOf(options: DjangoOptions, localTime: LocalTime, reading: RuleContext): Store {
  const { signedCookies, clock = Date.now, cookie = {} } = options
  const signer = signerOf(options)
  if (signedCookies === true) return new SignedCookieStore({ signer, reading, most: roomIn(cookie) }, clock)
  return new DjangoStore(rowsOf(options, localTime, fileLife(signer, reading)), signer, clock)
}

function signerOf({
  secretKey,
  fallbacks = [],
  signedCookies,
  salt = signedCookies === true ? COOKIE_SALT : SALT,
  maxSize = 0,
}: DjangoOptions): DjangoSigner {
  return new DjangoSigner([secretKey, ...fallbacks], salt, Math.max(2 * maxSize, MOST_INFLATED))
}

function readingOf(dialect: DjangoDialect): RuleContext {
  return { profile: dialect, lifetime: dialect.lifetime(), parse: parsePython }
}

function rowsOf(options: DjangoOptions, localTime: LocalTime, life: FileLife): DjangoRows {
  const { database, directory, table = 'django_session', cookie: { name = 'sessionid' } = {} } = options
  if (directory !== undefined) return new DjangoFileRows(directory, name, life)
  if (isSqlite(database)) return sqliteRows(database, table, localTime)
  return isMysql(database) ? mysqlRows(database, table, localTime) : postgresRows(database as PgPool | PostgresJs, table)
}

function isSqlite(database: DjangoDatabase | undefined): database is string | SqliteDatabase {
  return typeof database === 'string' || typeof (database as Partial<SqliteDatabase>).prepare === 'function'
}

function isMysql(database: DjangoDatabase | undefined): database is MysqlPool | MysqlPromisePool {
  return database !== undefined && ['getConnection', 'pool'].some((name) => name in (database as object))
}

/** Django's cookie as the manager's own checks understand it: they know no cookie that does without Secure, and no dot before a domain. */
function checkable({ secure, domain, ...cookie }: NonNullable<DjangoOptions['cookie']>): NonNullable<SessionOptions['cookie']> {
  return { ...cookie, secure: secure === true ? true : 'auto', ...(domain === undefined ? {} : { domain: domain.replace(/^\./, '') }) }
}
