import { StoreError } from '../core/base/errors.ts'
import type { Store } from '../core/store/store.ts'
import { EXIT } from './exit-code.ts'
import { Interruption } from './interruption.ts'
import { createProgress, noProgress } from './progress.ts'
import type { Source } from './source.ts'

/** The options of `sojourn clear-expired`, except the store. */
export interface ClearExpiredCommandOptions {
  /** The maximum number of rows per transaction. */
  readonly batch?: number
  readonly dryRun?: boolean
  readonly quiet?: boolean
}

/** Deletes the sessions that have expired so far, and returns the exit code. */
export async function clearExpired({ admin, store }: Source, options: ClearExpiredCommandOptions): Promise<number> {
  const print = options.quiet === true ? () => undefined : console.log
  if (store.clearExpired === undefined) print('Nothing to clear: this store removes expired sessions by itself.')
  else if (await isTableMissing(store)) print('Nothing to clear: the table of the sessions does not exist yet.')
  else if (options.dryRun === true) console.log(`${formatCount(await countExpired(store, Date.now()))} would be deleted.`)
  else return run({ admin, store }, options, print)
  return EXIT.done
}

async function run(
  { admin, store }: Source,
  { batch, quiet = false }: ClearExpiredCommandOptions,
  print: (line: string) => void,
): Promise<number> {
  const [now, startedAt] = [Date.now(), performance.now()]
  const interruption = new Interruption(() => console.error('Stopping after the current batch …'))
  const progress = quiet ? noProgress : await createProgress(() => countExpired(store, now))
  let total = 0
  try {
    const onProgress = (deleted: number): void => {
      total = deleted
      progress.update(deleted)
    }
    await admin.clearExpired({ signal: interruption.signal, onProgress, ...(batch !== undefined && { batch }) })
  } finally {
    progress.stop()
    interruption.dispose()
    print(`${formatCount(total)} deleted in ${((performance.now() - startedAt) / 1000).toFixed(1)} s.`)
  }
  if (interruption.received === undefined) return EXIT.done
  console.error(`Stopped early by ${interruption.received}; run the command again to continue.`)
  return EXIT[interruption.received]
}

/**
 * Checks without creating the table: a mistyped name must not create a table. Throws if
 * the table exists but belongs to other software.
 */
async function isTableMissing(store: Store): Promise<boolean> {
  try {
    return ((await store.migrate?.({ dryRun: true })) ?? '') !== ''
  } catch (error) {
    // Names the operation that the user asked for instead of the migration.
    throw error instanceof StoreError ? new StoreError('clearExpired', error.cause, { remedy: error.remedy }) : error
  }
}

async function countExpired(store: Store, now: number): Promise<number> {
  return (await store.countExpired?.({ now })) ?? 0
}

function formatCount(count: number): string {
  return count === 1 ? '1 expired session' : `${count} expired sessions`
}
