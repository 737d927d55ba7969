import { StoreError, type StoreOperation } from '../../../src/core/base/errors.ts'
import type { Page, Store } from '../../../src/core/store/store.ts'
import { MemoryStore } from '../../../src/stores/memory.ts'
import { type Anomaly, check } from '../checks/checker.ts'
import type { History, Step } from '../checks/history.ts'
import { RELIABLE, type Round, type Scenario } from '../scenario/generator.ts'
import { MAX_ID_AGE } from '../scenario/renewal-requests.ts'
import { sojournOn } from '../simulation/fixtures.ts'
import { simulate } from '../simulation/simulate.ts'

/** How a call fails. */
export type Failure = 'before' | 'refused' | 'after' | 'hang' | 'late'

export const FAILURES: readonly Failure[] = ['before', 'refused', 'after', 'hang', 'late']

/**
 * When a late effect happens, in milliseconds: after the deadline of the operation, or after that
 * of the whole request.
 */
const LATE_AFTER = [2500, 8000]

/** A store whose `nth` call fails, counted over all processes. */
class NthCallStore implements Store {
  readonly capabilities: Store['capabilities']
  calls = 0
  lateRows = 0
  readonly #nth: number
  readonly #failure: Failure
  readonly #inner: Store

  constructor(inner: Store, nth: number, failure: Failure) {
    this.#inner = inner
    this.#nth = nth
    this.#failure = failure
    this.capabilities = inner.capabilities
  }

  /** Whether the call that should fail was made. */
  get hasFailed(): boolean {
    return this.calls >= this.#nth
  }

  readonly load: Store['load'] = (operation) => this.#call('load', () => this.#inner.load(operation))
  readonly create: Store['create'] = (operation) => this.#call('create', () => this.#inner.create(operation))
  readonly replace: Store['replace'] = (operation) => this.#call('replace', () => this.#inner.replace(operation))
  readonly touch: Store['touch'] = (operation) => this.#call('touch', () => this.#inner.touch(operation))
  readonly delete: Store['delete'] = (operation) => this.#call('delete', () => this.#inner.delete(operation))
  readonly deleteByIndex: Required<Store>['deleteByIndex'] = (operation) =>
    this.#call('deleteByIndex', async () => (await this.#inner.deleteByIndex?.(operation)) ?? 0)
  readonly list: Required<Store>['list'] = (operation) => {
    const list = async (): Promise<Page> => (await this.#inner.list?.(operation)) ?? { entries: [] }
    // The library lists the sessions of a user, and the simulation all rows at its end.
    return operation.index === undefined ? list() : this.#call('list', list)
  }

  async #call<T>(operation: StoreOperation, work: () => Promise<T>): Promise<T> {
    this.calls += 1
    return this.calls === this.#nth ? this.#fail(operation, work) : work()
  }

