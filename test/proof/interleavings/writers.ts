import { FULL_ACCESS } from '../../../src/core/base/access.ts'
import { SessionError } from '../../../src/core/base/errors.ts'
import { randomTextFrom } from '../../../src/core/base/random.ts'
import type { Intent } from '../../../src/core/changes/intent.ts'
import { merge } from '../../../src/core/changes/merge.ts'
import { newEntry } from '../../../src/core/commit/new-entry.ts'
import { CommitQueue } from '../../../src/core/commit/queue.ts'
import { Receipts } from '../../../src/core/commit/receipts.ts'
import { type CommitContext, Writer } from '../../../src/core/commit/writer.ts'
import { makeEngine } from '../../../src/core/config/engine.ts'
import { ownProfile } from '../../../src/core/config/own-profile.ts'
import type { Identity } from '../../../src/core/store/id.ts'
import { djangoIds } from '../../../src/django/format/django-ids.ts'
import { MemoryStore } from '../../../src/stores/memory.ts'
import { Random } from '../scenario/random.ts'
import type { Choices } from './explore.ts'
import { type Action, Network, type Port } from './network.ts'

/**
 * What one request does: append its number to the property `log`, the same under a new key, take the
 * property `ticket`, end the session, or start another one.
 */
export type Work = 'append' | 'rename' | 'claim' | 'delete' | 'create'

export interface Setting {
  readonly managers: number
  /** The requests: of which manager, and what they do. They start in any order and at any time. */
  readonly requests: readonly (readonly [manager: number, work: Work])[]
  /** How many messages are lost, delayed or repeated, and how many processes are killed. */
  readonly faults: number
  /** Whether the requests of a manager wait for each other. It is off on Workers. */
  readonly merging: boolean
  /** The maximum number of receipts in a row. */
  readonly limit: number
  readonly Rule?: new (...args: ConstructorParameters<typeof Receipts>) => Receipts
}

type Result = { readonly claimed?: string | undefined; readonly created?: Identity } | { readonly failed: string }

const IGNORED = new MemoryStore({ max: 1 })
const TIME_LIMIT = 5000
/** A run has about 30 steps. More than this is an endless loop. */
const MAX_STEPS = 5000

/** The timers of a run: the next one fires when that is chosen. */
export interface Timers {
  readonly count: () => number
  readonly fireNext: () => void
  readonly clear: () => void
}

/** Runs the requests, and returns what is wrong with their results. */
export async function runWriters(setting: Setting, choices: Choices, timers: Timers): Promise<string[]> {
  timers.clear() // of a process that was killed in the run before
  const simulation = new Simulation(setting)
  for (let steps = 0; steps < MAX_STEPS; steps++) {
    await settle()
    if (simulation.isDone) return simulation.problems()
    const timer = timers.count() > 0 ? [{ name: 'a timer fires', run: timers.fireNext }] : []
    choices.pick([...simulation.actions(), ...timer]).run()
  }
  return [`no end after ${MAX_STEPS} steps`]
}

/** Runs everything that waits for no message and no timer. The longest chain has about 20 promises. */
async function settle(): Promise<void> {
  for (let turns = 0; turns < 40; turns++) await Promise.resolve()
}

class Simulation {
  readonly #setting: Setting
  readonly #network: Network
  readonly #managers: Manager[]
  readonly #waiting: Set<number>
  readonly #results = new Map<number, Result>()
  readonly #randomText = randomTextFrom(bytesFrom(new Random(1)))

  constructor(setting: Setting) {
    this.#setting = setting
    this.#network = new Network(setting.faults)
    this.#managers = Array.from({ length: setting.managers }, () => this.#newManager())
    this.#waiting = new Set(setting.requests.keys())
    this.#managers[0]?.addRow(this.#network)
  }

  get isDone(): boolean {
    return this.#network.isQuiet && this.#results.size === this.#setting.requests.length
  }

  actions(): Action[] {
    const starts = [...this.#waiting].map((request) => ({ name: `request ${request} starts`, run: () => this.#start(request) }))
    const kills = this.#network.hasFaults ? this.#managers.flatMap((manager, index) => this.#killOf(manager, index)) : []
    return [...starts, ...this.#network.actions(), ...kills]
  }

  /** The process of a manager with requests is killed, and starts again. */
  #killOf(manager: Manager, index: number): Action[] {
    if (manager.requests.size === 0) return []
    const run = (): void => {
      this.#network.kill(manager.port)
      for (const request of manager.requests) this.#results.set(request, { failed: 'killed' })
      manager.requests.clear()
      this.#managers[index] = this.#newManager()
    }
    return [{ name: `manager ${index} is killed`, run }]
  }

  #newManager(): Manager {
    return new Manager(this.#network.open(), this.#setting, this.#randomText)
  }

  #start(request: number): void {
    this.#waiting.delete(request)
    const [index, work] = this.#setting.requests[request] as Setting['requests'][number]
    const manager = this.#managers[index] as Manager
    const end = (result: Result): void => {
      if (manager.requests.delete(request)) this.#results.set(request, result)
    }
    manager.requests.add(request)
    manager.run(request, work, this.#network).then(end, (error: unknown) => end({ failed: codeOf(error) }))
  }

  problems(): string[] {
    const each = this.#setting.requests.flatMap(([, work], request) => {
      const result = this.#results.get(request) as Result
      return work === 'append' || work === 'rename' ? this.#problemsOf(request, result) : this.#problemsOfOther(request, result)
    })
    return [...each, ...this.#problemsOfClaims()]
  }

