import { DURATION_FORMS, MAX_DURATION, milliseconds } from '../base/duration.ts'
import { ConfigError } from '../base/errors.ts'
import { formatValue } from '../base/format.ts'
import { isWorkers } from '../base/is-workers.ts'
import { isReserved } from '../base/reserved.ts'
import { type CookieOptions, PREFIX } from '../cookie/cookie-transport.ts'
import type { Store } from '../store/store.ts'
import { FOREIGN_OPTIONS } from './foreign-options.ts'
import type { SessionOptions } from './options.ts'

type Check = (value: unknown) => string | undefined

/** Throws a `ConfigError` that names option, value and remedy for the first option that is wrong. */
export function checkOptions(options: unknown): asserts options is SessionOptions {
  if (!isObject(options)) throw new ConfigError(`Session options are an object with a \`store\`, not ${formatValue(options)}.`)
  if (options['store'] === undefined) {
    throw new ConfigError("Option `store` is missing: where sessions are kept, e.g. new SqliteStore('sessions.db') or new MemoryStore().")
  }
  checkAll('', options, CHECKS)
  checkStore(options['store'] as Store)
  if (options['clearExpired'] !== undefined) checkClearExpired(options['store'] as Store)
  checkLifetime(options as unknown as SessionOptions)
  if (options['cookie'] !== undefined) checkCookie(options['cookie'] as CookieOptions)
}

/** What was meant to last is not to be cut off in silence. */
function checkLifetime({ idle, absolute = '30d' }: SessionOptions): void {
  if (idle === undefined || Number(milliseconds(idle)) <= Number(milliseconds(absolute))) return
  throw new ConfigError(
    `Option \`idle\` is ${formatValue(idle)}: it is longer than \`absolute\` (${formatValue(absolute)}), which would end the session first; raise that too.`,
  )
}

/** Who cannot swap has nothing to swap: the data is in the cookie, and its ids are of the store's own making. */
function checkStore(store: Store): void {
  const { capabilities } = store
  if (capabilities?.compareAndSwap || (capabilities?.carriesData && store.attach !== undefined)) return
  throw new ConfigError(
    'Option `store`: it has no compare-and-swap (capability `compareAndSwap`), without which changes of overlapping requests would be lost.',
  )
}

function checkClearExpired(store: Store): void {
  if (store.clearExpired === undefined)
    throw new ConfigError('Option `clearExpired`: this store expires its sessions by itself; there is nothing to clear. Leave it out.')
  if (isWorkers())
    throw new ConfigError(
      'Option `clearExpired`: on Workers no timer outlives a request. Leave it out, and call `sessions.clearExpired()` from a Cron Trigger.',
    )
}

function checkAll(path: string, values: object, checks: Readonly<Record<string, Check>>): void {
  for (const [name, value] of Object.entries(values)) {
    const option = path + name
    if (!Object.hasOwn(checks, name)) throw new ConfigError(unknownOption(option, Object.keys(checks)))
    const remedy = value === undefined ? undefined : checks[name]?.(value)
    if (remedy !== undefined) throw new ConfigError(`Option \`${option}\` is ${formatValue(value)}: ${remedy}.`)
  }
}

function unknownOption(option: string, known: readonly string[]): string {
  const translation = Object.hasOwn(FOREIGN_OPTIONS, option) ? FOREIGN_OPTIONS[option] : undefined
  if (translation !== undefined) return `Option \`${option}\` does not exist here: ${translation}.`
  return `Option \`${option}\` does not exist. There are: ${known.join(', ')}.`
}

const aDuration: Check = (value) => (milliseconds(value) === undefined ? `${DURATION_FORMS}${tooLong(value)}` : undefined)
const aFunction: Check = (value) => (typeof value === 'function' ? undefined : 'it has to be a function')
const aBoolean: Check = (value) => (typeof value === 'boolean' ? undefined : 'it has to be true or false')
const aSize: Check = (value) =>
  Number.isSafeInteger(value) && (value as number) > 0 ? undefined : 'it has to be a whole number of bytes above 0'
const anIdentifier: Check = (value) => {
  if (typeof value !== 'string' || !/^[A-Za-z$][\w$]*$/.test(value)) return 'it has to be a property name such as adminSession'
  return value === 'then' || value in Object.prototype ? 'every object, or a promise, has a property of this name; take another' : undefined
}
const oneOf =
  (...allowed: readonly unknown[]): Check =>
  (value) =>
    allowed.includes(value) ? undefined : `it has to be one of ${allowed.map(formatValue).join(', ')}`
const withMethods =
  (what: string, ...methods: readonly string[]): Check =>
  (value) => {
    const missing = methods.find((method) => typeof (value as Record<string, unknown> | null)?.[method] !== 'function')
    return missing === undefined
      ? undefined
      : `it has to be ${what}; this has no method ${missing}()${typeof value === 'function' ? ' (did you forget `new`?)' : ''}`
  }

