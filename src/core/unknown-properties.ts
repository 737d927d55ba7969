const loud = new Proxy(
  {},
  {
    set(_target, name, value, session) {
      // Under a symbol a tool notes something of its own; nobody means that as data.
      if (typeof name === 'symbol') return Reflect.defineProperty(session as object, name, { value, writable: true, configurable: true })
      throw new TypeError(`session.${name} = … would be lost: use session.set('${name}', …) or session.data.${name} = …`)
    },
  },
)

/** Base of an object on which assigning an unknown property throws and says what to do, at no cost to the properties it has. */
export const LoudOnUnknown = function LoudOnUnknown() {} as unknown as new () => object
LoudOnUnknown.prototype = loud
