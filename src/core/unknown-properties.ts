const loud = new Proxy(
  {},
  {
    set(_target, name) {
      const key = String(name)
      throw new TypeError(`session.${key} = … would be lost: use session.set('${key}', …) or session.data.${key} = …`)
    },
  },
)

/** Base of an object on which assigning an unknown property throws and says what to do, at no cost to the properties it has. */
export const LoudOnUnknown = function LoudOnUnknown() {} as unknown as new () => object
LoudOnUnknown.prototype = loud
