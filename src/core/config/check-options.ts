import { DAY, type Duration, HOUR, MINUTE, milliseconds } from '../base/duration.ts'
import { ConfigError } from '../base/errors.ts'
import { formatValue } from '../base/format.ts'
import { isWorkers } from '../base/is-workers.ts'
import {
  aBoolean,
  aDuration,
  aDurationOf,
  aFunction,
  type Check,
  checkOptions,
  invalidOption,
  type OptionTable,
  oneOf,
  satisfies,
  wholeNumber,
} from '../base/option-checks.ts'
import { isDate } from '../base/realms.ts'
import { type CookieOptions, PREFIX } from '../cookie/cookie-transport.ts'
import { aChannel } from '../store/channel.ts'
import type { Store } from '../store/store.ts'
import { checkCodec } from './check-codec.ts'
import { FOREIGN_OPTIONS } from './foreign-options.ts'
import type { SessionOptions } from './options.ts'
import type { PropertyNames } from './profile.ts'

/**
 * Throws a `ConfigError` for the first option that is wrong. It names the option, its value and the
 * remedy. `names` are those of the profile.
 */
export function checkSessionOptions(options: unknown, names: PropertyNames): asserts options is SessionOptions {
  if (!isObject(options)) throw new ConfigError(`createSessions(options): pass an object with a \`store\`, not ${formatValue(options)}.`)
  checkOptions(options, SESSION_OPTIONS)
  const { store, clearExpired, cookie, codec, schema, properties, saveOnEnd } = options as unknown as SessionOptions
  checkStore(store)
  checkRevokedBefore(options as unknown as SessionOptions)
  if (saveOnEnd === true) checkSaveOnEnd(store)
  if (codec !== undefined) checkCodec(codec)
  if (clearExpired !== undefined && clearExpired !== false) checkClearExpired(store)
  checkLifetime(options as unknown as SessionOptions)
  if (cookie !== undefined) checkCookie(cookie)
  checkTransport(options as unknown as SessionOptions)
  checkNames('schema', schema, names)
  checkNames('properties', properties, names)
}

/** Options of the cookie have no effect without one, so they are an error. */
function checkTransport({ transport, cookie = {}, trustedOrigins, browserSession }: SessionOptions): void {
  if (transport !== 'bearer') return
  const ofCookie = Object.entries(cookie).find(([name, value]) => name !== 'secure' && value !== undefined)
  const entry = ofCookie === undefined ? undefined : ([`cookie.${ofCookie[0]}`, ofCookie[1]] as const)
  const without = Object.entries({ trustedOrigins, browserSession }).find(([, value]) => value !== undefined && value !== false)
  const [option, value] = entry ?? without ?? []
  if (option !== undefined)
    throw invalidOption(undefined, option, value, "it has no effect with `transport: 'bearer'`, which uses no cookies; remove it")
}

/** A time in the future would end every session, and every new one too, until then. */
function checkRevokedBefore({ revokedBefore, clock = Date.now }: SessionOptions): void {
  if (revokedBefore !== undefined && revokedBefore.getTime() > clock())
    throw invalidOption(
      undefined,
      'revokedBefore',
      revokedBefore.toISOString(),
      'it is in the future; pass the current time or an earlier one',
    )
}

/**
 * The shortest `cycleId`. It is longer than ids overlap and clocks may differ, so that a session
 * never has more than two ids because of their age.
 */
const MIN_ID_AGE = 5 * MINUTE

/** An `idle` or `cycleId` beyond `absolute` would have no effect, so it is an error. */
function checkLifetime({ idle, cycleId, absolute = '30d' }: SessionOptions): void {
  const tooLong = Object.entries({ idle, cycleId }).find(([, value]) => value !== undefined && isLonger(value, absolute))
  if (tooLong !== undefined)
    throw invalidOption(
      undefined,
      ...tooLong,
      `it is longer than \`absolute\` (${formatValue(absolute)}), which would end the session first; raise that too`,
    )
  if (cycleId !== undefined && Number(milliseconds(cycleId)) < MIN_ID_AGE)
    throw invalidOption(undefined, 'cycleId', cycleId, "pass at least '5m', because the id before stays valid for two minutes")
}

