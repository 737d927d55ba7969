import { DAY, MINUTE } from '../core/base/duration.ts'
import { tombstone } from '../core/store/tombstone.ts'
import type { CookieAttributes } from '../wire/set-cookie.ts'
import { type AdminContext, isAlive } from './admin-engine.ts'
import { type Finding, failure, finding, ok, skipped } from './findings.ts'
import { toReadRows } from './scan.ts'
import { requestOver, sessionCookie } from './session-cookie.ts'

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

/**
 * Whether the user of the database may write and delete, and the server is no replica. The row
 * leads to no session, and expires after a minute if it cannot be deleted.
 */
export async function checkWrite({ engine }: AdminContext): Promise<Finding> {
  const { store, capabilities, randomText } = engine
  if (capabilities.carriesData) return skipped('write', 'The sessions are in the cookies of their browsers.')
  if (capabilities.renames === true) return skipped('write', 'The rows of this store are those of another application.')
  const [key, now] = [`doctor ${randomText(16)}`, engine.now()]
  try {
    await store.create({ key, entry: tombstone(randomText(16), now, now + MINUTE) })
    await store.delete({ key })
    return ok('write', 'A row was written and deleted.')
  } catch (error) {
    return failure('write', error, 'Check the rights of the user of the database, free space, and whether the server is a replica.')
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
export function checkCookie({ engine }: AdminContext): Finding[] {
  const [cookie, local] = [sessionCookie(engine, requestOver('https')), sessionCookie(engine, requestOver('loopback'))]
  if (cookie === undefined) return [skipped('cookie', 'The id is sent in a header and not in a cookie.')]
  const { name, attributes } = cookie
  const findings = WARNINGS.flatMap(([applies, message, remedy]) =>
    applies(attributes) ? [finding('cookie', 'warning', message(attributes), remedy)] : [],
  )
  if (findings.length > 0) return findings
  const isAlwaysSecure = local === undefined || local.attributes.secure
  if (isAlwaysSecure) return [ok('cookie', `The cookie ${name} is always Secure.`)]
  return [ok('cookie', `The cookie ${local.name} is Secure over HTTPS, and no cookie is set over plain HTTP except on this machine.`)]
}

type Warning = readonly [
  applies: (attributes: CookieAttributes) => boolean,
  message: (attributes: CookieAttributes) => string,
  remedy: string,
]

const WARNINGS: readonly Warning[] = [
  [
    ({ secure }) => !secure,
    () => 'Browsers send the cookie over plain HTTP too, where others can read it.',
    'Set `cookie.secure: true`. The application then needs HTTPS.',
  ],
  [
    ({ httpOnly }) => !httpOnly,
    () => 'Scripts in the page can read the cookie (`httpOnly: false`), so any injected script can steal it.',
    'Remove the option.',
  ],
  [
    ({ sameSite }) => sameSite === 'none',
    () => 'Browsers send the cookie with requests of other sites (`sameSite: none`).',
    'Protect forms against CSRF, or use `lax` if no other site embeds this one.',
  ],
  [
    ({ domain }) => domain !== undefined,
    ({ domain }) => `Every host below ${domain} gets the cookie and can set one of the same name (\`cookie.domain\`).`,
    'Leave `domain` out unless several hosts need the same sessions.',
  ],
]
