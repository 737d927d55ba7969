import { StoreError } from '../core/base/errors.ts'
import type { Store } from '../core/store/store.ts'
import { EXIT } from './exit-code.ts'
import { Interruption } from './interruption.ts'
import { progressOf, silence } from './progress.ts'

/** The options of `sojourn clear-expired`, beside the store. */
export interface ClearExpiredCommand {
  readonly batch?: number
  readonly dryRun?: boolean
  readonly quiet?: boolean
}

/** Deletes what has expired up to now, and answers the exit code. */
export async function clearExpired(store: Store, options: ClearExpiredCommand): Promise<number> {
  const say = options.quiet === true ? () => undefined : console.log
  if (store.clearExpired === undefined) say('Nothing to clear: this store drops expired sessions by itself.')
  else if (await lacksTable(store)) say('Nothing to clear: there is no table of sessions yet.')
  else if (options.dryRun === true) console.log(`${sessions(await count(store, Date.now()))} would be deleted.`)
  else return run(store, options, say)
  return EXIT.done
}

async function run(store: Store, { batch, quiet = false }: ClearExpiredCommand, say: (line: string) => void): Promise<number> {
  const [now, begun] = [Date.now(), performance.now()]
  const interruption = new Interruption(() => console.error('Ending after the batch under way …'))
  const progress = quiet ? silence : await progressOf(() => count(store, now))
  let done = 0
  try {
    for await (const { deleted } of store.clearExpired?.({ now, signal: interruption.signal, ...(batch !== undefined && { batch }) }) ??
      []) {
      done = deleted
      progress.tell(done)
    }
  } finally {
    progress.end()
    interruption.end()
    say(`${sessions(done)} deleted in ${((performance.now() - begun) / 1000).toFixed(1)} s.`)
  }
  if (interruption.by === undefined) return EXIT.done
  console.error(`Ended early by ${interruption.by}; run it again to go on.`)
  return EXIT[interruption.by]
}

/** Asked without creating it: a mistyped name must not leave a table behind. A table that is not ours is thrown. */
async function lacksTable(store: Store): Promise<boolean> {
  try {
    return ((await store.migrate?.({ dryRun: true })) ?? '') !== ''
  } catch (error) {
    // Nobody asked for a migration.
    throw error instanceof StoreError ? new StoreError('clearExpired', error.cause) : error
  }
}

async function count(store: Store, now: number): Promise<number> {
  return (await store.countExpired?.({ now })) ?? 0
}

function sessions(count: number): string {
  return count === 1 ? '1 expired session' : `${count} expired sessions`
}
