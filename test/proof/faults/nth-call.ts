import { StoreError, type StoreOperation } from '../../../src/core/base/errors.ts'
import type { Store } from '../../../src/core/store/store.ts'
import { MemoryStore } from '../../../src/stores/memory.ts'
import { type Anomaly, check } from '../checks/checker.ts'
import type { History, Step } from '../checks/history.ts'
import { libraryOver } from '../simulation/fixtures.ts'
import { FAIR, type Round, type Scenario } from '../simulation/generator.ts'
import { simulate } from '../simulation/simulate.ts'

/** How a call fails. */
export type Failure = 'before' | 'refused' | 'after' | 'hang' | 'late'

export const FAILURES: readonly Failure[] = ['before', 'refused', 'after', 'hang', 'late']

/** When a late effect takes place: the operation's deadline is over, or that of the whole request too. */
const LATE = [2500, 8000]

/** A store of which one call fails: the `nth`, counted over all processes. */
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

  /** Whether the call that was to fail was ever made. */
  get struck(): boolean {
    return this.calls >= this.#nth
  }

  readonly load: Store['load'] = (operation) => this.#call('load', () => this.#inner.load(operation))
  readonly create: Store['create'] = (operation) => this.#call('create', () => this.#inner.create(operation))
  readonly replace: Store['replace'] = (operation) => this.#call('replace', () => this.#inner.replace(operation))
  readonly touch: Store['touch'] = (operation) => this.#call('touch', () => this.#inner.touch(operation))
  readonly delete: Store['delete'] = (operation) => this.#call('delete', () => this.#inner.delete(operation))

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
        await new Promise((resolve) => setTimeout(resolve, LATE[this.#nth % 2]))
        if (operation === 'create') this.lateRows++
        return work()
    }
  }
}

type Act = readonly Step[]

/** What is done when a call fails, and who was logged in before. */
const ACTS: Readonly<Record<string, Act>> = {
  set: [{ do: 'set', name: 'a', value: 'act' }],
  update: [{ do: 'increment', name: 'count' }],
  delete: [{ do: 'delete', name: 'a' }],
  claim: [{ do: 'claim', name: 'ticket' }],
  'claim and set': [
    { do: 'set', name: 'b', value: 'act' },
    { do: 'claim', name: 'ticket' },
    { do: 'set', name: 'c', value: 'act.2' },
  ],
  cycleId: [{ do: 'cycle' }],
  login: [{ do: 'login', user: 'anna' }],
  'login of another user': [{ do: 'login', user: 'ben' }],
  flush: [{ do: 'flush' }],
  'flush and set': [{ do: 'flush' }, { do: 'set', name: 'a', value: 'act' }],
  'set, save, set': [{ do: 'set', name: 'a', value: 'act' }, { do: 'save' }, { do: 'set', name: 'b', value: 'act.2' }],
  clear: [{ do: 'clear' }],
}

export const VERBS: readonly string[] = Object.keys(ACTS)

/** Runs one verb among other requests of its session, with the nth store call failing. `struck` is false when there were fewer calls. */
async function failNth(verb: string, nth: number, failure: Failure): Promise<{ readonly history: History; readonly struck: boolean }> {
  const store = new NthCallStore(new MemoryStore(), nth, failure)
  const world = libraryOver((processes) => Array.from({ length: processes }, () => store))
  const history = await simulate(around(verb), world)
  return { history: { ...history, lateRows: store.lateRows }, struck: store.struck }
}

/** Lets the first call fail, then the second, and so on until there are no more. */
export async function failEveryCall(
  verb: string,
  failure: Failure,
): Promise<{ readonly runs: number; readonly found: readonly Anomaly[] }> {
  const found: Anomaly[] = []
  for (let nth = 1; ; nth++) {
    const { history, struck } = await failNth(verb, nth, failure)
    const named = check(history).map((each) => ({ ...each, detail: `${verb}, call ${nth} fails ${failure}: ${each.detail}` }))
    found.push(...named, ...unwell(history, `${verb}, call ${nth} fails ${failure}`))
    if (!struck) return { runs: nth, found }
  }
}

/** One call failed, and long ago: of the last two requests at least one goes through. */
function unwell({ exchanges }: History, detail: string): Anomaly[] {
  const last = exchanges.filter(({ script }) => script.number >= HEALTH && script.number < HEALTH + 20)
  return last.some(({ code }) => code === undefined) ? [] : [{ name: 'not healthy again', request: HEALTH, detail }]
}

const HEALTH = 31

/** A session is born; the verb runs beside a bystander; someone looks and someone writes; much later, all is well again. */
function around(verb: string): Scenario {
  const born: Step[] = [
    { do: 'set', name: 'a', value: 'born' },
    { do: 'set', name: 'ticket', value: 'born.ticket' },
    { do: 'login', user: 'anna' },
  ]
  const bystander: Step[] = [
    { do: 'increment', name: 'count' },
    { do: 'set', name: 'c', value: 'bystander' },
  ]
  const rounds = [
    round(0, [born]),
    round(0, [ACTS[verb] as Act, bystander]),
    round(12_000, [[], [{ do: 'increment', name: 'count' }]]),
    round(12_000, [[{ do: 'set', name: 'b', value: 'healthy' }]]),
    round(12_000, [[{ do: 'set', name: 'b', value: 'still healthy' }]]),
  ]
  const calm = { weather: { ...FAIR, latency: 0 }, steps: [], foreignStyle: false, faults: true }
  return { ...calm, seed: 1, processes: 2, idle: 60_000, absolute: 300_000, rounds: [rounds.map((each, index) => numbered(each, index))] }
}

function round(pause: number, scripts: readonly Act[]): Round {
  const requests = scripts.map((steps, index) => ({ delay: index, process: index, script: { number: index, steps } }))
  return { browser: 0, pause, requests }
}

function numbered(given: Round, index: number): Round {
  const requests = given.requests.map((each) => ({ ...each, script: { ...each.script, number: index * 10 + each.script.number + 1 } }))
  return { ...given, requests }
}
