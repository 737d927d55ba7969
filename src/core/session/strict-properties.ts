/** Members of the sessions of other libraries, and what to use in their place. */
const TRANSLATIONS: Readonly<Record<string, string>> = {
  destroy: 'call session.flush() to end the session',
  regenerate: 'call session.flush() to start a new session, or session.cycleId() to renew the id and keep the data',
  touch: 'remove the call, because using a session extends it',
  cookie: 'use the options `cookie`, `idle` and `absolute`, or session.setExpiry()',
}

/**
 * An object for the prototype chain of a class whose properties are not members. Assigning an
 * unknown member, or reading one that has the name of a stored property, throws a `TypeError` that
 * says what to do. It costs existing members nothing.
 */
export function throwOnUnknownProperty(isStored: (session: object, name: string) => boolean): object {
  return new Proxy(
    {},
    {
      get(target, name, session) {
        if (typeof name === 'symbol' || name in target) return Reflect.get(target, name, session) as unknown
        if (Object.hasOwn(TRANSLATIONS, name)) throw new TypeError(`session.${name} does not exist here: ${TRANSLATIONS[name]}.`)
        if (!isStored(session as object, name)) return undefined
        throw new TypeError(`session.${name} does not read the property "${name}": use session.get('${name}') or session.data.${name}.`)
      },
      set(_target, name, value, session) {
        // Tools store data of theirs under symbols. It is not session data.
        if (typeof name === 'symbol') return Reflect.defineProperty(session as object, name, { value, writable: true, configurable: true })
        throw new TypeError(`session.${name} = … would be lost: use session.set('${name}', …) or session.data.${name} = ….`)
      },
    },
  )
}
