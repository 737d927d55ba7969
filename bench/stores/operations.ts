/** How often stores were asked for something in this process. */
export const operations = { count: 0 }

const VERBS = ['load', 'create', 'replace', 'touch', 'delete', 'get', 'set', 'destroy', 'insert', 'swap']

/** Counts what is asked of a store: of sojourn's, of a peer's, or of one written by hand. */
export function countOperations<Store extends object>(store: Store): Store {
  const verbs = store as Record<string, unknown>
  for (const verb of VERBS) {
    const original = verbs[verb]
    if (typeof original !== 'function') continue
    verbs[verb] = (...args: unknown[]) => {
      operations.count += 1
      return Reflect.apply(original, store, args)
    }
  }
  return store
}
