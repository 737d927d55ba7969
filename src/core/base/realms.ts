// Why: `instanceof` is false for an object of another realm. Jest runs an application in a separate
// realm, and Node's modules outside of it, so the timers, promises, bytes and errors of Node are
// objects of another realm there. These functions judge a value by what it is.

/** Whether a value can be awaited. */
export function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
}

export function isDate(value: unknown): value is Date {
  return kindOf(value) === '[object Date]'
}

export function isMap(value: unknown): value is Map<unknown, unknown> {
  return kindOf(value) === '[object Map]'
}

/** Whether a value is a `Uint8Array` or a subclass, such as `Buffer`. */
export function isBytes(value: unknown): value is Uint8Array {
  return kindOf(value) === '[object Uint8Array]'
}

export function isError(value: unknown): value is Error {
  return typeof value === 'object' && value !== null && typeof (value as { message?: unknown }).message === 'string'
}

/** The message of an error, or any other value as text. */
export function messageOf(error: unknown): string {
  return isError(error) ? error.message : String(error)
}

function kindOf(value: unknown): string {
  return Object.prototype.toString.call(value)
}
