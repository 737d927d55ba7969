/** The verbs that the view calls. */
interface Verbs {
  get(name: string): unknown
  has(name: string): boolean
  set(name: string, value: unknown): unknown
  delete(name: string): boolean
  keys(): Iterable<string>
}

/**
 * The properties of a session as a plain object. Every operation on it calls the verb of the
 * session.
 */
export function dataView(session: Verbs): Record<string, unknown> {
  const isName = (name: string | symbol): name is string => typeof name === 'string'
  return new Proxy(Object.create(null) as Record<string, unknown>, {
    get: (_target, name) => (isName(name) ? session.get(name) : undefined),
    has: (_target, name) => isName(name) && session.has(name),
    set: (_target, name, value) => isName(name) && (session.set(name, value), true),
    deleteProperty: (_target, name) => isName(name) && (session.delete(name), true),
    ownKeys: () => [...session.keys()],
    getOwnPropertyDescriptor: (_target, name) =>
      isName(name) && session.has(name) ? { value: session.get(name), writable: true, enumerable: true, configurable: true } : undefined,
    defineProperty: (_target, name, { value }) => isName(name) && value !== undefined && (session.set(name, value), true),
  })
}
