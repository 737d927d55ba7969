// Why: one process can contain several copies of this package: a bundler adds one to every bundle,
// and a monorepo can install several. Their classes are different objects with the same purpose.

/**
 * Makes `instanceof` accept instances of the class of every copy. `name` is the same in every copy,
 * also where a bundler shortens names of classes. A subclass of an application is not shared.
 */
export function shareClass(shared: abstract new (...args: never[]) => object, name: string): void {
  const brand = Symbol.for(`sojourn.${name}`)
  Object.defineProperty(shared.prototype, brand, { value: true, configurable: true })
  Object.defineProperty(shared, Symbol.hasInstance, {
    value(this: unknown, value: unknown): boolean {
      if (this !== shared) return Reflect.apply(Function.prototype[Symbol.hasInstance], this, [value])
      return typeof value === 'object' && value !== null && brand in value
    },
  })
}

/** A value of which all copies use the same one. */
export function shareValue<T extends object>(name: string, create: () => T): T {
  const brand = Symbol.for(`sojourn.${name}`)
  const values = globalThis as Record<symbol, unknown>
  values[brand] ??= create()
  return values[brand] as T
}

/** The remedy where an object of another copy cannot be used. */
export const ONE_COPY =
  'Use one copy: `npm ls sojourn` shows the installed ones, and a bundler makes one in every bundle unless `sojourn` is external'
