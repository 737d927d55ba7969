import { monotonic } from '../../core/base/clock.ts'

/** The deadline of an operation has passed (see `Operation`). */
export class DeadlineError extends Error {
  override readonly name = 'DeadlineError'
}

/**
 * The share of an operation's time for getting a connection. It is below 1, so that the error of a
 * missing connection precedes the timeout of the operation.
 */
const CONNECT_SHARE = 0.75

/** The deadline for the connection of a statement that has the given deadline. */
export function connectDeadline(deadline: number): number {
  const now = monotonic()
  return now + (deadline - now) * CONNECT_SHARE
}

/**
 * Milliseconds between the deadline and this error. The error of the caller comes first and is more
 * precise.
 */
const MARGIN = 2

/**
 * Returns the result of `work`. Rejects with a `DeadlineError` after `deadline`, a time of
 * `performance.now()`. The work itself continues.
 */
export function withDeadline<T>(work: Promise<T>, deadline: number, message: string): Promise<T> {
  if (deadline === Number.POSITIVE_INFINITY) return work
  return new Promise<T>((resolve, reject) => {
    const timer = setTimeout(() => reject(new DeadlineError(message)), Math.max(0, deadline - monotonic() + MARGIN))
    void work.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}
