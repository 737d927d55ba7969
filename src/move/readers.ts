import { Buffer } from 'node:buffer'
import { createHmac } from 'node:crypto'
import { type Callback, callWithCallback } from '../core/base/calls.ts'
import { aFunction, aText, type Check, checkOptions, type OptionTable, satisfies } from '../core/base/option-checks.ts'
import { constantTimeEqual } from '../wire/constant-time-equal.ts'

/** The properties of a session of another library, as JSON data. */
export type OldData = Readonly<Record<string, unknown>>

/** How the sessions of another library are read. */
export interface OldSessions {
  /** The name of its cookie. */
  readonly cookie: string
  /**
   * Returns the properties of the session of a cookie; `undefined` if the cookie is forged, or its
   * session is expired or missing. `signature` is the cookie with the suffix `.sig`. An error of
   * its store is thrown, so that no session is taken for missing.
   */
  read(value: string, signature: string | undefined): OldData | undefined | Promise<OldData | undefined>
  /** Removes the session from the store of the library, if it has one. */
  destroy?(value: string): unknown
}

/** The options of `fastifySession`: those of `@fastify/session` that it reads. */
export interface FastifySessionOptions {
  /** The option `secret`. */
  readonly secret: string | readonly string[]
  /** The option `store` of `@fastify/session`. */
  readonly store: {
    get(sid: string, callback: Callback): unknown
    destroy(sid: string, callback: Callback): unknown
  }
  /** Default `sessionId`. */
  readonly cookieName?: string
  /** The option `cookiePrefix`. Default: none. */
  readonly cookiePrefix?: string
}

/**
 * Reads sessions of `@fastify/session` from its store. Throws `ConfigError` for a wrong option.
 *
 * ```ts
 * import { createMovedSessions, fastifySession } from 'sojourn/move'
 * import { MemoryStore } from 'sojourn/stores/memory'
 * declare const oldStore: { get(sid: string, done: () => void): void; destroy(sid: string, done: () => void): void }
 *
 * const store = new MemoryStore({ max: Number.POSITIVE_INFINITY })
 * const sessions = createMovedSessions({ store }, fastifySession({ secret: 'the old secret', store: oldStore }))
 * ```
 */
export function fastifySession(options: FastifySessionOptions): OldSessions {
  const { secret, store, cookieName = 'sessionId', cookiePrefix = '' } = checkOptions(options, FASTIFY_SESSION)
  const sidOf = (value: string): string | undefined => {
    const dot = value.lastIndexOf('.')
    const sid = value.slice(cookiePrefix.length, dot)
    const isSigned = [secret].flat().some((key) => constantTimeEqual(value.slice(dot + 1), hmac('sha256', key, sid).replace(/=+$/, '')))
    return value.startsWith(cookiePrefix) && isSigned ? sid : undefined
  }
  return {
    cookie: cookieName,
    async read(value) {
      const sid = sidOf(value)
      const session = sid === undefined ? undefined : await callWithCallback((done) => store.get(sid, done))
      return isData(session) ? without(session, ['cookie']) : undefined
    },
    async destroy(value) {
      const sid = sidOf(value)
      if (sid !== undefined) await callWithCallback((done) => store.destroy(sid, done))
    },
  }
}

/** The options of `cookieSession`: those of `cookie-session` that it reads. */
export interface CookieSessionOptions {
  /** The option `keys`; of the option `secret`, `[secret]`. */
  readonly keys: readonly string[]
  /** Default `session`. */
  readonly name?: string
}

/**
 * Reads sessions of `cookie-session` from their signed cookie. Throws `ConfigError` for a wrong
 * option.
 *
 * ```ts
 * import { cookieSession, createMovedSessions } from 'sojourn/move'
 * import { MemoryStore } from 'sojourn/stores/memory'
 *
 * const store = new MemoryStore({ max: Number.POSITIVE_INFINITY })
 * const sessions = createMovedSessions({ store }, cookieSession({ keys: ['the old key'] }))
 * ```
 */
export function cookieSession(options: CookieSessionOptions): OldSessions {
  const { keys, name = 'session' } = checkOptions(options, COOKIE_SESSION)
  return {
    cookie: name,
    read: (value, signature) => (isKeygripSigned(name, value, signature, keys) ? decoded(value) : undefined),
  }
}

/** The options of `koaSession`: those of `koa-session` and the keys of the application. */
export interface KoaSessionOptions {
  /** `app.keys`. */
  readonly keys: readonly string[]
  /** Default `koa.sess`. */
  readonly key?: string
  /** The option `store`, if there is one. */
  readonly store?: { get(key: string, maxAge?: number, options?: object): unknown; destroy(key: string): unknown }
}

