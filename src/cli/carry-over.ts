import { EXIT } from './exit-code.ts'
import { Interruption } from './interruption.ts'
import { loadOldSessions, type OldSessions } from './old-sessions.ts'
import { createProgress, noProgress } from './progress.ts'

/** The options of `sojourn carry-over`. */
export interface CarryOverCommandOptions {
  readonly app: string
  /** The maximum number of sessions per second. */
  readonly rate: number
  readonly dryRun?: boolean
  readonly quiet?: boolean
}

/**
 * Carries the sessions over that are left in the old store, and returns the exit code. Each one is
 * opened as for a request, so that all rules of a carry-over apply, and a run can be repeated.
 */
export async function carryOver({ app, ...options }: CarryOverCommandOptions): Promise<number> {
  const old = await loadOldSessions(app)
  try {
    if (options.dryRun !== true) return await run(old, options)
    console.log(`${formatCount(await count(await old.sids()))} would be carried over.`)
    return EXIT.done
  } finally {
    await old.sessions.close()
  }
}

async function run(old: OldSessions, { rate, quiet = false }: Omit<CarryOverCommandOptions, 'app'>): Promise<number> {
  const startedAt = performance.now()
  const interruption = new Interruption(() => console.error('Stopping after the current session …'))
  const found = await old.sids()
  const progress = quiet ? noProgress : await createProgress(async () => (Array.isArray(found) ? found.length : undefined), 'carried over')
  let read = 0
  let moved = 0
  try {
    for await (const sid of found) {
      if (interruption.signal.aborted) break
      await pauseUntil(startedAt + (read * 1000) / rate)
      const { isNew } = await old.sessions.load(sid)
      read += 1
      if (!isNew) moved += 1
      progress.update(read)
    }
  } finally {
    progress.stop()
    interruption.dispose()
    if (!quiet) console.log(`${formatCount(moved)} carried over, and ${read - moved} had ended.`)
  }
  if (interruption.received === undefined) return EXIT.done
  console.error(`Stopped early by ${interruption.received}; run the command again to continue.`)
  return EXIT[interruption.received]
}

async function pauseUntil(time: number): Promise<void> {
  const left = time - performance.now()
  if (left > 1) await new Promise((resolve) => setTimeout(resolve, left))
}

async function count(sids: readonly string[] | AsyncIterable<string>): Promise<number> {
  if (Array.isArray(sids)) return sids.length
  let number = 0
  for await (const _ of sids) number += 1
  return number
}

function formatCount(number: number): string {
  return number === 1 ? '1 session' : `${number} sessions`
}