  #problemsOf(request: number, result: Result): string[] {
    const applied = Math.max(0, ...this.#network.writes.map((payload) => logOf(payload).filter((one) => one === request).length))
    const isUnclear = 'failed' in result && ['killed', 'ERR_SESSION_COMMIT_UNKNOWN', 'ERR_SESSION_ENDED'].includes(result.failed)
    const isRight = 'failed' in result ? applied === 0 || (applied === 1 && isUnclear) : applied === 1
    return isRight ? [] : [`request ${request} was applied ${applied} times and ${describe(result)}`]
  }

  #problemsOfOther(request: number, result: Result): string[] {
    if ('failed' in result) return result.failed.startsWith('ERR_') || result.failed === 'killed' ? [] : [result.failed]
    const isThere = result.created === undefined || this.#network.rows.has(result.created.key)
    return isThere ? [] : [`request ${request} created no row`]
  }

  /** The value is handed out once; to nobody only if one of the claims failed or found no session. */
  #problemsOfClaims(): string[] {
    const claims = this.#setting.requests.flatMap(([, work], request) => (work === 'claim' ? [this.#results.get(request) as Result] : []))
    const taken = claims.filter((result) => 'claimed' in result && result.claimed !== undefined).length
    const isExcused = claims.length === 0 || claims.some((result) => 'failed' in result)
    return taken > 1 ? [`${taken} claims got the value`] : taken === 0 && !isExcused ? ['no claim got the value'] : []
  }
}

/** The part of a manager that writes. */
class Manager {
  readonly port: Port
  /** The requests that are running. */
  readonly requests = new Set<number>()
  readonly #context: CommitContext
  readonly #writer: Writer
  readonly #queue: CommitQueue

  constructor(port: Port, { merging, limit, Rule = Receipts }: Setting, randomText: (length: number) => string) {
    // Ids are keys, as in Django's table, so that a new id is a new key.
    const engine = makeEngine({ store: IGNORED }, { ...ownProfile, ids: () => djangoIds(randomText) })
    const receipts = new Rule(randomText, limit)
    this.port = port
    this.#context = { ...engine, store: port as CommitContext['store'], merging, receipts, randomText }
    this.#writer = new Writer(this.#context)
    this.#queue = new CommitQueue(this.#context, this.#writer)
  }

  addRow({ rows }: Network): void {
    const identity = this.#context.ids.create()
    rows.set(
      identity.key,
      newEntry(this.#context, merge(FIRST, [], this.#context), { proof: identity.proof, idAt: this.#context.now() }, 'first'),
    )
  }

  /** The session that was created first is read from the rows, without a message. */
  async run(request: number, work: Work, { rows }: Network): Promise<Result> {
    const deadline = performance.now() + TIME_LIMIT
    const context = this.#context
    if (work === 'create') return { created: (await this.#writer.create(merge(new Map(), [], context), deadline)).identity }
    const [key, entry] = [...rows].find(([, { payload }]) => payload.includes('log')) ?? []
    if (key === undefined || entry === undefined) return { failed: 'ERR_SESSION_ENDED' }
    if (work === 'delete') return this.#writer.end(key, deadline).then(() => ({}))
    const identity = context.ids.parse(key) as Identity
    const job = {
      identity,
      entry,
      latestTexts: context.values.decode(entry.payload) ?? FIRST,
      merged: undefined,
      access: FULL_ACCESS,
      deadline,
    }
    const { merged } = await this.#queue.commit({ ...job, intents: intentsOf(work, request) })
    return { claimed: merged.claimed }
  }
}

const FIRST: ReadonlyMap<string, string> = new Map([
  ['log', '[]'],
  ['ticket', '1'],
])

function intentsOf(work: Work, request: number): Intent[] {
  if (work === 'claim') return [{ kind: 'claim', name: 'ticket' }]
  const change = (text = '[]'): string => JSON.stringify([...(JSON.parse(text) as number[]), request])
  return [{ kind: 'update', name: 'log', change }, ...(work === 'rename' ? [{ kind: 'cycle' } as const] : [])]
}

function logOf(payload: string): number[] {
  const [, numbers = ''] = /"log":\[([\d,]*)\]/.exec(payload) ?? []
  return numbers === '' ? [] : numbers.split(',').map(Number)
}

function describe(result: Result): string {
  return 'failed' in result ? `failed with ${result.failed}` : 'succeeded'
}

function codeOf(error: unknown): string {
  return error instanceof SessionError ? error.code : String(error)
}

function bytesFrom(random: Random): (size: number) => Uint8Array {
  return (size) => random.bytes(size)
}
