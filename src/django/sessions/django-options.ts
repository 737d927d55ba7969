import type { Duration } from '../../core/base/duration.ts'
import { ConfigError } from '../../core/base/errors.ts'
import { formatValue } from '../../core/base/format.ts'
import {
  aBoolean,
  aDuration,
  aFunction,
  aText,
  type Check,
  checkOptions,
  invalidOption,
  type OptionTable,
  oneOf,
  satisfies,
} from '../../core/base/option-checks.ts'
import type { SessionOptions } from '../../core/config/options.ts'
import { PREFIX } from '../../core/cookie/cookie-transport.ts'
import type { MysqlPool, MysqlPromisePool } from '../../stores/mysql/mysql-client.ts'
import type { PgPool, PostgresJs } from '../../stores/postgres/pg-types.ts'
import { aTable, aTableOfSchema } from '../../stores/shared/store-options.ts'
import type { SqliteDatabase } from '../../stores/sqlite/sqlite-database.ts'
import type { SessionAuthHash } from '../format/auth-hashes.ts'
import type { DjangoColumns } from '../stores/django-columns.ts'
import type { DjangoCookieOptions } from './django-cookie.ts'

/**
 * The database of Django's table: a path or an open database of SQLite, or a pool of PostgreSQL,
 * MySQL or MariaDB.
 */
export type DjangoDatabase = string | SqliteDatabase | PgPool | PostgresJs | MysqlPool | MysqlPromisePool

/**
 * Options of `djangoSessions`. Give exactly one of `database`, `directory` and `signedCookies`. The
 * options that have no counterpart in Django mean the same as in `SessionOptions`.
 */
export interface DjangoOptions
  extends Pick<
    SessionOptions,
    'absolute' | 'lazy' | 'whenEnded' | 'maxSize' | 'timeout' | 'channel' | 'schema' | 'properties' | 'as' | 'onEvent' | 'clock' | 'random'
  > {
  /** Django's `SECRET_KEY`. */
  readonly secretKey: string
  /** Django's `SECRET_KEY_FALLBACKS`: former keys, whose signatures are still accepted. */
  readonly fallbacks?: readonly string[]
  /** The database of `django_session`, for Django's engine `db`. */
  readonly database?: DjangoDatabase
  /**
   * The name of the table. Default `django_session`. On PostgreSQL and MySQL a schema may precede
   * it.
   */
  readonly table?: string
  /** `SESSION_FILE_PATH`, for Django's engine `file`. */
  readonly directory?: string
  /**
   * The further columns of a custom session model, as its `create_model_instance` fills them. Each
   * function is called with all properties of the session whenever it is written.
   *
   * ```ts
   * djangoSessions({ secretKey: SECRET_KEY, database: pool, columns: { account_id: (data) => data._auth_user_id } })
   * ```
   */
  readonly columns?: DjangoColumns
  /** `true` for Django's engine `signed_cookies`: the cookie contains the session. */
  readonly signedCookies?: boolean
  /** `SESSION_COOKIE_…`. */
  readonly cookie?: DjangoCookieOptions
  /**
   * `SESSION_COOKIE_AGE`: how long after a save a session expires. Seconds, or a text such as
   * `'14d'`. Default two weeks.
   */
  readonly cookieAge?: Duration | number
  /** `SESSION_EXPIRE_AT_BROWSER_CLOSE`. Default `false`. */
  readonly expireAtBrowserClose?: boolean
  /**
   * `SESSION_SAVE_EVERY_REQUEST`: every request with a session extends its lifetime and sends its
   * cookie again. Default `false`.
   */
  readonly saveEveryRequest?: boolean
  /**
   * `TIME_ZONE` of a site with `USE_TZ = False`, whose dates are local times. Give it there even if
   * it is `'UTC'`, and omit it where `USE_TZ` is `True`.
   */
  readonly timeZone?: string
  /**
   * `TIME_ZONE` of the entry of `DATABASES`, if it has one: the zone of the dates in MySQL or
   * SQLite with `USE_TZ = True`.
   */
  readonly databaseTimeZone?: string
  /**
   * Whether `setExpiry` accepts a date. Set `false` for Django before 4.1, which cannot read one.
   * Default `true`.
   */
  readonly isoExpiry?: boolean
  /**
   * The salt, where the `SessionStore` of `SESSION_ENGINE` has another class name. Default
   * `django.contrib.sessions.SessionStore`.
   */
  readonly salt?: string
  /**
   * `AUTHENTICATION_BACKENDS`. Logins of other backends do not count. Default:
   * `django.contrib.auth.backends.ModelBackend`.
   */
  readonly backends?: readonly string[]
  /**
   * `get_session_auth_hash()` of the user model, if it overrides that of Django. Returns an empty
   * text where the model has no such method, and then logins are not compared with their users.
   *
   * ```ts
   * const sessionAuthHash: SessionAuthHash = (user, secretKey) => saltedHmac('accounts.session', secretKey, `${user.password}${user.token}`)
   * ```
   */
  readonly sessionAuthHash?: SessionAuthHash
  /**
   * `'session'` if `MESSAGE_STORAGE` is `django.contrib.messages.storage.session.SessionStorage`.
   * Required by `djangoMessages` and `addDjangoMessage`, because Django's default stores messages
   * in a cookie.
   */
  readonly messageStorage?: 'session'
  /**
   * Called with a text when Django's sessions cannot be used, once for each reason. Default:
   * `console.warn`.
   */
  readonly onWarning?: (message: string) => void
}

