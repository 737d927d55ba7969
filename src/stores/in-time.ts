import { monotonic } from '../core/clock.ts'

/** What waited was given up: see `Patience`. */
export class LateError extends Error {
  override readonly name = 'LateError'
}

/** So many milliseconds later than whoever asked, whose own error says more. */
const LATER = 2

/** What `work` answers, or a `LateError` once `until`, an instant of `performance.now()`, has passed. The work itself goes on. */
export function inTime<T>(work: Promise<T>, until: number, what: string): Promise<T> {
  if (until === Number.POSITIVE_INFINITY) return work
  return new Promise<T>((resolve, reject) => {
    const timer = setTimeout(() => reject(new LateError(what)), Math.max(0, until - monotonic() + LATER))
    work.then(
      (value) => {
        clearTimeout(timer)
        resolve(value)
      },
      (error: unknown) => {
        clearTimeout(timer)
        reject(error)
      },
    )
  })
}
