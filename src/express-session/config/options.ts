import { createSecretKey } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { type Duration, milliseconds } from '../../core/base/duration.ts'
import { ConfigError } from '../../core/base/errors.ts'
import type { Listener } from '../../core/base/events.ts'
import { formatValue } from '../../core/base/format.ts'
import { aDuration, aFunction, type Check, checkOptions, oneOf, satisfies } from '../../core/base/option-checks.ts'
import type { SessionOptions } from '../../core/config/options.ts'
import type { Lifetime } from '../../core/config/profile.ts'
import type { Channel } from '../../core/store/channel.ts'
import type { Store } from '../../core/store/store.ts'
import { checkOldStore, type ExpressSessionStore } from '../carry-over/old-store.ts'
import { Cookie } from '../cookie/cookie.ts'
import type { Secret } from '../cookie/signed.ts'
import { MemoryStore } from '../store/memory-store.ts'
import { commonUser, type UserOf } from '../values/user.ts'

/**
 * The option `cookie`: the initial properties of `req.session.cookie`. `maxAge` is in milliseconds.
 */
export interface CookieOptions {
  readonly maxAge?: number | null | undefined
  readonly expires?: Date | null | undefined
  readonly path?: string | undefined
  readonly domain?: string | undefined
  readonly httpOnly?: boolean | undefined
  readonly secure?: boolean | 'auto' | undefined
  readonly sameSite?: boolean | 'auto' | 'lax' | 'strict' | 'none' | undefined
  readonly partitioned?: boolean | undefined
  readonly priority?: 'low' | 'medium' | 'high' | undefined
}

type CookieOption = CookieOptions | ((req: IncomingMessage) => CookieOptions)

/** The options that express-session does not have. A length of time is text with a unit. */
export interface AddedOptions {
  /** The sojourn store that keeps the sessions. Default: a `MemoryStore`. */
  readonly store?: Store | MemoryStore | undefined
  /**
   * How long a session lives on the server without being used, if its cookie ends with the browser.
   * Default `'1d'`.
   */
  readonly idle?: Duration
  /** The maximum life of a session, from its start or its last login. Default `'400d'`. */
  readonly absolute?: Duration
  /**
   * Properties whose members are merged when two requests change them at the same time. `flash` and
   * `passport` always are.
   */
  readonly merge?: readonly string[]
  /**
   * Returns the id of the user who is logged in, from the properties of a session. Default:
   * `session.passport?.user ?? session.userId ?? session.user?.id`.
   */
  readonly userId?: UserOf
  /**
   * The store of express-session that was used before. Its sessions are carried over when their
   * visitors return, with their cookies, their data and their users.
   */
  readonly carryOver?: ExpressSessionStore | OldStoreOption
  /** Called with an event for every decision. */
  readonly onEvent?: Listener
  /**
   * What happens to the changes of a request whose session ended while the request was running:
   * `'discard'` (default) drops them; `'error'` fails the request with a `SessionEndedError` (409).
   */
  readonly whenEnded?: 'error' | 'discard'
  /**
   * The maximum time of one store operation (default `'2s'`), and of all of one commit together
   * (default `'5s'`).
   */
  readonly timeout?: NonNullable<SessionOptions['timeout']>
  /**
   * Informs the other processes which sessions have ended, so that their sockets close at once:
   * `redisChannel(…)` or `postgresChannel(…)` of `sojourn/channels`.
   */
  readonly channel?: Channel
}

/** A store for express-session, and how sessions are carried over from it. */
export interface OldStoreOption {
  /** The store of express-session that was used before. */
  readonly store: ExpressSessionStore
  /**
   * Whether processes with express-session are still running. Each session is then kept in both
   * stores, and changes of those processes are imported.
   */
  readonly bridge?: boolean
}