function isLonger(one: Duration, other: Duration): boolean {
  return Number(milliseconds(one)) > Number(milliseconds(other))
}

/**
 * A store without compare-and-swap is allowed only if the cookie contains the data and the store
 * makes the ids.
 */
function checkStore(store: Store): void {
  const { capabilities } = store
  if (capabilities?.compareAndSwap || (capabilities?.carriesData && store.attach !== undefined)) return
  throw new ConfigError(
    'Option `store`: it has no compare-and-swap (capability `compareAndSwap`), without which changes of overlapping requests would be lost. Use a store that has it.',
  )
}

function checkSaveOnEnd(store: Store): void {
  if (store.capabilities.carriesData)
    throw new ConfigError(
      'Option `saveOnEnd`: this store keeps the session in the cookie, and a response that has started cannot set it. Remove the option, or use a store that keeps sessions on the server.',
    )
}

function checkClearExpired(store: Store): void {
  if (store.clearExpired === undefined)
    throw new ConfigError('Option `clearExpired`: this store expires its sessions by itself; there is nothing to clear. Remove the option.')
  if (isWorkers())
    throw new ConfigError(
      'Option `clearExpired`: on Workers no timer outlives a request. Remove the option, and call `sessions.clearExpired()` from a Cron Trigger.',
    )
}

const anIdentifier: Check = (value) => {
  if (typeof value !== 'string' || !/^[A-Za-z$][\w$]*$/.test(value)) return 'pass a property name such as adminSession'
  return value === 'then' || value in Object.prototype ? 'every object, or a promise, has a property of this name; take another' : undefined
}
const aName: Check = (value) => (typeof value === 'string' && value !== '' ? undefined : "pass a text such as 'staff'")
function withMethods(what: string, ...methods: readonly string[]): Check {
  return (value) => {
    const missing = methods.find((method) => typeof (value as Record<string, unknown> | null)?.[method] !== 'function')
    const hint = typeof value === 'function' ? ' (did you forget `new`?)' : ''
    return missing === undefined ? undefined : `pass ${what}; this has no method ${missing}()${hint}`
  }
}

const aStore = withMethods('a store', 'load', 'create', 'replace', 'touch', 'delete')

const anInterval = aDurationOf(MINUTE, 7 * DAY, "pass a duration of '1m' to '7d'")
const aShortTime = aDurationOf(0, HOUR, 'pass at most an hour')

const CHECKS: Readonly<Record<string, Check>> = {
  store: (value) => (value === undefined ? "pass new SqliteStore('sessions.db'), new MemoryStore() or another store" : aStore(value)),
  cookie: satisfies(isObject, 'pass an object'),
  idle: aDuration,
  absolute: aDuration,
  browserSession: aBoolean,
  saveOnError: aBoolean,
  saveOnEnd: aBoolean,
  lazy: aBoolean,
  whenEnded: oneOf('error', 'discard'),
  maxSize: wholeNumber('bytes'),
  timeout: aTimeout,
  clearExpired: (value) => (value === false ? undefined : anInterval(value)),
  codec: withMethods('a codec', 'decode', 'encode', 'parse', 'print'),
  schema: aSchema,
  properties: propertyClasses,
  transport: oneOf('cookie', 'bearer'),
  as: anIdentifier,
  realm: aName,
  maxPerUser: wholeNumber('sessions'),
  channel: aChannel,
  revokedBefore: satisfies((value) => isDate(value) && !Number.isNaN(value.getTime()), "pass a Date: new Date('2026-11-30T12:00Z')"),
  cycleId: aDuration,
  touch: aFunction,
  trustedOrigins: someOrigins,
  onEvent: aFunction,
  clock: aFunction,
  random: aFunction,
}

const SESSION_OPTIONS: OptionTable = { checks: CHECKS, required: ['store'], foreign: FOREIGN_OPTIONS }

function aTimeout(value: unknown): string | undefined {
  if (!isObject(value)) return "pass an object such as { operation: '2s', request: '5s' }"
  checkOptions(value, { path: 'timeout.', checks: { operation: aShortTime, request: aShortTime } })
  return undefined
}

