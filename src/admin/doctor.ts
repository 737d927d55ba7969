import { monotonic } from '../core/base/clock.ts'
import type { StoreDescription } from '../core/store/store.ts'
import type { AdminContext } from './admin-engine.ts'
import { checkClearing, checkCookie, checkEviction, checkLifetime, checkRows, checkWrite } from './doctor-checks.ts'
import { checkResponse } from './doctor-response.ts'
import { type Finding, failure, finding, ok, skipped } from './findings.ts'

/** Options of `doctor`. */
export interface DoctorOptions {
  /** An address of the application, as its visitors use it, such as `https://shop.example/`. */
  readonly url?: string
}

/** How much the clocks of the processes and of the database may differ, in milliseconds. */
const MAX_SKEW = 5000
/** A load that takes longer delays every request noticeably, in milliseconds. */
const SLOW = 50

type Check = (context: AdminContext, description: StoreDescription | undefined) => Promise<Finding>

/** Checks the configuration of a manager and its store. */
export async function doctor(context: AdminContext, { url }: DoctorOptions): Promise<Finding[]> {
  const findings: Finding[] = [runtime()]
  const response = await safely('store', () => checkStore(context))
  const isReachable = response.level !== 'error'
  const description = isReachable ? await describe(context) : undefined
  findings.push({ ...response, message: description === undefined ? response.message : `${description.server}. ${response.message}` })
  for (const message of description?.warnings ?? []) findings.push({ check: 'store', level: 'error', message, remedy: '' })
  findings.push(await safely('table', () => checkTable(context)))
  const checks: readonly (readonly [Finding['check'], Check])[] = [
    ['write', checkWrite],
    ['clock', checkClock],
    ['rows', checkRows],
    ['clearing', checkClearing],
    ['eviction', checkEviction],
  ]
  for (const [name, check] of checks)
    findings.push(isReachable ? await safely(name, () => check(context, description)) : skipped(name, 'The store does not respond.'))
  findings.push(checkLifetime(context), ...checkCookie(context))
  if (url === undefined) findings.push(skipped('response', 'No address of the application was given (option `url`).'))
  else findings.push(...(await checkResponse(context, url)))
  return findings
}

/** A check that fails is a finding. */
async function safely(check: Finding['check'], run: () => Promise<Finding>): Promise<Finding> {
  try {
    return await run()
  } catch (error) {
    return failure(check, error)
  }
}

function runtime(): Finding {
  const { versions } = globalThis.process ?? {}
  const name = Object.entries({ Bun: versions?.['bun'], Deno: versions?.['deno'], Node: versions?.node }).find(
    ([, version]) => version !== undefined,
  )
  if (name === undefined) return skipped('runtime', 'This runtime does not show its version.')
  const environment = globalThis.process.env['NODE_ENV']
  return ok('runtime', `${name.join(' ')}, NODE_ENV is ${environment ?? 'not set'}.`)
}

async function checkStore({ engine }: AdminContext): Promise<Finding> {
  const times: number[] = []
  for (let n = 0; n < 5; n += 1) {
    const before = monotonic()
    await engine.store.load({ key: `doctor ${Math.random()}`, now: 0, fresh: true })
    times.push(monotonic() - before)
  }
  const fastest = Math.min(...times)
  const message = `A load takes ${fastest < 1 ? '< 1' : Math.round(fastest)} ms.`
  if (fastest <= SLOW) return ok('store', message)
  return {
    check: 'store',
    level: 'warning',
    message,
    remedy: 'Move the database closer to the application, or read through a CachedStore.',
  }
}

/** `undefined` if the store cannot be described. */
async function describe({ port }: AdminContext): Promise<StoreDescription | undefined> {
  try {
    return await port.options.store.describe?.({ deadline: monotonic() + 5000 })
  } catch {
    return undefined
  }
}

async function checkTable({ port }: AdminContext): Promise<Finding> {
  const missing = await port.options.store.migrate?.({ dryRun: true })
  if (missing === undefined) return ok('table', 'This store needs no table of this package.')
  if (missing === '') return ok('table', 'The table exists, with the columns and indexes of this package.')
  if (missing.includes('CREATE TABLE')) return finding('table', 'error', 'The table does not exist.', 'Run `sojourn migrate`.')
  return finding(
    'table',
    'error',
    'The table lacks an index of this package, so clearing expired sessions or listing those of a user reads the whole table.',
    'Run `sojourn migrate`, which creates the missing indexes. `--dry-run` prints the statements.',
  )
}

async function checkClock({ engine }: AdminContext, description: StoreDescription | undefined): Promise<Finding> {
  if (description?.clock === undefined) return skipped('clock', 'This store has no clock to compare with.')
  const skew = Math.abs(engine.now() - description.clock)
  const seconds = `${(skew / 1000).toFixed(1)} s`
  if (skew <= MAX_SKEW) return ok('clock', `The clocks of this process and of the database differ by ${seconds}.`)
  return {
    check: 'clock',
    level: 'error',
    message: `The clocks of this process and of the database differ by ${seconds}.`,
    remedy: 'Synchronize the clocks of all machines (NTP). Sessions expire by the clock of the process that reads them.',
  }
}
