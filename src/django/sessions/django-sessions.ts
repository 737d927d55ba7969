import { djangoCodec } from '../../codecs/django.ts'
import { parsePython } from '../../codecs/python-json.ts'
import type { SessionOptions } from '../../core/config/options.ts'
import type { RuleContext } from '../../core/config/profile.ts'
import { Sessions } from '../../core/manager/sessions.ts'
import type { Store } from '../../core/store/store.ts'
import type { Default, Described, PropertyClasses, Schemas } from '../../core/values/session-data.ts'
import type { MysqlPool, MysqlPromisePool } from '../../stores/mysql/mysql-client.ts'
import type { PgPool, PostgresJs } from '../../stores/postgres/pg-types.ts'
import type { SqliteDatabase } from '../../stores/sqlite/sqlite-database.ts'
import { DjangoSigner } from '../../wire/django-signing.ts'
import { type LocalTime, localTimeOf, utc } from '../format/local-time.ts'
import { type WarnOnce, warnOnce } from '../format/warn-once.ts'
import type { DjangoRows } from '../rows/django-rows.ts'
import { DjangoFileRows } from '../rows/file-rows.ts'
import { mysqlRows } from '../rows/mysql-rows.ts'
import { postgresRows } from '../rows/postgres-rows.ts'
import { sqliteRows } from '../rows/sqlite-rows.ts'
import { DjangoStore } from '../stores/django-store.ts'
import { SignedCookieStore } from '../stores/signed-cookie-store.ts'
import { maxValueLength } from './django-cookie.ts'
import { checkDjangoOptions, type DjangoDatabase, type DjangoOptions, sharedOptions } from './django-options.ts'
import { djangoProfile } from './django-profile.ts'

/** The salt of every `SessionStore` class of Django. */
const SALT = 'django.contrib.sessions.SessionStore'

/** The salt of the engine `signed_cookies`. */
const COOKIE_SALT = 'django.contrib.sessions.backends.signed_cookies'

/**
 * A compressed session is read up to this size, even with a smaller `maxSize`, because Django has
 * no limit. 16 MiB.
 */
const MIN_INFLATE_LIMIT = 1 << 24

/**
 * Creates the manager of the sessions of a Django site. It reads and writes Django's rows and
 * cookie by Django's names and rules, so a login on one side is a login on the other. Adapters
 * accept it like any manager.
 *
 * ```ts
 * const sessions = djangoSessions({ secretKey: process.env.SECRET_KEY ?? '', database: 'db.sqlite3' })
 * app.use(session(sessions))
 * ```
 *
 * Django creates the table (`manage.py migrate`). A session that was written here has the
 * additional property `_sojourn`, by which a write whose response was lost is recognized. Django
 * writes a session as a whole, so it can overwrite what was written here during one of its
 * requests. What is written here never overwrites changes of Django.
 *
 * @throws ConfigError when an option is not usable. Errors of the database are reported by the
 * first operation, as `StoreError`.
 */
export function djangoSessions<const S extends Schemas>(
  options: Omit<DjangoOptions, 'schema' | 'properties'> & { readonly schema: S; readonly properties?: PropertyClasses<Described<S>> },
): Sessions<Described<S>>
export function djangoSessions<Data = Default>(options: DjangoOptions): Sessions<Data>
// oxlint-disable-next-line typescript/no-explicit-any -- the overloads above have the types
export function djangoSessions(options: DjangoOptions): Sessions<any> {
  checkDjangoOptions(options)
  const { cookie = {}, onWarning } = options
  const warn = warnOnce(onWarning)
  const profile = djangoProfile(options, siteTimeOf(options), warn)
  const sessionOptions: SessionOptions = {
    ...sharedOptions(options),
    store: createStore(options, { profile, lifetime: profile.lifetime(), parse: parsePython }, warn),
    codec: djangoCodec,
    clearExpired: false, // Django's rows are cleared by Django: manage.py clearsessions
    cookie: toCookieOptions(cookie),
  }
  return new Sessions(sessionOptions, profile)
}

function createStore(options: DjangoOptions, context: RuleContext, warn: WarnOnce): Store {
  const { signedCookies, clock = Date.now, cookie = {}, columns } = options
  const signer = createSigner(options)
  if (signedCookies === true) return new SignedCookieStore({ signer, context, clock, warn, maxLength: maxValueLength(cookie) })
  return new DjangoStore({ rows: createRows(options, signer, context), signer, clock, warn, columns })
}

function createSigner({ secretKey, fallbacks = [], signedCookies, salt, maxSize = 0 }: DjangoOptions): DjangoSigner {
  const defaultSalt = signedCookies === true ? COOKIE_SALT : SALT
  return new DjangoSigner([secretKey, ...fallbacks], salt ?? defaultSalt, Math.max(2 * maxSize, MIN_INFLATE_LIMIT))
}

function createRows(options: DjangoOptions, signer: DjangoSigner, context: RuleContext): DjangoRows {
  const { database, directory, databaseTimeZone, cookie: { name: cookieName = 'sessionid' } = {} } = options
  const localTime = databaseTimeZone === undefined ? siteTimeOf(options) : localTimeOf(databaseTimeZone, 'databaseTimeZone')
  const table = { name: options.table ?? 'django_session', columns: Object.keys(options.columns ?? {}) }
  if (directory !== undefined) return new DjangoFileRows({ directory, cookieName, signer, context })
  if (isSqlite(database)) return sqliteRows(database, table, localTime)
  return isMysql(database) ? mysqlRows(database, table, localTime) : postgresRows(database as PgPool | PostgresJs, table)
}

function siteTimeOf({ timeZone }: DjangoOptions): LocalTime {
  return timeZone === undefined ? utc : localTimeOf(timeZone)
}

function isSqlite(database: DjangoDatabase | undefined): database is string | SqliteDatabase {
  return typeof database === 'string' || typeof (database as Partial<SqliteDatabase>).prepare === 'function'
}

function isMysql(database: DjangoDatabase | undefined): database is MysqlPool | MysqlPromisePool {
  return database !== undefined && ['getConnection', 'pool'].some((name) => name in (database as object))
}

/**
 * Django's cookie in a form that `checkOptions` accepts: it rejects `secure: false`, `sameSite:
 * false` and a dot before the domain.
 */
function toCookieOptions(options: NonNullable<DjangoOptions['cookie']>): NonNullable<SessionOptions['cookie']> {
  const { secure, domain, sameSite, ...cookie } = options
  return {
    ...cookie,
    secure: secure === true ? true : 'auto',
    ...(sameSite === undefined || sameSite === false ? {} : { sameSite }),
    ...(domain === undefined ? {} : { domain: domain.replace(/^\./, '') }),
  }
}
