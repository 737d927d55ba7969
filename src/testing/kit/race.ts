import { ConfigError } from '../../core/base/errors.ts'
import { aFunction, checkOptions, type OptionTable, satisfies, wholeNumber } from '../../core/base/option-checks.ts'
import { compareText } from '../assert-equal.ts'
import { type Responses, runInterleaved } from './interleaving.ts'
import { methodsOf, StoreGate } from './store-gate.ts'

/** Options of `race`. */
export interface RaceOptions<Start> {
  /**
   * The object whose calls are interleaved: a store of sojourn, of express-session, or of another
   * library whose store has `get` and `set`. Its methods are replaced while the race runs.
   */
  readonly store: object
  /**
   * Makes the state before each run, such as a session with its cookie, and resolves to what the
   * requests need of it.
   */
  readonly begin: () => Start | Promise<Start>
  /** Resolves to what counts after each run, as data: what the visitor sees then. */
  readonly outcome: (start: Start, responses: Responses) => unknown
  /** The methods that are interleaved. Default: those that read, write and delete sessions. */
  readonly methods?: readonly string[]
  /** The maximum number of interleavings. Default 200. */
  readonly limit?: number
}

const OPTIONS: OptionTable = {
  owner: 'race',
  required: ['store', 'begin', 'outcome'],
  checks: {
    store: satisfies((store) => typeof store === 'object' && store !== null, 'pass the store of the application'),
    begin: aFunction,
    outcome: aFunction,
    methods: satisfies(Array.isArray, "pass a list of names such as ['get', 'set']"),
    limit: wholeNumber('interleavings'),
  },
}

/** An interleaving after which something was lost. */
export interface LostChange {
  /** The calls of the store, in order: `['A get', 'B get', 'A set', 'B set']`. */
  readonly calls: readonly string[]
  /** What `outcome` returned. */
  readonly outcome: unknown
  /** The outcomes that would be right: those of one request after the other. */
  readonly expected: readonly unknown[]
}

/** The result of `race`. */
export interface RaceReport {
  /** How many interleavings were run. */
  readonly interleavings: number
  /** Whether these are all there are; `false` beyond `limit`. */
  readonly complete: boolean
  /** The interleavings after which something was lost. Empty if the requests are safe. */
  readonly lost: readonly LostChange[]
  /** Returns the report as text. */
  toString(): string
}

/**
 * Runs two requests at the same time, once for each order in which their calls of the store can
 * happen, and reports what was lost. An outcome is right if it is that of one request after the
 * other. A request that fails (it rejects, or its `status` is 400 or above) may have had no effect,
 * because its visitor was told so. The requests may go to a server in the same process.
 *
 * ```ts
 * import { race, seed } from 'sojourn/testing'
 * import type { Sessions, Store } from 'sojourn'
 * declare const store: Store
 * declare const sessions: Sessions<{ cart: string[] }>
 * const add = (sku: string) => (headers: { cookie: string }) => fetch(`http://localhost:3000/cart/${sku}`, { method: 'POST', headers })
 *
 * const report = await race(add('bread'), add('milk'), {
 *   store,
 *   begin: () => seed(sessions, { cart: [] }),
 *   outcome: async ({ session }) => {
 *     await session.reload()
 *     return session.get('cart')
 *   },
 * })
 * if (report.lost.length > 0) throw new Error(String(report))
 * ```
 *
 * Rejects with `ConfigError` for a wrong option, if the store has none of the methods, if a request
 * waits for something else than the store and the other request, or if `outcome` is the same with
 * and without the requests, because then it cannot show what was lost.
 */
