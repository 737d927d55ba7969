import { ConfigError } from '../base/errors.ts'
import { formatValue } from '../base/format.ts'

/** Members of the sessions of other libraries, and what to use in their place. */
const TRANSLATIONS: Readonly<Record<string, string>> = {
  destroy: 'call session.flush() to end the session',
  regenerate: 'call session.flush() to start a new session, or session.cycleId() to renew the id and keep the data',
  touch: 'remove the call, because using a session extends it',
  cookie: 'use the options `cookie`, `idle` and `absolute`, or session.setExpiry()',
}

/** Members that look like properties, and what to call in place of assigning them. */
const ASSIGNMENTS: Readonly<Record<string, string>> = {
  userId: 'call session.login(user.id), or session.logout()',
  flash: 'call session.flash(key, message)',
  data: 'call session.assign({ … }), or assign its properties: session.data.cart = …',
  id: 'call session.cycleId() for a new id',
  expiresAt: 'call session.setExpiry(…)',
  endsWithBrowser: "call session.setExpiry('browser')",
}

/** What is known about the properties of a session. */
export interface PropertyLookup {
  readonly isStored: (session: object, name: string) => boolean
  readonly isReserved: (session: object, name: string) => boolean
}

/**
 * An object for the prototype chain of a class whose properties are not members. Assigning an
 * unknown member, or reading one that has the name of a stored property, throws a `ConfigError`
 * that says what to do. It costs existing members nothing.
 */
export function throwOnUnknownProperty({ isStored, isReserved }: PropertyLookup): object {
  return new Proxy(
    {},
    {
      get(target, name, session) {
        if (typeof name === 'symbol' || name in target) return Reflect.get(target, name, session) as unknown
        if (Object.hasOwn(TRANSLATIONS, name)) throw new ConfigError(`session.${name} does not exist here: ${TRANSLATIONS[name]}.`)
        if (!isStored(session as object, name)) return undefined
        throw new ConfigError(`${member(name)} does not read the property "${name}": use ${access(name, 'get')}.`)
      },
      set(_target, name, value, session) {
        // Tools store their data under symbols. It is not session data.
        if (typeof name === 'symbol') return Reflect.defineProperty(session as object, name, { value, writable: true, configurable: true })
        throw lostAssignment(name, isReserved(session as object, name))
      },
    },
  )
}

/**
 * Turns every member of a class into an accessor, so that assigning it throws, also in sloppy code,
 * which ignores an assignment to a read-only property. Freezes the prototype and its functions,
 * because all sessions share them, and every visitor could read a value that one request writes.
 */
export function throwOnAssignment({ prototype }: { readonly prototype: object }): void {
  for (const name of Reflect.ownKeys(prototype)) {
    const descriptor = Object.getOwnPropertyDescriptor(prototype, name) as PropertyDescriptor
    const value: unknown = descriptor.value
    const get = (Reflect.get(descriptor, 'get') as (() => unknown) | undefined) ?? ((): unknown => value)
    const set = (): never => {
      throw lostAssignment(name)
    }
    Object.defineProperty(prototype, name, { get, set })
    for (const shared of [value, get, set]) Object.freeze(shared)
  }
  Object.freeze(prototype)
}

function lostAssignment(name: string | symbol, isReserved = false): ConfigError {
  return new ConfigError(`${member(name)} = … would be lost: ${remedyFor(name, isReserved)}.`)
}

function remedyFor(name: string | symbol, isReserved: boolean): string {
  if (typeof name === 'symbol') return 'remove the assignment, because sessions have this member'
  const known = { ...TRANSLATIONS, ...ASSIGNMENTS }
  if (Object.hasOwn(known, name)) return known[name] as string
  if (!isReserved) return `use ${access(name, 'set')}`
  const plain = name.replace(/^_+/, '') || 'name'
  return `this name is reserved, so use another name, such as ${access(plain, 'set')}`
}

/** How a property is read or set: session.set('cart', …) or session.data.cart = … */
function access(name: string, verb: 'get' | 'set'): string {
  const [argument, assigned] = verb === 'get' ? ['', ''] : [', …', ' = …']
  return `session.${verb}(${formatValue(name)}${argument}) or ${member(name, 'session.data')}${assigned}`
}

/** How a member is written in code. */
function member(name: string | symbol, object = 'session'): string {
  if (typeof name === 'symbol') return `${object}[${String(name)}]`
  return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(name) ? `${object}.${name}` : `${object}[${formatValue(name)}]`
}
