import type { Admin, SessionFilter, SessionInfo } from '../admin/admin.ts'
import { EXIT } from './exit-code.ts'
import { formatSessions, formatSize, formatTime, printJson, printTable } from './output.ts'
import { createRowProgress } from './progress.ts'

/** The options of `sojourn list`, except those of the source. */
export interface ListCommandOptions {
  readonly limit: number
  readonly all?: boolean
  readonly count?: boolean
  readonly json?: boolean
}

const HEAD = ['handle', 'user', 'started', 'last used', 'expires', 'size', 'writes']
/**
 * Sessions per table. A longer list is printed as several tables, so that it is never in memory as
 * a whole.
 */
const PAGE = 100

/** Prints sessions, page by page, or their number. */
export async function list(admin: Admin, filter: SessionFilter, options: ListCommandOptions): Promise<number> {
  if (options.count === true) return count(admin, filter, options)
  let left = options.all === true ? Number.POSITIVE_INFINITY : options.limit
  let cursor: string | undefined
  let printed = 0
  do {
    const page = await admin.list({ ...filter, limit: Math.min(PAGE, left), cursor })
    await print(page.sessions, options.json === true)
    printed += page.sessions.length
    left -= page.sessions.length
    cursor = page.cursor
  } while (cursor !== undefined && left > 0 && process.stdout.writable) // not after `| head` has ended
  if (printed === 0 && options.json !== true) console.error('No sessions.')
  if (cursor !== undefined && process.stdout.writable)
    console.error(`${formatSessions(printed)} listed, and there are more: raise --limit, or pass --all.`)
  return EXIT.done
}

async function count(admin: Admin, filter: SessionFilter, { json }: ListCommandOptions): Promise<number> {
  const progress = await createRowProgress()
  let sessions: number
  try {
    sessions = await admin.count(filter, { onProgress: progress.update })
  } finally {
    progress.stop()
  }
  if (json === true) printJson({ sessions })
  else console.log(formatSessions(sessions))
  return EXIT.done
}

async function print(sessions: readonly SessionInfo[], json: boolean): Promise<void> {
  if (json) for (const session of sessions) printJson(session)
  else if (sessions.length > 0) await printTable(HEAD, sessions.map(toCells))
}

function toCells({ handle, userId, createdAt, seenAt, expiresAt, size, writes, isReadable }: SessionInfo): string[] {
  const shown = isReadable ? formatSize(size) : `${formatSize(size)} (unreadable)`
  return [handle, userId ?? '', formatTime(createdAt), formatTime(seenAt), formatTime(expiresAt), shown, String(writes)]
}
