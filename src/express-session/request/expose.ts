import type { SessionRequest } from '../session/session.ts'

/**
 * The property of a request with what returns its `req.session`. It is one symbol for all copies of
 * this package.
 */
const HOLDER: unique symbol = Symbol('sojourn express-session')

/** What `req.session` reads and assigns. */
export interface SessionHolder {
  /** The session object, which is made when it is first read. */
  value: unknown
}

type Holding = SessionRequest & { [HOLDER]?: SessionHolder }

/** All requests share one accessor, because separate ones take 0.4 µs more. */
const ACCESSOR: PropertyDescriptor & ThisType<Holding> = {
  get() {
    return this[HOLDER]?.value
  },
  set(value: unknown) {
    if (this[HOLDER] !== undefined) this[HOLDER].value = value
  },
  enumerable: true,
  configurable: true, // applications delete req.session
}

/** Defines `req.session`, whose value is that of the holder. */
export function expose(req: object, holder: SessionHolder): void {
  ;(req as Holding)[HOLDER] = holder
  Object.defineProperty(req, 'session', ACCESSOR)
}

/** What holds the session of a request. */
export function holderOf(req: object): SessionHolder | undefined {
  return (req as Holding)[HOLDER]
}

/**
 * Returns whether the application has replaced the property: `deleted`, or `defined` by a value of
 * the application after it was deleted.
 */
export function replacement(req: object): { readonly value: unknown } | undefined {
  const property = Object.getOwnPropertyDescriptor(req, 'session')
  return property?.get === ACCESSOR.get ? undefined : { value: property?.value }
}
