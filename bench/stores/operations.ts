/** The number of store operations in this process. */
export const operations = { count: 0 }

const METHODS = ['load', 'create', 'replace', 'touch', 'delete', 'get', 'set', 'destroy', 'insert', 'swap']

/** Counts the operations of a store: sojourn's, a peer's, or the hand-written one. */
export function countOperations<Store extends object>(store: Store): Store {
  const methods = store as Record<string, unknown>
  for (const method of METHODS) {
    const original = methods[method]
    if (typeof original !== 'function') continue
    methods[method] = (...args: unknown[]) => {
      operations.count += 1
      return Reflect.apply(original, store, args)
    }
  }
  return store
}