  async #fail<T>(operation: StoreOperation, work: () => Promise<T>): Promise<T> {
    switch (this.#failure) {
      case 'before':
        throw new Error('the connection broke before')
      case 'refused':
        throw new StoreError(operation, new Error('refused'), { applied: false })
      case 'after':
        await work()
        throw new Error('the connection broke after')
      case 'hang':
        return new Promise(() => undefined)
      case 'late':
        await new Promise((resolve) => setTimeout(resolve, LATE_AFTER[this.#nth % 2]))
        if (operation === 'create') this.lateRows++
        return work()
    }
  }
}

type Steps = readonly Step[]

/** The steps of the request during which a call fails. Before it, anna was logged in. */
const STEPS: Readonly<Record<string, Steps>> = {
  set: [{ do: 'set', name: 'a', value: 'v' }],
  update: [{ do: 'increment', name: 'count' }],
  delete: [{ do: 'delete', name: 'a' }],
  claim: [{ do: 'claim', name: 'ticket' }],
  'claim and set': [
    { do: 'set', name: 'b', value: 'v' },
    { do: 'claim', name: 'ticket' },
    { do: 'set', name: 'c', value: 'v.2' },
  ],
  cycleId: [{ do: 'cycle' }],
  login: [{ do: 'login', user: 'anna' }],
  'login of another user': [{ do: 'login', user: 'ben' }],
  flush: [{ do: 'flush' }],
  'flush and set': [{ do: 'flush' }, { do: 'set', name: 'a', value: 'v' }],
  'set, save, set': [{ do: 'set', name: 'a', value: 'v' }, { do: 'save' }, { do: 'set', name: 'b', value: 'v.2' }],
  clear: [{ do: 'clear' }],
  revoke: [{ do: 'revoke', user: 'anna', except: false }],
  'revoke others': [{ do: 'revoke', user: 'anna', except: true }],
  reauthenticate: [{ do: 'reauthenticate', revokeOthers: false }],
  'reauthenticate and revoke others': [{ do: 'reauthenticate', revokeOthers: true }],
  renewal: [],
  'renewal and set': [{ do: 'set', name: 'a', value: 'v' }],
}

/** The verbs whose request finds an id that is too old. */
const RENEWALS: ReadonlySet<string> = new Set(['renewal', 'renewal and set'])

/**
 * Verbs with a failure after which the browser keeps an id that was replaced: a new id is not sent if
 * it is not known whether the other sessions have ended. A minute later the browser starts a new session.
 */
const LOSES_SESSION: ReadonlySet<string> = new Set(['reauthenticate and revoke others'])

export const VERBS: readonly string[] = Object.keys(STEPS)

/**
 * Runs one verb among other requests of its session, with the nth store call failing. `hasFailed`
 * is false if there were fewer calls.
 */
async function failNth(verb: string, nth: number, failure: Failure): Promise<{ readonly history: History; readonly hasFailed: boolean }> {
  const store = new NthCallStore(new MemoryStore(), nth, failure)
  const fixture = sojournOn((processes) => Array.from({ length: processes }, () => store))
  const history = await simulate(scenarioFor(verb), fixture)
  return { history: { ...history, lateRows: store.lateRows }, hasFailed: store.hasFailed }
}

/**
 * Repeats the run with the first call failing, then the second, and so on until there are no more.
 */
export async function failEveryCall(
  verb: string,
  failure: Failure,
): Promise<{ readonly runs: number; readonly found: readonly Anomaly[] }> {
  const found: Anomaly[] = []
  for (let nth = 1; ; nth++) {
    const { history, hasFailed } = await failNth(verb, nth, failure)
    const label = `${verb}, call ${nth}, failure "${failure}"`
    const labelled = check(history).map((each) => ({ ...each, detail: `${label}: ${each.detail}` }))
    found.push(...labelled, ...checkRecovery(history, label))
    if (!hasFailed) return { runs: nth, found }
  }
}

/** The failure is long over, so at least one of the last two requests must succeed. */
function checkRecovery({ exchanges }: History, detail: string): Anomaly[] {
  const last = exchanges.filter(({ script }) => script.number >= RECOVERY && script.number < RECOVERY + 20)
  return last.some(({ code }) => code === undefined) ? [] : [{ name: 'no recovery', request: RECOVERY, detail }]
}

const RECOVERY = 31

/**
 * A session is created; the verb runs concurrently with another request; one request reads and one
 * writes; much later two more requests write.
 */
function scenarioFor(verb: string): Scenario {
  const created: Step[] = [
    { do: 'set', name: 'a', value: 'created' },
    { do: 'set', name: 'ticket', value: 'created.ticket' },
    { do: 'login', user: 'anna' },
  ]
  const concurrent: Step[] = [
    { do: 'increment', name: 'count' },
    { do: 'set', name: 'c', value: 'concurrent' },
  ]
  const rounds = [
    round(0, [created]),
    round(RENEWALS.has(verb) ? MAX_ID_AGE : 0, [STEPS[verb] as Steps, concurrent]),
    round(12_000, [[], [{ do: 'increment', name: 'count' }]]),
    round(12_000, [[{ do: 'set', name: 'b', value: 'recovered' }]]),
    round(LOSES_SESSION.has(verb) ? 50_000 : 12_000, [[{ do: 'set', name: 'b', value: 'recovered.2' }]]),
  ]
  const renewal = RENEWALS.has(verb) ? { maxIdAge: MAX_ID_AGE, idle: 2 * MAX_ID_AGE, absolute: 4 * MAX_ID_AGE } : {}
  const reliable = { faultRates: { ...RELIABLE, latency: 0 }, skew: 2000, clockSteps: [], foreignStyle: false, merging: true, faults: true }
  return {
    ...reliable,
    seed: 1,
    processes: 2,
    idle: 60_000,
    absolute: 300_000,
    ...renewal,
    rounds: [rounds.map((each, index) => numbered(each, index))],
  }
}

function round(waitBefore: number, scripts: readonly Steps[]): Round {
  const requests = scripts.map((steps, index) => ({ delay: index, process: index, script: { number: index, steps } }))
  return { browser: 0, waitBefore, requests }
}

function numbered(given: Round, index: number): Round {
  const requests = given.requests.map((each) => ({ ...each, script: { ...each.script, number: index * 10 + each.script.number + 1 } }))
  return { ...given, requests }
}