/**
 * Reads sessions of `koa-session` from their signed cookie, or from its store. Throws `ConfigError`
 * for a wrong option.
 *
 * ```ts
 * import { createMovedSessions, koaSession } from 'sojourn/move'
 * import { MemoryStore } from 'sojourn/stores/memory'
 *
 * const store = new MemoryStore({ max: Number.POSITIVE_INFINITY })
 * const sessions = createMovedSessions({ store }, koaSession({ keys: ['the old key'] }))
 * ```
 */
export function koaSession(options: KoaSessionOptions): OldSessions {
  const { keys, key: name = 'koa.sess', store } = checkOptions(options, KOA_SESSION)
  return {
    cookie: name,
    async read(value, signature) {
      if (!isKeygripSigned(name, value, signature, keys)) return undefined
      const session = store === undefined ? decoded(value) : await store.get(value, undefined, { rolling: false })
      if (!isData(session) || (typeof session['_expire'] === 'number' && session['_expire'] < Date.now())) return undefined
      return without(session, ['_expire', '_maxAge'])
    },
    destroy: (value) => store?.destroy(value),
  }
}

/** The options of `ironSession`. */
export interface IronSessionOptions {
  /** The option `cookieName` of `iron-session`. */
  readonly cookieName: string
  /**
   * Opens a seal: `(seal) => unsealData(seal, { password })`, with `unsealData` of `iron-session`.
   */
  readonly unseal: (seal: string) => Promise<unknown>
}

/**
 * Reads sessions of `iron-session` from their sealed cookie. Throws `ConfigError` for a wrong
 * option.
 *
 * ```ts
 * import { createMovedSessions, ironSession } from 'sojourn/move'
 * import { MemoryStore } from 'sojourn/stores/memory'
 * declare function unsealData(seal: string, options: { password: string }): Promise<unknown>
 *
 * const unseal = (seal: string): Promise<unknown> => unsealData(seal, { password: 'the old password' })
 * const store = new MemoryStore({ max: Number.POSITIVE_INFINITY })
 * const sessions = createMovedSessions({ store }, ironSession({ cookieName: 'site', unseal }))
 * ```
 */
export function ironSession(options: IronSessionOptions): OldSessions {
  const { cookieName, unseal } = checkOptions(options, IRON_SESSION)
  return {
    cookie: cookieName,
    async read(value) {
      const session = await unseal(value).catch(() => undefined)
      // iron-session opens a seal that is forged or expired as an empty session.
      return isData(session) && Object.keys(session).length > 0 ? session : undefined
    },
  }
}

const keysOf = (option: string): Check =>
  satisfies(
    (keys) => Array.isArray(keys) && keys.length > 0 && keys.every((key) => typeof key === 'string' && key !== ''),
    `pass the keys of the other library as a list of texts (${option})`,
  )

const aStore = satisfies(
  (store) => typeof (store as Partial<FastifySessionOptions['store']> | null)?.get === 'function',
  'pass the store of the library, with its methods get() and destroy()',
)

const FASTIFY_SESSION: OptionTable = {
  owner: 'fastifySession',
  required: ['secret', 'store'],
  checks: {
    secret: (secret) => keysOf('option `secret` of @fastify/session')([secret].flat()),
    store: aStore,
    cookieName: aText,
    cookiePrefix: satisfies((prefix) => typeof prefix === 'string', 'pass a text'),
  },
}

const COOKIE_SESSION: OptionTable = {
  owner: 'cookieSession',
  required: ['keys'],
  checks: { keys: keysOf('option `keys` of cookie-session, or `[secret]`'), name: aText },
}

const KOA_SESSION: OptionTable = {
  owner: 'koaSession',
  required: ['keys'],
  checks: { keys: keysOf('`app.keys`'), key: aText, store: aStore },
}

const IRON_SESSION: OptionTable = {
  owner: 'ironSession',
  required: ['cookieName', 'unseal'],
  checks: { cookieName: aText, unseal: aFunction },
}

function isKeygripSigned(name: string, value: string, signature: string | undefined, keys: readonly string[]): boolean {
  const signed = (key: string): string => hmac('sha1', key, `${name}=${value}`).replace(/\/|\+|=/g, (each) => URL_SAFE[each] as string)
  return signature !== undefined && keys.some((key) => constantTimeEqual(signature, signed(key)))
}

const URL_SAFE: Readonly<Record<string, string>> = { '/': '_', '+': '-', '=': '' }

function hmac(algorithm: string, key: string, text: string): string {
  return createHmac(algorithm, key).update(text).digest('base64')
}

/** The session in a cookie that contains it as JSON in base64. */
function decoded(value: string): OldData | undefined {
  try {
    const session: unknown = JSON.parse(Buffer.from(value, 'base64').toString('utf8'))
    return isData(session) ? session : undefined
  } catch {
    return undefined
  }
}

function isData(value: unknown): value is OldData {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function without(session: OldData, names: readonly string[]): OldData {
  return Object.fromEntries(Object.entries(session).filter(([name]) => !names.includes(name)))
}