const SHARED = ['lazy', 'whenEnded', 'maxSize', 'timeout', 'channel', 'schema', 'properties', 'as', 'onEvent', 'clock', 'random'] as const

const OWNER = 'djangoSessions'

/**
 * For options that are checked later: shared ones by the manager, the others by
 * `checkDjangoOptions`.
 */
const unchecked: Check = () => undefined

const OPTIONS: OptionTable = {
  owner: OWNER,
  checks: {
    secretKey: unchecked,
    fallbacks: unchecked,
    database: satisfies(
      (database) => database !== '' && ['string', 'object', 'function'].includes(typeof database),
      'pass a path or an open database of SQLite, or a pool of pg, postgres or mysql2',
    ),
    table: aTableOfSchema,
    columns: someColumns,
    directory: satisfies(isText, 'pass the path of a folder'),
    signedCookies: aBoolean,
    cookie: unchecked,
    cookieAge: aCookieAge,
    expireAtBrowserClose: aBoolean,
    saveEveryRequest: aBoolean,
    timeZone: aText,
    databaseTimeZone: aText,
    isoExpiry: aBoolean,
    salt: aText,
    backends: satisfies(
      (value) => Array.isArray(value) && value.length > 0 && value.every(isText),
      "pass the list of Django's AUTHENTICATION_BACKENDS",
    ),
    sessionAuthHash: aFunction,
    messageStorage: oneOf('session'),
    onWarning: aFunction,
    absolute: aDuration,
    ...Object.fromEntries(SHARED.map((name) => [name, unchecked])),
  },
}

/** The columns that every session model of Django has. */
const DJANGO_COLUMNS = ['session_key', 'session_data', 'expire_date']

function someColumns(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'pass an object with a function for each column'
  for (const [name, column] of Object.entries(value)) {
    if (DJANGO_COLUMNS.includes(name)) return `${name} is filled already; leave it out`
    if (aTable(name) !== undefined) return `${formatValue(name)} is not the name of a column`
    if (typeof column !== 'function') return `pass a function for ${name}`
  }
  return undefined
}

/** Django's own unit is the second, so a number is allowed here. */
function aCookieAge(value: unknown): string | undefined {
  return aDuration(typeof value === 'number' ? `${value}s` : value)?.replace('pass a text', 'pass seconds, or a text')
}

/**
 * Throws a `ConfigError` for the first option that only Django has and that is wrong. The manager
 * checks the others.
 */
export function checkDjangoOptions(options: DjangoOptions): void {
  const { cookie: { secure } = {} } = checkOptions(options, OPTIONS)
  checkOptions({ secure }, { owner: OWNER, path: 'cookie.', checks: { secure: aBoolean } })
  checkName(options)
  checkSecrets(options)
  checkPlace(options)
  checkTimeZones(options)
}

function checkName({ cookie: { name = '', secure } = {} }: DjangoOptions): void {
  if (PREFIX.test(name) && secure !== true)
    throw invalidOption(
      OWNER,
      'cookie.name',
      name,
      'browsers refuse this prefix without Secure; set SESSION_COOKIE_SECURE and `secure: true`',
    )
}

/** No message shows any part of a secret. */
function checkSecrets({ secretKey, fallbacks = [] }: DjangoOptions): void {
  if (!isText(secretKey)) throw new ConfigError(`${OWNER}: the option \`secretKey\` has to be the text of Django's SECRET_KEY.`)
  if (!Array.isArray(fallbacks) || !fallbacks.every(isText))
    throw new ConfigError(`${OWNER}: the option \`fallbacks\` has to be the list of Django's SECRET_KEY_FALLBACKS.`)
}

function checkPlace({ database, directory, signedCookies, table, columns, saveEveryRequest }: DjangoOptions): void {
  const places = [database !== undefined, directory !== undefined, signedCookies === true].filter(Boolean)
  if (places.length !== 1)
    throw new ConfigError(
      `${OWNER}: say where Django keeps its sessions, once: \`database\` (a path or an open database of SQLite, a pool of pg, postgres or mysql2), \`directory\` for its engine \`file\`, or \`signedCookies: true\`.`,
    )
  if (database === undefined && table !== undefined) throw invalidOption(OWNER, 'table', table, 'only a database has a table; leave it out')
  if (database === undefined && columns !== undefined)
    throw invalidOption(OWNER, 'columns', columns, 'only a database has columns; leave it out')
  if (signedCookies === true && saveEveryRequest === true)
    throw invalidOption(
      OWNER,
      'saveEveryRequest',
      true,
      'a session in a signed cookie is extended when it changes, not by every request; leave it out',
    )
}

function checkTimeZones({ timeZone, databaseTimeZone }: DjangoOptions): void {
  if (timeZone !== undefined && databaseTimeZone !== undefined)
    throw invalidOption(
      OWNER,
      'databaseTimeZone',
      databaseTimeZone,
      '`timeZone` is for USE_TZ = False, and `databaseTimeZone` for USE_TZ = True; leave one out',
    )
}

/** The options that mean the same in every manager. */
export function sharedOptions(options: DjangoOptions): Partial<SessionOptions> {
  return Object.fromEntries(SHARED.filter((name) => options[name] !== undefined).map((name) => [name, options[name]]))
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}
