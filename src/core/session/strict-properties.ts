/** What people who know another session library look for, and what it is here. */
const TRANSLATIONS: Readonly<Record<string, string>> = {
  destroy: 'session.flush() ends it',
  regenerate: 'session.flush() begins anew, session.cycleId() renews the id and keeps the data',
  touch: 'a session that is used lives on by itself',
  cookie: 'the options `cookie`, `idle` and `absolute`, and session.setExpiry()',
}

/**
 * In the prototype chain of an object whose properties are not its own: to assign an unknown one, or to read one that is stored, throws and
 * says what to do. Costs the properties it has nothing.
 */
export function throwOnUnknownProperty(isStored: (dictionary: object, name: string) => boolean): object {
  return new Proxy(
    {},
    {
      get(target, name, session) {
        if (typeof name === 'symbol' || name in target) return Reflect.get(target, name, session) as unknown
        if (Object.hasOwn(TRANSLATIONS, name)) throw new TypeError(`session.${name} does not exist here: ${TRANSLATIONS[name]}`)
        if (!isStored(session as object, name)) return undefined
        throw new TypeError(`session.${name} is not where properties are: use session.get('${name}') or session.data.${name}`)
      },
      set(_target, name, value, session) {
        // Under a symbol a tool notes something of its own; nobody means that as data.
        if (typeof name === 'symbol') return Reflect.defineProperty(session as object, name, { value, writable: true, configurable: true })
        throw new TypeError(`session.${name} = … would be lost: use session.set('${name}', …) or session.data.${name} = …`)
      },
    },
  )
}
