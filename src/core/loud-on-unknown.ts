/** In the prototype chain of an object: assigning an unknown property throws and says what to do, at no cost to the properties it has. */
export const loud: object = new Proxy(
  {},
  {
    set(_target, name, value, session) {
      // Under a symbol a tool notes something of its own; nobody means that as data.
      if (typeof name === 'symbol') return Reflect.defineProperty(session as object, name, { value, writable: true, configurable: true })
      throw new TypeError(`session.${name} = … would be lost: use session.set('${name}', …) or session.data.${name} = …`)
    },
  },
)
