import type { Admin, SessionFilter } from '../admin/admin.ts'
import { ConfigError } from '../core/base/errors.ts'
import { isConfirmed } from './confirm.ts'
import { EXIT } from './exit-code.ts'
import { Interruption } from './interruption.ts'
import { formatSessions } from './output.ts'
import { createProgress, createRowProgress } from './progress.ts'

/** The options of a command that changes many sessions, except those of the source. */
export interface ChangeCommandOptions {
  readonly all?: boolean
  readonly dryRun?: boolean
  readonly yes?: boolean
}

/** The sessions that a command changes: that of a handle, or those that fulfil a filter. */
export type Target = { readonly handle: string } | { readonly filter: SessionFilter }

/** Throws `ConfigError` if the arguments name no sessions, or two kinds of them. */
export function targetOf(handle: string | undefined, filter: SessionFilter, { all = false }: ChangeCommandOptions): Target {
  const hasFilter = Object.keys(filter).length > 0
  if (handle !== undefined && !all && !hasFilter) return { handle }
  if (handle === undefined && (all || hasFilter)) return { filter }
  throw new ConfigError('Name the sessions in one way: a handle, a condition such as --user or --idle-for, or --all.')
}

/** Ends sessions. */
export async function revoke(admin: Admin, target: Target, options: ChangeCommandOptions): Promise<number> {
  if ('handle' in target) return revokeOne(admin, target.handle, options)
  const { filter } = target
  const sessions = await countTargets(admin, filter)
  if (options.dryRun === true) console.log(`${formatSessions(sessions)} would be ended.`)
  else if (sessions === 0) console.error('Nothing to do: no session fulfils the conditions.')
  else {
    if (!(await isConfirmed(`End ${formatSessions(sessions)}?`, options.yes === true))) return EXIT.no
    return interruptible({
      total: sessions,
      verb: 'ended',
      run: (signal, onProgress) => (isOnlyUser(filter) ? admin.revokeUser(filter.user) : admin.revokeAll(filter, { signal, onProgress })),
      result: (ended) => `${formatSessions(ended)} ended.`,
    })
  }
  return EXIT.done
}

async function revokeOne(admin: Admin, handle: string, { dryRun = false }: ChangeCommandOptions): Promise<number> {
  const exists = dryRun ? (await admin.show(handle)) !== undefined : await admin.revoke(handle)
  if (!exists) console.error('There is no session with this handle.')
  else console.log(dryRun ? '1 session would be ended.' : '1 session ended.')
  return exists ? EXIT.done : EXIT.no
}

function isOnlyUser(filter: SessionFilter): filter is SessionFilter & { readonly user: string } {
  return filter.user !== undefined && Object.keys(filter).length === 1
}

export async function countTargets(admin: Admin, filter: SessionFilter): Promise<number> {
  const progress = await createRowProgress()
  try {
    return await admin.count(filter, { onProgress: progress.update })
  } finally {
    progress.stop()
  }
}

/** A change of many sessions. */
interface Change {
  /** The number of sessions that it is expected to change. */
  readonly total: number
  /** What is done with a session, such as "ended". */
  readonly verb: string
  readonly run: (signal: AbortSignal, onProgress: (changed: number) => void) => Promise<number>
  /** The sentence that is printed, also for the part that was done when the store fails. */
  readonly result: (changed: number) => string
}

/** Runs a change that the user can stop after the current page, and prints its result. */
export async function interruptible({ total, verb, run, result }: Change): Promise<number> {
  const interruption = new Interruption(() => console.error('Stopping after the current page …'))
  const progress = await createProgress(async () => total, verb)
  let changed = 0
  const onProgress = (count: number): void => {
    changed = count
    progress.update(count)
  }
  try {
    changed = await run(interruption.signal, onProgress)
    progress.stop()
    console.log(result(changed))
  } catch (error) {
    progress.stop()
    if (changed > 0) console.log(result(changed))
    throw error
  } finally {
    interruption.dispose()
  }
  if (interruption.received === undefined) return EXIT.done
  console.error(`Stopped early by ${interruption.received}; run the command again to continue.`)
  return EXIT[interruption.received]
}
