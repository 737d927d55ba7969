import type { Store } from '../../src/core/store/store.ts'

/** A store with other methods for the given names. */
export function withMethods(store: Store, methods: Partial<Store>): Store {
  return new Proxy(store, {
    get(target, name) {
      const member: unknown = Reflect.get(methods, name) ?? Reflect.get(target, name)
      return typeof member === 'function' ? member.bind(target) : member
    },
  })
}

/** A store whose every call runs within `around`, which resolves to the result of the call. */
export function withCallsIn(store: Store, around: (method: string, call: () => Promise<unknown>) => Promise<unknown>): Store {
  return new Proxy(store, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name)
      if (typeof member !== 'function') return member
      return (...args: unknown[]) => around(String(name), async () => member.apply(target, args) as unknown)
    },
  })
}

/** A store whose operations pause before and after they have their effect. */
export function withPauses(store: Store, pause: () => Promise<void>): Store {
  return withCallsIn(store, async (_method, call) => {
    await pause()
    const result = await call()
    await pause()
    return result
  })
}
