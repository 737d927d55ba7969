import type { Admin } from '../admin/admin.ts'
import type { Measured } from './pages/overview-page.ts'

/**
 * How long the statistics of a page may take, and how long they are shown again, in milliseconds.
 */
const MAX_TIME = 3000
const MAX_AGE = 15_000

/** Collects the statistics of all sessions, at most once at a time. */
export class Measurement {
  readonly #now: () => number
  #latest: { readonly at: number; readonly result: Promise<Measured> } | undefined

  constructor(now: () => number) {
    this.#now = now
  }

  /**
   * Returns statistics that are at most 15 seconds old. They are partial if there are many rows.
   */
  read(admin: Admin): Promise<Measured> {
    const at = this.#now()
    if (this.#latest !== undefined && at - this.#latest.at < MAX_AGE) return this.#latest.result
    const result = measure(admin, at)
    this.#latest = { at, result }
    result.catch(() => this.forget())
    return result
  }

  /** Called after a change, which the next statistics have to contain. */
  forget(): void {
    this.#latest = undefined
  }
}

async function measure(admin: Admin, at: number): Promise<Measured> {
  const signal = AbortSignal.timeout(MAX_TIME)
  let rows = 0
  const onProgress = (read: number): void => {
    rows = read
  }
  const stats = await admin.stats({ signal, onProgress })
  return { stats, at, rows, isComplete: !signal.aborted }
}