function someOrigins(value: unknown): string | undefined {
  if (value === 'any') return undefined
  if (!Array.isArray(value)) return "pass a list of origins such as ['https://www.shop.test'], or 'any'"
  const wrong: unknown = value.find((origin) => !isOrigin(origin))
  return wrong === undefined
    ? undefined
    : `${formatValue(wrong)} is not an origin; pass scheme and host in lower case, without a path: 'https://www.shop.test'`
}

function isOrigin(value: unknown): boolean {
  return typeof value === 'string' && !value.includes('*') && URL.canParse(value) && new URL(value).origin === value
}

function aSchema(value: unknown): string | undefined {
  if (!isObject(value)) return 'pass an object with one Standard Schema for each property'
  const wrong = Object.entries(value).find(
    ([, schema]) => typeof (schema as { '~standard'?: { validate?: unknown } } | null)?.['~standard']?.validate !== 'function',
  )
  return wrong === undefined ? undefined : `the schema of "${wrong[0]}" does not follow Standard Schema (zod, valibot, arktype … do)`
}

/** Checks the names of an option that has a field for each property. */
function checkNames(option: 'schema' | 'properties', value: object | undefined, names: PropertyNames): void {
  const reserved = Object.keys(value ?? {}).find((name) => names.isReserved(name))
  if (reserved !== undefined) throw invalidOption(undefined, option, value, `the name "${reserved}" is reserved, so use another name`)
}

function propertyClasses(value: unknown): string | undefined {
  if (!isObject(value)) return 'pass an object such as { otp: { secret: true }, theme: { client: true } }'
  for (const [name, propertyClass] of Object.entries(value)) {
    if (propertyClass === undefined) continue
    if (!isObject(propertyClass)) return `pass { secret: true } or { client: true } for "${name}"`
    checkOptions(propertyClass, { path: `properties.${name}.`, checks: { secret: aBoolean, client: aBoolean } })
    if (propertyClass['secret'] === true && propertyClass['client'] === true)
      return `"${name}" is secret, and the client would see it; remove one of both`
  }
  return undefined
}

const COOKIE_CHECKS: Readonly<Record<string, Check>> = {
  name: aTextWith(
    (name) => /^[!#$%&'*+\-.^`|~\w]{1,256}$/.test(name) && !/\.\d$/.test(name),
    "a cookie name has letters, digits and !#$%&'*+-.^_`|~ only, and does not end like 'sid.1', the name of a piece of a long cookie",
  ),
  path: aTextWith((path) => /^\/[\x20-\x3a\x3d-\x7e]{0,1023}$/.test(path), 'a path begins with / and has no ; or control characters'),
  domain: aTextWith(isDomain, "a domain is a host name such as 'example.com', without scheme, port or dots at its ends"),
  secure: satisfies(
    (value) => value === true || value === 'auto',
    "pass true or 'auto' (the default, which needs no Secure on localhost); without Secure the id would be sent in plain text",
  ),
  httpOnly: aBoolean,
  sameSite: oneOf('lax', 'strict', 'none'),
  partitioned: aBoolean,
  priority: oneOf('low', 'medium', 'high'),
}

function aTextWith(isRight: (text: string) => boolean, remedy: string): Check {
  return satisfies((value) => typeof value === 'string' && isRight(value), remedy)
}

function isDomain(value: string): boolean {
  return value.length <= 253 && value.split('.').every((label) => /^[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?$/i.test(label))
}

function checkCookie(cookie: CookieOptions): void {
  checkOptions(cookie, { path: 'cookie.', checks: COOKIE_CHECKS, foreign: FOREIGN_OPTIONS })
  const { name = '', path = '/', domain, secure, sameSite, partitioned } = cookie
  const refuse = (option: string, value: unknown, remedy: string): never => {
    throw invalidOption(undefined, `cookie.${option}`, value, remedy)
  }
  if (/^__host-/i.test(name) && (domain !== undefined || path !== '/'))
    refuse('name', name, 'browsers refuse __Host- together with a domain or another path')
  if (PREFIX.test(name) && name.replace(PREFIX, '') === '') refuse('name', name, 'a name has to follow the prefix')
  if (sameSite === 'none' && secure !== true) refuse('sameSite', sameSite, 'browsers refuse it without Secure; add `secure: true`')
  if (partitioned === true && (secure !== true || sameSite !== 'none'))
    refuse('partitioned', true, "it needs `secure: true` and `sameSite: 'none'`")
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