export async function race<Start>(
  requestA: (start: Start) => unknown,
  requestB: (start: Start) => unknown,
  options: RaceOptions<Start>,
): Promise<RaceReport> {
  const { store, begin, outcome, limit = 200, ...given } = checkOptions(options, OPTIONS)
  const { methods = methodsOf(store) } = given
  const requests = { A: requestA, B: requestB }
  const alone: Responses = {}
  const serial = async (...order: readonly ('A' | 'B')[]): Promise<unknown> => {
    const start = await begin()
    const responses: Responses = {}
    for (const name of order) responses[name] = await settle(requests[name], start)
    if (order.length === 1) Object.assign(alone, responses)
    return outcome(start, responses)
  }
  const orders = {
    AB: await serial('A', 'B'),
    BA: await serial('B', 'A'),
    A: await serial('A'),
    B: await serial('B'),
    none: await serial(),
  }
  checkOutcomes(orders, alone)
  const lost: LostChange[] = []
  const pending: ('A' | 'B')[][] = [[]]
  let interleavings = 0
  for (let prefix = pending.pop(); prefix !== undefined && interleavings < limit; prefix = pending.pop()) {
    interleavings++
    const start = await begin()
    const gate = new StoreGate(store, methods)
    const run = await runInterleaved(gate, (name) => settle(requests[name], start), prefix).finally(() => gate.open())
    const found = await outcome(start, run.responses)
    const expected = expectedAfter(orders, run.responses)
    if (!expected.some((each) => compareText(each) === compareText(found))) lost.push({ calls: run.calls, outcome: found, expected })
    for (let index = prefix.length; index < run.choices.length; index++)
      pending.push([...run.choices.slice(0, index), run.choices[index] === 'A' ? 'B' : 'A'])
  }
  return new Report(interleavings, pending.length === 0, lost)
}

/** Resolves to the result of a request, or to the error that it failed with. */
async function settle<Start>(request: (start: Start) => unknown, start: Start): Promise<PromiseSettledResult<unknown>> {
  const [result] = await Promise.allSettled([Promise.resolve(start).then(request)])
  if (result.status === 'rejected' && result.reason instanceof ConfigError) throw result.reason
  return result
}

type Orders = Record<'AB' | 'BA' | 'A' | 'B' | 'none', unknown>

/**
 * Refuses outcomes that are all equal: a report about them would be without losses whatever
 * happens.
 */
function checkOutcomes(orders: Orders, { A, B }: Responses): void {
  const [outcome, ...others] = new Set(Object.values(orders).map(compareText))
  if (others.length > 0) return
  throw new ConfigError(
    `race: \`outcome\` returned ${outcome?.slice(0, 200)} with and without the requests, so it cannot show what was lost. ` +
      `Request A ${describe(A)}, request B ${describe(B)}. ` +
      'Check that the requests and `outcome` use the session that `begin` made, and that `outcome` returns data.',
  )
}

function describe(result: Responses['A']): string {
  if (result?.status === 'rejected') return `failed (${result.reason})`
  const status = statusOf(result?.value)
  return typeof status === 'number' ? `had the status ${status}` : 'succeeded'
}

function expectedAfter(orders: Orders, { A, B }: Responses): readonly unknown[] {
  const [failedA, failedB] = [hasFailed(A), hasFailed(B)]
  const right = [orders.AB, orders.BA]
  if (failedA) right.push(orders.B)
  if (failedB) right.push(orders.A)
  if (failedA && failedB) right.push(orders.none)
  return right
}

function hasFailed(result: Responses['A']): boolean {
  if (result?.status !== 'fulfilled') return true
  const status = statusOf(result.value)
  return typeof status === 'number' && status >= 400
}

/** The status of a response of `fetch`, or of Fastify's `inject`. */
function statusOf(response: unknown): unknown {
  const { status, statusCode = status } = Object(response) as { readonly status?: unknown; readonly statusCode?: unknown }
  return statusCode
}

class Report implements RaceReport {
  readonly interleavings: number
  readonly complete: boolean
  readonly lost: readonly LostChange[]

  constructor(interleavings: number, complete: boolean, lost: readonly LostChange[]) {
    this.interleavings = interleavings
    this.complete = complete
    this.lost = lost
  }

  toString(): string {
    const lines = this.lost.map(({ calls, outcome, expected }) => {
      const right = [...new Set(expected.map(compareText))].join(' or ')
      return `  ${calls.join(', ')}\n    outcome  ${compareText(outcome)}\n    expected ${right}`
    })
    const count = `${this.interleavings} interleavings${this.complete ? '' : ' (not all: raise `limit`)'}`
    return [`${this.lost.length} of ${count} lost a change`, ...lines].join('\n')
  }
}
