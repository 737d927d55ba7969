import { open, stat, unlink } from 'node:fs/promises'
import { monotonic, pause } from '../core/clock.ts'
import { StoreError, type StoreOperation } from '../core/errors.ts'

/** A lock that was left behind by a process that died is nobody's after this time. Work under a lock takes some milliseconds. */
const STALE = 10_000
/** How long a lock is waited for. */
const LONGEST_WAIT = 15_000

/** Locks between processes, by files that only one can create; who comes second within one process waits in line. */
export class FileLock {
  readonly #pathOf: (key: string) => string
  readonly #lines = new Map<string, Promise<unknown>>()

  constructor(pathOf: (key: string) => string) {
    this.#pathOf = pathOf
  }

  /** Does the work while nobody else has the lock of this key. Rejects with `StoreError` when it cannot be had in time. */
  async during<T>(key: string, operation: StoreOperation, work: () => Promise<T>): Promise<T> {
    const before = this.#lines.get(key)
    const turn = (before ?? Promise.resolve()).catch(ignore).then(() => this.#locked(this.#pathOf(key), operation, work))
    this.#lines.set(key, turn)
    try {
      return await turn
    } finally {
      if (this.#lines.get(key) === turn) this.#lines.delete(key)
    }
  }

  async #locked<T>(path: string, operation: StoreOperation, work: () => Promise<T>): Promise<T> {
    await this.#take(path, operation)
    try {
      return await work()
    } finally {
      await unlink(path).catch(ignore)
    }
  }

  async #take(path: string, operation: StoreOperation): Promise<void> {
    const until = monotonic() + LONGEST_WAIT
    for (let tries = 0; ; tries++) {
      try {
        const file = await open(path, 'wx', 0o600)
        return await file.close()
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || monotonic() > until)
          throw new StoreError(operation, error, { applied: false })
      }
      const age = await stat(path).then(
        ({ mtimeMs }) => Date.now() - mtimeMs,
        () => 0,
      )
      if (age > STALE) await unlink(path).catch(ignore)
      else await pause(tries)
    }
  }
}

function ignore(): void {
  // Somebody else was faster, or will tell.
}
