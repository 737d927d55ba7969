import type { BigIntStats } from 'node:fs'
import { open, stat, unlink } from 'node:fs/promises'
import { backoff, monotonic } from '../../core/base/clock.ts'
import { StoreError, type StoreOperation } from '../../core/base/errors.ts'

/**
 * A lock of this age was left by a process that died. Work under a lock takes a few milliseconds.
 */
const STALE_AFTER = 10_000
const MAX_WAIT = 15_000

/**
 * Locks between processes. A lock is a file, which only one process can create. Calls for the same
 * key within one process wait in a queue.
 */
export class FileLock {
  readonly #pathOf: (key: string) => string
  readonly #queues = new Map<string, Promise<unknown>>()

  constructor(pathOf: (key: string) => string) {
    this.#pathOf = pathOf
  }

  /**
   * Runs `work` while holding the lock of `key`. Rejects with `StoreError` when the lock stays
   * taken for 15 s.
   */
  async runExclusive<T>(key: string, operation: StoreOperation, work: () => Promise<T>): Promise<T> {
    const previous = this.#queues.get(key) ?? Promise.resolve()
    const current = previous.catch(ignore).then(() => runLocked(this.#pathOf(key), operation, work))
    this.#queues.set(key, current)
    try {
      return await current
    } finally {
      if (this.#queues.get(key) === current) this.#queues.delete(key)
    }
  }
}

async function runLocked<T>(path: string, operation: StoreOperation, work: () => Promise<T>): Promise<T> {
  const acquired = await acquire(path, operation)
  try {
    return await work()
  } finally {
    // After a pause longer than STALE_AFTER the lock may belong to another process.
    if ((await stat(path, { bigint: true }).then(fileIdOf, ignore)) === acquired) await unlink(path).catch(ignore)
  }
}

/** Creates the lock file as soon as that is possible and returns its id. */
async function acquire(path: string, operation: StoreOperation): Promise<string> {
  const deadline = monotonic() + MAX_WAIT
  for (let tries = 0; ; tries++) {
    try {
      return await create(path)
    } catch (error) {
      if (!alreadyExists(error) || monotonic() > deadline) throw new StoreError(operation, error, { applied: false })
    }
    if (await isStale(path)) await removeStale(path)
    await backoff(tries)
  }
}

/** Creates a lock file and returns its id. Throws when the file exists. */
async function create(path: string): Promise<string> {
  const file = await open(path, 'wx', 0o600)
  try {
    return fileIdOf(await file.stat({ bigint: true }))
  } finally {
    await file.close()
  }
}

/**
 * Removes a stale lock under a second lock. Without it, another process could replace the stale
 * lock between the check and the removal, and its new lock would be removed.
 */
async function removeStale(path: string): Promise<void> {
  const breaking = `${path}.breaking`
  try {
    await create(breaking)
  } catch (error) {
    if (alreadyExists(error) && (await isStale(breaking))) await unlink(breaking).catch(ignore)
    return
  }
  try {
    if (await isStale(path)) await unlink(path).catch(ignore)
  } finally {
    await unlink(breaking).catch(ignore)
  }
}

async function isStale(path: string): Promise<boolean> {
  const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Number.POSITIVE_INFINITY }))
  return Date.now() - mtimeMs > STALE_AFTER
}

/** The inode alone does not identify a file: the system reuses it after a deletion. */
function fileIdOf({ ino, mtimeNs }: BigIntStats): string {
  return `${ino} ${mtimeNs}`
}

function alreadyExists(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'EEXIST'
}

function ignore(): undefined {
  // Another process removed the file first, or the next attempt reports the error.
}
