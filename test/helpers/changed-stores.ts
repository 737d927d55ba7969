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

/** A store whose operations pause before and after they have their effect. */
export function withPauses(store: Store, pause: () => Promise<void>): Store {
  return new Proxy(store, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name)
      if (typeof member !== 'function') return member
      return async (...args: unknown[]) => {
        await pause()
        const result: unknown = await member.apply(target, args)
        await pause()
        return result
      }
    },
  })
}
