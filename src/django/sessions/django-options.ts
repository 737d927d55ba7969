import type { Duration } from '../../core/base/duration.ts'
import { milliseconds } from '../../core/base/duration.ts'
import { ConfigError } from '../../core/base/errors.ts'
import type { SessionOptions } from '../../core/config/options.ts'
import type { MysqlPool, MysqlPromisePool } from '../../stores/mysql/mysql-client.ts'
import type { PgPool, PostgresJs } from '../../stores/postgres/postgres-client.ts'
import { invalidOption, refuseUnknownOptions, refuseUnlessBoolean } from '../../stores/shared/check-options.ts'
import { tableName } from '../../stores/sql/sql-statements.ts'
import type { SqliteDatabase } from '../../stores/sqlite/sqlite-database.ts'
import type { DjangoCookieOptions } from './django-cookie.ts'

/** The database of Django's table: a path or an open database of SQLite, or a pool of PostgreSQL, MySQL or MariaDB. */
export type DjangoDatabase = string | SqliteDatabase | PgPool | PostgresJs | MysqlPool | MysqlPromisePool

/**
 * Options of `djangoSessions`. Give exactly one of `database`, `directory` and `signedCookies`. The
 * options that have no counterpart in Django mean the same as in `SessionOptions`.
 */
export interface DjangoOptions
  extends Pick<
    SessionOptions,
    'absolute' | 'lazy' | 'whenEnded' | 'maxSize' | 'timeout' | 'schema' | 'as' | 'onEvent' | 'clock' | 'random'
  > {
  /** Django's `SECRET_KEY`. */
  readonly secretKey: string
  /** Django's `SECRET_KEY_FALLBACKS`: former keys, whose signatures are still accepted. */
  readonly fallbacks?: readonly string[]
  /** The database of `django_session`, for Django's engine `db`. */
  readonly database?: DjangoDatabase
  /** The name of the table. Default `django_session`. On PostgreSQL and MySQL a schema may precede it. */
  readonly table?: string
  /** `SESSION_FILE_PATH`, for Django's engine `file`. */
  readonly directory?: string
  /** `true` for Django's engine `signed_cookies`: the cookie contains the session. */
  readonly signedCookies?: boolean
  /** `SESSION_COOKIE_…`. */
  readonly cookie?: DjangoCookieOptions
  /** `SESSION_COOKIE_AGE`: how long after a save a session expires. Seconds, or a text such as `'14d'`. Default two weeks. */
  readonly cookieAge?: Duration
  /** `SESSION_EXPIRE_AT_BROWSER_CLOSE`. Default `false`. */
  readonly expireAtBrowserClose?: boolean
  /** `SESSION_SAVE_EVERY_REQUEST`: every request with a session extends its lifetime and sends its cookie again. Default `false`. */
  readonly saveEveryRequest?: boolean
  /**
   * `TIME_ZONE` of a site with `USE_TZ = False`, whose dates are local times. Give it there even if
   * it is `'UTC'`, and omit it where `USE_TZ` is `True`.
   */
  readonly timeZone?: string
  /** Whether `setExpiry` accepts a date. Set `false` for Django before 4.1, which cannot read one. Default `true`. */
  readonly isoExpiry?: boolean
  /** The salt, where the `SessionStore` of `SESSION_ENGINE` has another class name. Default `django.contrib.sessions.SessionStore`. */
  readonly salt?: string
}

const OWN = [
  'secretKey',
  'fallbacks',
  'database',
  'table',
  'directory',
  'signedCookies',
  'cookie',
  'cookieAge',
  'expireAtBrowserClose',
  'saveEveryRequest',
  'timeZone',
  'isoExpiry',
  'salt',
] as const

const SHARED = ['lazy', 'whenEnded', 'maxSize', 'timeout', 'schema', 'as', 'onEvent', 'clock', 'random'] as const

const OWNER = 'djangoSessions'

/** Throws a `ConfigError` for the first option that only Django has and that is wrong. The others are for `checkOptions`. */
export function checkDjangoOptions(options: DjangoOptions): void {
  refuseUnknownOptions(OWNER, options, [...OWN, 'absolute', ...SHARED])
  checkSecrets(options)
  checkPlace(options)
  const { cookieAge, absolute, table, timeZone, salt, cookie = {} } = options
  if (table !== undefined) tableName(OWNER, table, { schemas: true })
  for (const [name, value] of Object.entries({ cookieAge, absolute }))
    if (value !== undefined && milliseconds(value) === undefined)
      throw invalidOption(OWNER, name, value, "Give seconds, or a text such as '14d': at most 400 days.")
  for (const name of ['expireAtBrowserClose', 'saveEveryRequest', 'isoExpiry', 'signedCookies'] as const)
    if (options[name] !== undefined) refuseUnlessBoolean(OWNER, name, options[name])
  for (const [name, value] of Object.entries({ timeZone, salt }))
    if (value !== undefined && !isText(value)) throw invalidOption(OWNER, name, value, 'Give a text.')
  if (cookie.secure !== undefined) refuseUnlessBoolean(OWNER, 'cookie.secure', cookie.secure)
}

/** Whatever is wrong, no message shows any of it. */
function checkSecrets({ secretKey, fallbacks = [] }: DjangoOptions): void {
  if (!isText(secretKey)) throw new ConfigError(`${OWNER}: the option \`secretKey\` has to be the text of Django's SECRET_KEY.`)
  if (!Array.isArray(fallbacks) || !fallbacks.every(isText))
    throw new ConfigError(`${OWNER}: the option \`fallbacks\` has to be the list of Django's SECRET_KEY_FALLBACKS.`)
}

function checkPlace({ database, directory, signedCookies, table, saveEveryRequest }: DjangoOptions): void {
  const places = [database !== undefined, directory !== undefined, signedCookies === true].filter(Boolean)
  if (places.length !== 1)
    throw new ConfigError(
      `${OWNER}: say where Django keeps its sessions, once: \`database\` (a path or an open database of SQLite, a pool of pg, postgres or mysql2), \`directory\` for its engine \`file\`, or \`signedCookies: true\`.`,
    )
  if (database === '' || (database !== undefined && !['string', 'object', 'function'].includes(typeof database)))
    throw invalidOption(OWNER, 'database', database, 'Give a path or an open database of SQLite, or a pool of pg, postgres or mysql2.')
  if (directory !== undefined && !isText(directory)) throw invalidOption(OWNER, 'directory', directory, 'Give the path of a folder.')
  if (database === undefined && table !== undefined) throw invalidOption(OWNER, 'table', table, 'Only a database has a table.')
  if (signedCookies === true && saveEveryRequest === true)
    throw invalidOption(
      OWNER,
      'saveEveryRequest',
      true,
      'A session in a signed cookie lives on when it changes, not with every request; leave it out.',
    )
}

/** The options that mean the same in every manager. */
export function sharedOptions(options: DjangoOptions): Partial<SessionOptions> {
  return Object.fromEntries(SHARED.filter((name) => options[name] !== undefined).map((name) => [name, options[name]]))
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}
