import type { Duration } from '../../core/base/duration.ts'
import { ConfigError } from '../../core/base/errors.ts'
import {
  aBoolean,
  aDuration,
  aText,
  type Check,
  checkOptions,
  invalidOption,
  type OptionTable,
  satisfies,
} from '../../core/base/option-checks.ts'
import type { SessionOptions } from '../../core/config/options.ts'
import type { MysqlPool, MysqlPromisePool } from '../../stores/mysql/mysql-client.ts'
import type { PgPool, PostgresJs } from '../../stores/postgres/postgres-client.ts'
import { aTableOfSchema } from '../../stores/shared/store-options.ts'
import type { SqliteDatabase } from '../../stores/sqlite/sqlite-database.ts'
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
    'absolute' | 'lazy' | 'whenEnded' | 'maxSize' | 'timeout' | 'schema' | 'as' | 'onEvent' | 'clock' | 'random'
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
   * Whether `setExpiry` accepts a date. Set `false` for Django before 4.1, which cannot read one.
   * Default `true`.
   */
  readonly isoExpiry?: boolean
  /**
   * The salt, where the `SessionStore` of `SESSION_ENGINE` has another class name. Default
   * `django.contrib.sessions.SessionStore`.
   */
  readonly salt?: string
}

const SHARED = ['lazy', 'whenEnded', 'maxSize', 'timeout', 'schema', 'as', 'onEvent', 'clock', 'random'] as const

const OWNER = 'djangoSessions'

/** For options that are checked later: the shared ones by the manager, the others below. */
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
    directory: satisfies(isText, 'pass the path of a folder'),
    signedCookies: aBoolean,
    cookie: unchecked,
    cookieAge: aCookieAge,
    expireAtBrowserClose: aBoolean,
    saveEveryRequest: aBoolean,
    timeZone: aText,
    isoExpiry: aBoolean,
    salt: aText,
    absolute: aDuration,
    ...Object.fromEntries(SHARED.map((name) => [name, unchecked])),
  },
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
  checkSecrets(options)
  checkPlace(options)
}

/** No message shows any part of a secret. */
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
  if (database === undefined && table !== undefined) throw invalidOption(OWNER, 'table', table, 'only a database has a table; leave it out')
  if (signedCookies === true && saveEveryRequest === true)
    throw invalidOption(
      OWNER,
      'saveEveryRequest',
      true,
      'a session in a signed cookie is extended when it changes, not by every request; leave it out',
    )
}

/** The options that mean the same in every manager. */
export function sharedOptions(options: DjangoOptions): Partial<SessionOptions> {
  return Object.fromEntries(SHARED.filter((name) => options[name] !== undefined).map((name) => [name, options[name]]))
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}
