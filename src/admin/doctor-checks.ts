import { DAY } from '../core/base/duration.ts'
import { type AdminContext, isAlive } from './admin-engine.ts'
import { type Finding, ok, skipped } from './findings.ts'
import { toReadRows } from './scan.ts'

/** The number of rows that are read as a sample. */
const SAMPLE = 100

/** Whether the sessions in the store can be read with the options of this manager. */
export async function checkRows({ engine }: AdminContext): Promise<Finding> {
  if (engine.capabilities.carriesData) return skipped('rows', 'The sessions are in the cookies of their browsers.')
  if (!engine.capabilities.list) return skipped('rows', 'This store cannot list its sessions.')
  const { entries } = await engine.store.list({ now: 0, limit: SAMPLE })
  const rows = toReadRows(engine, entries)
  const unreadable = rows.filter(({ texts }) => texts === undefined).length
  const alive = rows.filter(({ entry, texts }) => isAlive(engine, entry, texts)).length
  if (unreadable === 0) return ok('rows', `Of the first ${entries.length} rows ${alive} are sessions that have not ended.`)
  return {
    check: 'rows',
    level: 'error',
    message: `Of the first ${entries.length} rows ${unreadable} cannot be read with the options of this manager, so their visitors seem to be logged out.`,
    remedy: 'Use the same `codec` and secret keys in every process that shares the table, and raise `maxSize` if it was lowered.',
  }
}

/** Whether expired sessions are deleted. */
export async function checkClearing({ engine, port }: AdminContext): Promise<Finding> {
  const { store, clearExpired } = port.options
  if (store.clearExpired === undefined) return ok('clearing', 'This store removes expired sessions by itself.')
  const overdue = (await store.countExpired?.({ now: engine.now() - DAY })) ?? 0
  const interval = clearExpired === false ? 'is switched off' : `runs every ${clearExpired ?? '1h'}`
  if (overdue === 0) return ok('clearing', `No session expired more than a day ago. Clearing ${interval}.`)
  return {
    check: 'clearing',
    level: 'warning',
    message: `${overdue} sessions that expired more than a day ago are still stored, and clearing ${interval}.`,
    remedy: 'Run `sojourn clear-expired` now, and from cron if the option `clearExpired` is `false`.',
  }
}

/** Whether the store keeps rows until they expire. */
export async function checkEviction({ engine }: AdminContext): Promise<Finding> {
  if (engine.capabilities.evicts !== true) return ok('eviction', 'The store keeps sessions until they expire.')
  return {
    check: 'eviction',
    level: 'warning',
    message: 'The store drops sessions when it is full, and a store in memory loses all of them when the process ends.',
    remedy: 'In production use a database: SQLite, PostgreSQL, MySQL or Redis.',
  }
}

/** The lifetimes of sessions, which are a decision of the application. */
export function checkLifetime({ engine }: AdminContext): Finding {
  const { idle, absolute, browserSession } = engine.lifetime
  const days = (length: number): string => (Number.isFinite(length) ? `${Math.round((length / DAY) * 10) / 10} days` : 'without limit')
  const end = browserSession ? ' or when the browser is closed' : ''
  const message = `A session ends after ${days(idle)} without use${end}, and at the latest after: ${days(absolute)}.`
  if (Number.isFinite(absolute) && absolute <= 90 * DAY) return ok('lifetime', message)
  return {
    check: 'lifetime',
    level: 'warning',
    message,
    remedy: 'A stolen cookie works until then. Shorten `absolute`, and ask for the password again before critical actions.',
  }
}

/** The attributes of the cookie. */
export function checkCookie({ port }: AdminContext): Finding[] {
  const { httpOnly = true, sameSite = 'lax', secure = 'auto', domain, name = 'sid' } = port.options.cookie ?? {}
  const findings: Finding[] = []
  const warn = (message: string, remedy: string): void => void findings.push({ check: 'cookie', level: 'warning', message, remedy })
  if (!httpOnly)
    warn('Scripts in the page can read the cookie (`httpOnly: false`), so any injected script can steal it.', 'Remove the option.')
  if (sameSite === 'none')
    warn(
      'Browsers send the cookie with requests of other sites (`sameSite: none`).',
      'Protect forms against CSRF, or use `lax` if no other site embeds this one.',
    )
  if (domain !== undefined)
    warn(
      `Every host below ${domain} gets the cookie and can set one of the same name (\`cookie.domain\`).`,
      'Leave `domain` out unless several hosts need the same sessions.',
    )
  if (secure === 'auto' && findings.length === 0)
    findings.push(ok('cookie', `The cookie ${name} is Secure over HTTPS, and no cookie is set over plain HTTP except on this machine.`))
  return findings.length > 0 ? findings : [ok('cookie', `The cookie ${name} is always Secure.`)]
}
