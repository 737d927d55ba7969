import { monotonic } from './clock.ts'
import { withDeadline } from './deadline.ts'
import { isPromise } from './realms.ts'

/** A callback of Node. */
export type Callback<T = unknown> = (error?: unknown, result?: T) => void

/**
 * Calls a method that takes a callback, and resolves to its result. Some methods are async
 * functions too: an error that such a method throws does not reach the callback.
 */
export async function callWithCallback<T>(run: (done: Callback<T>) => unknown): Promise<T | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<T | undefined>()
  const returned = run((error, result) => (error ? reject(error) : resolve(result)))
  if (isPromise(returned)) returned.then(undefined, reject)
  return promise
}

/**
 * Resolves to the result of `work`, and rejects after `limit` milliseconds or at `deadline`, a
 * `monotonic()` time. The work itself continues and may still take effect.
 */
export function callWithin<T>(limit: number, deadline: number, work: () => T | Promise<T>): Promise<T> {
  const now = monotonic()
  const left = Math.max(1, Math.min(limit, Math.ceil(deadline - now)))
  return withDeadline((async () => work())(), now + left, `it did not respond within ${left} ms`)
}