/** All options, in the form in which applications pass them. */
export interface GivenOptions extends AddedOptions {
  readonly secret?: unknown
  readonly name?: string | undefined
  readonly key?: string | undefined
  readonly cookie?: CookieOption | undefined
  readonly proxy?: boolean | undefined
  readonly unset?: 'destroy' | 'keep' | undefined
  readonly saveUninitialized?: boolean | undefined
  readonly rolling?: boolean | undefined
  readonly genid?: ((req: IncomingMessage) => string) | undefined
}

/** The checked options, with their defaults. */
export interface Settings {
  readonly secrets: readonly [Secret, ...Secret[]] | undefined
  readonly name: string
  readonly cookieOf: (req: IncomingMessage) => CookieOptions
  readonly proxy: boolean | undefined
  readonly destroysUnset: boolean
  readonly savesUninitialized: boolean
  readonly rolling: boolean
  readonly genid: ((req: IncomingMessage) => unknown) | undefined
  readonly store: Store
  /** The application's `MemoryStore`, which then is `req.sessionStore`. */
  readonly memoryStore: MemoryStore | undefined
  readonly lifetime: Lifetime
  readonly carryOver: { readonly store: ExpressSessionStore; readonly bridge: boolean } | undefined
  readonly merged: ReadonlySet<string>
  readonly userOf: UserOf
  readonly core: Pick<SessionOptions, 'onEvent' | 'whenEnded' | 'timeout' | 'channel'>
}

/** As in express-session, an empty name counts as left out. */
function nameOf({ name = '', key = '' }: GivenOptions): string {
  return [name, key, 'connect.sid'].find((each) => each !== '') as string
}

const MERGED = ['flash', 'passport']

const someNames: Check = satisfies(
  (value) => Array.isArray(value) && value.every((name) => typeof name === 'string' && name !== 'cookie'),
  "pass the names of properties, such as ['cart']",
)

const ADDED: Readonly<Record<string, Check>> = {
  idle: aDuration,
  absolute: aDuration,
  merge: someNames,
  userId: aFunction,
  whenEnded: oneOf('error', 'discard'),
}

/**
 * Checks the options. Those of express-session have its messages, and unknown ones are ignored, as
 * there, except an added option with another spelling. Throws `TypeError`, and `ConfigError` for
 * options that express-session does not have.
 */
export function readOptions(given: GivenOptions): Settings {
  checkLikeExpressSession(given)
  for (const name of Object.keys(given)) refuseOtherSpelling(name)
  checkOptions(pick(given, Object.keys(ADDED)), { checks: ADDED })
  const { cookie = {}, proxy, genid, merge = [], userId = commonUser } = given
  const memoryStore = memoryStoreOf(given.store)
  return {
    secrets: secretsOf(given.secret),
    name: nameOf(given),
    cookieOf: typeof cookie === 'function' ? cookie : () => cookie,
    proxy,
    destroysUnset: given.unset === 'destroy',
    savesUninitialized: given.saveUninitialized ?? true,
    rolling: Boolean(given.rolling),
    genid,
    store: memoryStore?.rows ?? checkStore(given.store),
    memoryStore,
    lifetime: lifetimeOf(given),
    carryOver: oldStoreOf(given.carryOver),
    merged: new Set([...MERGED, ...merge]),
    userOf: userId,
    core: { whenEnded: 'discard', ...pick(given, CORE) },
  }
}

/** Ignoring `carryover` would log all visitors out. */
function refuseOtherSpelling(name: string): void {
  const letters = (text: string): string => text.replaceAll(/[_-]/g, '').toLowerCase()
  const names = [...Object.keys(ADDED), ...CORE, 'carryOver']
  const meant = names.find((each) => letters(each) === letters(name))
  if (meant !== undefined && meant !== name) throw new ConfigError(`Option \`${name}\` does not exist: write \`${meant}\`.`)
}

