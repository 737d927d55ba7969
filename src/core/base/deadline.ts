import { monotonic } from './clock.ts'

/** The deadline of an operation has passed (see `Operation`). */
export class DeadlineError extends Error {
  override readonly name = 'DeadlineError'
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
