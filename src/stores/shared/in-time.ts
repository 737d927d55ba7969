import { monotonic } from '../../core/base/clock.ts'

/** What waited was given up: see `Patience`. */
export class LateError extends Error {
  override readonly name = 'LateError'
}

/** Of the time an operation has, so much may go by until it has a connection: then the error says what was the matter. */
const SHARE_OF_CONNECTING = 0.75

/** Until when a statement that is due at `until` waits for a connection. */
export function connectingUntil(deadline: number): number {
  const now = monotonic()
  return now + (deadline - now) * SHARE_OF_CONNECTING
}

/** So many milliseconds later than whoever asked, whose own error says more. */
const LATER = 2

/** What `work` answers, or a `LateError` once `until`, an instant of `performance.now()`, has passed. The work itself goes on. */
export function inTime<T>(work: Promise<T>, deadline: number, what: string): Promise<T> {
  if (deadline === Number.POSITIVE_INFINITY) return work
  return new Promise<T>((resolve, reject) => {
    const timer = setTimeout(() => reject(new LateError(what)), Math.max(0, deadline - monotonic() + LATER))
    void work.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}