function oldStoreOf(option: GivenOptions['carryOver']): Settings['carryOver'] {
  if (option === undefined) return undefined
  const isStore = typeof (Object(option) as Partial<ExpressSessionStore>).get === 'function'
  const { store, bridge = false } = isStore ? { store: option } : (Object(option) as Partial<OldStoreOption>)
  checkOldStore(store)
  if (typeof bridge !== 'boolean') throw new ConfigError(`Option \`carryOver.bridge\`: it is ${formatValue(bridge)}. Pass true or false.`)
  return { store, bridge }
}

function checkLikeExpressSession({ genid, unset, secret, cookie }: GivenOptions): void {
  if (genid && typeof genid !== 'function') throw new TypeError('genid option must be a function')
  if (unset && unset !== 'destroy' && unset !== 'keep') throw new TypeError('unset option must be "destroy" or "keep"')
  if (Array.isArray(secret) && secret.length === 0) throw new TypeError('secret option array must contain one or more strings')
  if (typeof cookie !== 'function') new Cookie(cookie) // throws
}

function secretsOf(secret: unknown): readonly [Secret, ...Secret[]] | undefined {
  if (!secret) return undefined
  const [first, ...others] = (Array.isArray(secret) ? secret : [secret]).map(asKey)
  return first === undefined ? undefined : [first, ...others]
}

/** A key is prepared once, and not for every signature. */
function asKey(secret: Secret): Secret {
  return typeof secret === 'string' ? createSecretKey(secret, 'utf8') : secret
}

const FOUR_HUNDRED_DAYS = 400 * 24 * 3_600_000
const ONE_DAY = 24 * 3_600_000

function lifetimeOf({ cookie, idle, absolute }: GivenOptions): Lifetime {
  const { originalMaxAge } = typeof cookie === 'function' ? new Cookie() : new Cookie(cookie)
  const longest = milliseconds(absolute) ?? FOUR_HUNDRED_DAYS
  const browserSession = originalMaxAge === null
  const wanted = browserSession ? (milliseconds(idle) ?? ONE_DAY) : originalMaxAge
  return { idle: Math.min(wanted, longest), absolute: longest, browserSession }
}

/** Options that the manager checks. */
const CORE = ['onEvent', 'whenEnded', 'timeout', 'channel']

function memoryStoreOf(store: unknown): MemoryStore | undefined {
  if (store === undefined) return memoryWithWarning()
  return store instanceof MemoryStore ? store : undefined
}

function memoryWithWarning(): MemoryStore {
  if (process.env['NODE_ENV'] === 'production')
    console.warn(
      'Warning: sojourn/express-session keeps its sessions in the memory of this process, so they are lost at a restart and other processes do not see them. Pass the option `store`.',
    )
  return new MemoryStore()
}

/** What stores for express-session call their client. */
const CLIENTS = ['client', 'pool'] as const

function checkStore(store: unknown): Store {
  const methods = Object(store) as Record<string, unknown>
  const has = (...names: readonly string[]): boolean => names.every((name) => typeof methods[name] === 'function')
  if (has('load', 'create', 'replace', 'touch', 'delete')) return store as Store
  if (!has('get', 'set', 'destroy'))
    throw new ConfigError("Option `store`: pass a store of sojourn, such as new SqliteStore('sessions.db') of sojourn/stores/sqlite.")
  const client = CLIENTS.find((name) => typeof methods[name] === 'object' && methods[name] !== null)
  const argument = client === undefined ? '…' : `{ ${client}: old.${client} }`
  throw new ConfigError(
    `Option \`store\`: this is a store for express-session, which cannot compare and swap, so changes of parallel requests would be lost. Pass a store of sojourn for the same database, and this one to take the sessions from:\n  store: new RedisStore(${argument}), // of sojourn/stores/redis, or another one of sojourn/stores\n  carryOver: old,`,
  )
}

function pick(options: object, names: readonly string[]): object {
  return Object.fromEntries(Object.entries(options).filter(([name, value]) => names.includes(name) && value !== undefined))
}
