/** The verbs a plain object needs. */
interface Verbs {
  get(name: string): unknown
  has(name: string): boolean
  set(name: string, value: unknown): unknown
  delete(name: string): boolean
  keys(): Iterable<string>
}

/**
 * The properties of a session as a plain object: every operation on it is the verb of the session.
 */
export function dataView(session: Verbs): Record<string, unknown> {
  const own = (name: string | symbol): name is string => typeof name === 'string'
  return new Proxy(Object.create(null) as Record<string, unknown>, {
    get: (_target, name) => (own(name) ? session.get(name) : undefined),
    has: (_target, name) => own(name) && session.has(name),
    set: (_target, name, value) => own(name) && (session.set(name, value), true),
    deleteProperty: (_target, name) => own(name) && (session.delete(name), true),
    ownKeys: () => [...session.keys()],
    getOwnPropertyDescriptor: (_target, name) =>
      own(name) && session.has(name) ? { value: session.get(name), writable: true, enumerable: true, configurable: true } : undefined,
    defineProperty: (_target, name, { value }) => own(name) && value !== undefined && (session.set(name, value), true),
  })
}
