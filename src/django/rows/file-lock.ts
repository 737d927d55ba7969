import type { BigIntStats } from 'node:fs'
import { open, stat, unlink } from 'node:fs/promises'
import { backoff, monotonic } from '../../core/base/clock.ts'
import { StoreError, type StoreOperation } from '../../core/base/errors.ts'

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
    const own = await taken(path, operation)
    try {
      return await work()
    } finally {
      // Whoever was away for so long that the lock was taken from them must not take it from another.
      if ((await markOf(path)) === own) await unlink(path).catch(ignore)
    }
  }
}

/** Takes the lock as soon as it is free, and answers the mark of it. */
async function taken(path: string, operation: StoreOperation): Promise<string> {
  const deadline = monotonic() + LONGEST_WAIT
  for (let tries = 0; ; tries++) {
    try {
      return await created(path)
    } catch (error) {
      if (!isThereAlready(error) || monotonic() > deadline) throw new StoreError(operation, error, { applied: false })
    }
    if (await isLeftBehind(path)) await breakUp(path)
    await backoff(tries)
  }
}

/** Creates a lock, and answers by what it is told from all others of its name. Throws when there is one. */
async function created(path: string): Promise<string> {
  const file = await open(path, 'wx', 0o600)
  try {
    return mark(await file.stat({ bigint: true }))
  } finally {
    await file.close()
  }
}

/** Takes a lock away that was left behind. One at a time: else, between the look and the deed, it may be another's who took it over. */
async function breakUp(path: string): Promise<void> {
  const breaking = `${path}.breaking`
  try {
    await created(breaking)
  } catch (error) {
    if (isThereAlready(error) && (await isLeftBehind(breaking))) await unlink(breaking).catch(ignore)
    return
  }
  try {
    if (await isLeftBehind(path)) await unlink(path).catch(ignore)
  } finally {
    await unlink(breaking).catch(ignore)
  }
}

async function isLeftBehind(path: string): Promise<boolean> {
  const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Number.POSITIVE_INFINITY }))
  return Date.now() - mtimeMs > STALE
}

/** A number of a file is given to another as soon as it is free. */
function mark({ ino, mtimeNs }: BigIntStats): string {
  return `${ino} ${mtimeNs}`
}

async function markOf(path: string): Promise<string | undefined> {
  return stat(path, { bigint: true }).then(mark, () => undefined)
}

function isThereAlready(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'EEXIST'
}

function ignore(): void {
  // Somebody else was faster, or will tell.
}