const CHECKS: Readonly<Record<string, Check>> = {
  store: withMethods('a store, e.g. new SqliteStore(…)', 'load', 'create', 'replace', 'touch', 'delete'),
  cookie: (value) => (isObject(value) ? undefined : 'it has to be an object'),
  idle: aDuration,
  absolute: aDuration,
  browserSession: aBoolean,
  saveOnError: aBoolean,
  lazy: aBoolean,
  whenEnded: oneOf('error', 'discard'),
  maxSize: aSize,
  timeout: aTimeout,
  clearExpired: anInterval,
  codec: withMethods('a codec', 'decode', 'encode', 'parse', 'print'),
  schema: aSchema,
  as: anIdentifier,
  onEvent: aFunction,
  clock: aFunction,
  random: aFunction,
}

function aTimeout(value: unknown): string | undefined {
  if (!isObject(value)) return "it has to be an object such as { operation: '2s', request: '5s' }"
  checkAll('timeout.', value, { operation: aShortTime, request: aShortTime })
  return undefined
}

const HOUR = 3_600_000

function aShortTime(value: unknown): string | undefined {
  return aDuration(value) ?? (Number(milliseconds(value)) > HOUR ? 'nobody waits longer than an hour' : undefined)
}

const MINUTE = 60_000

function anInterval(value: unknown): string | undefined {
  const length = Number(milliseconds(value))
  return length >= MINUTE && length <= 7 * 24 * HOUR ? undefined : "it has to be a duration of '1m' to '7d'"
}

function aSchema(value: unknown): string | undefined {
  if (!isObject(value)) return 'it has to be an object with one Standard Schema for each property'
  const wrong = Object.entries(value).find(
    ([, schema]) => typeof (schema as { '~standard'?: { validate?: unknown } } | null)?.['~standard']?.validate !== 'function',
  )
  if (wrong !== undefined) return `the schema of "${wrong[0]}" does not follow Standard Schema (zod, valibot, arktype … do)`
  const reserved = Object.keys(value).find(isReserved)
  return reserved === undefined ? undefined : `"${reserved}" begins with "_", which is reserved`
}

const COOKIE_CHECKS: Readonly<Record<string, Check>> = {
  name: (value) =>
    typeof value === 'string' && /^[!#$%&'*+\-.^`|~\w]{1,256}$/.test(value) && !/\.\d$/.test(value)
      ? undefined
      : "a cookie name has letters, digits and !#$%&'*+-.^_`|~ only, and does not end like 'sid.1', the name of a piece of a long cookie",
  path: (value) =>
    typeof value === 'string' && /^\/[\x20-\x3a\x3d-\x7e]{0,1023}$/.test(value)
      ? undefined
      : 'a path begins with / and has no ; or control characters',
  domain: (value) =>
    typeof value === 'string' && isDomain(value)
      ? undefined
      : "a domain is a host name such as 'example.com', without scheme, port or dots at its ends",
  secure: oneOfSecure,
  httpOnly: aBoolean,
  sameSite: oneOf('lax', 'strict', 'none'),
  partitioned: aBoolean,
  priority: oneOf('low', 'medium', 'high'),
}

function oneOfSecure(value: unknown): string | undefined {
  if (value === true || value === 'auto') return undefined
  return "it has to be true or 'auto' (the default, which needs no Secure on localhost); without Secure the id would travel in the clear"
}

function isDomain(value: string): boolean {
  return value.length <= 253 && value.split('.').every((label) => /^[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?$/i.test(label))
}

function checkCookie(cookie: CookieOptions): void {
  checkAll('cookie.', cookie, COOKIE_CHECKS)
  const { name = '', path = '/', domain, secure, sameSite, partitioned } = cookie
  const refuse = (option: string, value: unknown, remedy: string): never => {
    throw new ConfigError(`Option \`cookie.${option}\` is ${formatValue(value)}: ${remedy}.`)
  }
  if (/^__host-/i.test(name) && (domain !== undefined || path !== '/'))
    refuse('name', name, 'browsers refuse __Host- together with a domain or another path')
  if (PREFIX.test(name) && name.replace(PREFIX, '') === '') refuse('name', name, 'a name has to follow the prefix')
  if (sameSite === 'none' && secure !== true) refuse('sameSite', sameSite, 'browsers refuse it without Secure; add `secure: true`')
  if (partitioned === true && (secure !== true || sameSite !== 'none'))
    refuse('partitioned', true, "it needs `secure: true` and `sameSite: 'none'`")
}

function tooLong(value: unknown): string {
  return typeof value === 'number' && value * 1000 > MAX_DURATION ? ' (seconds, not milliseconds)' : ''
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
