// Why: a rolling deployment has two stores, and no operation that covers both. Here every
// operation on one of them is an action, so that all orders of the steps of old and new instances
// can be tried. The carry-over that runs is the real one; the core and the old instances are a few
// lines.
import type { Lifecycle, LifecycleContext } from '../../src/core/config/lifecycle.ts'
import type { Texts } from '../../src/core/config/profile.ts'
import type { Identity } from '../../src/core/store/id.ts'
import type { Entry } from '../../src/core/store/store.ts'
import { isTombstone, tombstone } from '../../src/core/store/tombstone.ts'
import { type CarryOverParts, carryOver } from '../../src/express-session/carry-over/carry-over.ts'
import { toOldSession } from '../../src/express-session/carry-over/old-row.ts'
import { RowFormat, type SessionFormat } from '../../src/express-session/carry-over/row-format.ts'
import type { Action, Simulation } from './every-order.ts'

/** The properties of the session. Each value is written once. */
export type Data = Readonly<Record<string, string>>

/**
 * What one request does. `new` is an instance with this package, `take` one without the option
 * `bridge`, and `old` one with express-session.
 */
export interface Request {
  readonly at: 'new' | 'take' | 'old'
  readonly sets?: Data
  readonly ends?: boolean
  /** The session does not exist before this request. */
  readonly creates?: boolean
}

export interface Setting {
  /** The properties in the old store; `undefined` if it has no such session. */
  readonly old?: Data | undefined
  /** Requests that run before the others, one after another and without faults. */
  readonly before?: readonly Request[]
  readonly requests: readonly Request[]
  /** How many operations on the old store fail, are delayed, or are the last one of a killed process. */
  readonly faults?: number
  /** The time of the `requests`, in milliseconds after those of `before`. Default 0. */
  readonly later?: number
  /** Which instance looks for the session at the end. Default `new`. */
  readonly last?: 'new' | 'take'
  /** Whether the end of a session deletes its row, in place of a tombstone. */
  readonly deletes?: boolean
  /** Returns what is wrong at the end. */
  readonly check: (end: End) => readonly string[]
  /** Replaces a part of the carry-over by a wrong one. */
  readonly mutate?: (parts: CarryOverParts, context: LifecycleContext) => readonly [CarryOverParts, LifecycleContext]
}

/** The end of a run. */
export interface End {
  /** The properties that a new instance finds now; `undefined` if it finds no session. */
  readonly found: Data | undefined
  /** The old row before that, and the row in sojourn's store. */
  readonly old: Data | undefined
  readonly row: Data | 'ended' | undefined
  /** The old row after that. */
  readonly oldAfterwards: Data | undefined
  /** Every value that a property has had in sojourn's store. */
  readonly history: readonly string[]
  /** The requests at new instances that found no session. */
  readonly missed: readonly string[]
  /** Whether a new instance ended the session. */
  readonly isLoggedOut: boolean
  /** Whether an old instance ended the session while a new one wrote the old row. */
  readonly isExcused: boolean
  readonly hadFaults: boolean
}

const SID = 'sid'
const IDENTITY: Identity = { id: SID, key: 'key', handle: 'key', proof: 'proof' }
const COOKIE = '_cookie'

export const format: SessionFormat = {
  decode: (payload) => new Map(JSON.parse(payload) as [string, string][]),
  textsOf({ cookie, ...properties }) {
    const texts = Object.entries(properties).map(([name, value]) => [name, JSON.stringify(value)] as const)
    return new Map([...texts, [COOKIE, JSON.stringify(cookie)]])
  },
  rowOf(texts) {
    const properties = [...texts].filter(([name]) => !name.startsWith('_')).map(([name, text]) => [name, JSON.parse(text) as unknown])
    return { ...Object.fromEntries(properties), cookie: JSON.parse(texts.get(COOKIE) ?? '{}') }
  },
}

/** A request that runs, with the results of its operations so far. */
interface Process {
  readonly name: string
  readonly results: unknown[]
  operation: Operation | undefined
  isDone: boolean
  /** The step in which it read the old row, if that was its last operation. */
  readAt: number | undefined
}

interface Operation {
  readonly name: string
  readonly perform: () => unknown
  readonly resolve: (result: any) => void
  readonly reject: (error: Error) => void
}

/** The microtasks between two operations. */
const MAX_TURNS = 1000

const NO_LIMIT = Number.POSITIVE_INFINITY

export class BridgeModel implements Simulation {
  readonly #setting: Setting
  readonly #processes: Process[] = []
  readonly #late: (() => void)[] = []
  readonly #history: string[] = []
  #row: Entry | undefined
  #old: string | undefined
  #faults = 0
  #now = 0
  #step = 0
  #oldEndedAt = NO_LIMIT
  readonly #missed: string[] = []
  #isLoggedOut = false
  #isExcused = false
  #hadFaults = false

  private constructor(setting: Setting) {
    this.#setting = setting
    if (setting.old !== undefined) this.#old = JSON.stringify({ ...setting.old, cookie: {} })
  }

  static async start(setting: Setting): Promise<BridgeModel> {
    const model = new BridgeModel(setting)
    for (const request of setting.before ?? []) await model.#runAlone(request)
    for (const [index, request] of setting.requests.entries()) model.#begin(request, `${request.at} instance ${index}`)
    model.#faults = setting.faults ?? 0
    model.#now = setting.later ?? 0
    return model
  }

  async settle(): Promise<void> {
    const isRunning = (): boolean => this.#processes.some(({ operation, isDone }) => operation === undefined && !isDone)
    for (let turns = 0; isRunning(); turns++) {
      if (turns > MAX_TURNS) throw new Error('a request runs without an end')
      await Promise.resolve()
    }
  }

  actions(): Action[] {
    const late = this.#late.map((perform) => ({
      name: 'a delayed operation on the old row arrives',
      run: () => {
        this.#late.splice(this.#late.indexOf(perform), 1)
        perform()
      },
    }))
    return [...this.#processes.flatMap((process) => this.#actionsOf(process)), ...late]
  }

  state(): string {
    const processes = this.#processes.map(({ results, isDone, operation }) => [results, isDone, operation?.name])
    const ended = this.#oldEndedAt === NO_LIMIT
    return JSON.stringify([
      this.#row,
      this.#old,
      processes,
      this.#late.length,
      this.#faults,
      this.#history,
      this.#isExcused,
      this.#isLoggedOut,
      ended,
    ])
  }

  async problems(): Promise<readonly string[]> {
    this.#faults = 0
    const [old, row, history] = [this.#oldData(), this.#rowData(), [...this.#history]]
    const missed = [...this.#missed]
    const found = await this.#runAlone({ at: this.#setting.last ?? 'new' })
    const flags = { missed, isLoggedOut: this.#isLoggedOut, isExcused: this.#isExcused, hadFaults: this.#hadFaults }
    return this.#setting.check({ found, old, row, history, oldAfterwards: this.#oldData(), ...flags })
  }

  #oldData(): Data | undefined {
    if (this.#old === undefined) return undefined
    const { __sojourn: _mark, cookie: _, ...data } = JSON.parse(this.#old)
    return data
  }

  #rowData(): Data | 'ended' | undefined {
    return this.#row && (isTombstone(this.#row) ? 'ended' : dataOf(this.#row))
  }

  #begin(request: Request, name: string): { readonly process: Process; readonly result: Promise<Data | undefined> } {
    const process: Process = { name, results: [], operation: undefined, isDone: false, readAt: undefined }
    this.#processes.push(process)
    const result = (request.at === 'old' ? this.#serveOld(process, request) : this.#serve(process, request)).catch((error: Error) => {
      if (!/failed|ended/.test(error.message)) throw error
      return undefined
    })
    void result.finally(() => (process.isDone = true))
    return { process, result }
  }

  /** Runs a request without faults and without others. */
  async #runAlone(request: Request): Promise<Data | undefined> {
    const { process, result } = this.#begin(request, 'alone')
    for (await this.settle(); !process.isDone; await this.settle()) this.#actionsOf(process)[0]?.run()
    this.#processes.splice(this.#processes.indexOf(process), 1)
    return result
  }

  async #serveOld(process: Process, { sets, ends = false }: Request): Promise<undefined> {
    const row: object | undefined = await this.#send(process, 'get', () => this.#old && JSON.parse(this.#old))
    if (row === undefined) return
    if (ends) {
      await this.#send(process, 'destroy', () => {
        const isRecorded = this.#row !== undefined && format.decode(this.#row.payload)?.get('_bridge')?.includes('written')
        if (this.#hadFaults && isRecorded !== true) this.#isExcused = true
        this.#old = undefined
        this.#oldEndedAt = this.#step
      })
    } else if (sets !== undefined) {
      await this.#send(process, 'set', () => (this.#old = JSON.stringify({ ...row, ...sets })) && undefined)
    }
  }

  async #serve(process: Process, { at, sets, ends = false, creates = false }: Request): Promise<Data | undefined> {
    const { lifecycle, context } = this.#carryOver(process, at === 'new')
    if (creates) {
      const texts = format.textsOf({ ...sets, cookie: {} }, new Map())
      const created = await context.create(IDENTITY, texts, NO_LIMIT)
      if (created !== undefined) await lifecycle.afterWrite?.({ ...written(created.entry), isCreated: true })
      return sets
    }
    let entry = await this.#open(lifecycle, context)
    if (entry === undefined) {
      this.#missed.push(process.name)
      return undefined
    }
    if (ends) {
      await context.end({ key: IDENTITY.key, handle: IDENTITY.handle, identity: IDENTITY, reason: 'flush', deadline: NO_LIMIT })
      this.#isLoggedOut = true
      return undefined
    }
    while (sets !== undefined) {
      const texts = new Map([
        ...(format.decode(entry.payload) ?? []),
        ...Object.entries(sets).map(([name, value]) => [name, JSON.stringify(value)] as const),
      ])
      const replaced = await context.replace(IDENTITY, entry, texts, NO_LIMIT)
      if (replaced !== undefined) {
        await lifecycle.afterWrite?.(written(replaced))
        return dataOf(replaced)
      }
      const newest: Entry | undefined = await context.store.load({ key: IDENTITY.key, now: 0 })
      if (newest === undefined || isTombstone(newest)) return undefined
      entry = newest
    }
    return dataOf(entry)
  }

  async #open(lifecycle: Lifecycle, { store }: LifecycleContext): Promise<Entry | undefined> {
    const entry = await store.load({ key: IDENTITY.key, now: 0 })
    const isLive = entry !== undefined && !isTombstone(entry)
    const texts = isLive ? format.decode(entry.payload) : undefined
    const decision = await lifecycle.afterLoad?.({ identity: IDENTITY, entry, texts, now: 0, deadline: NO_LIMIT })
    if (decision === undefined) return isLive ? entry : undefined
    return 'entry' in decision ? decision.entry : undefined
  }

  #carryOver(process: Process, bridge: boolean): { readonly lifecycle: Lifecycle; readonly context: LifecycleContext } {
    let marks = 0
    const parts: CarryOverParts = {
      old: this.#oldSessions(process),
      format: new RowFormat(format),
      bridge,
      randomText: () => `${process.name}, ${++marks}`,
    }
    const context: LifecycleContext = this.#context(process, () => lifecycle)
    const [changedParts, changedContext] = this.#setting.mutate?.(parts, context) ?? [parts, context]
    const lifecycle = carryOver(changedParts)(changedContext)
    return { lifecycle, context: changedContext }
  }

  #oldSessions(process: Process): CarryOverParts['old'] {
    return {
      get: () => this.#send(process, 'get', () => (this.#old === undefined ? undefined : toOldSession(JSON.parse(this.#old)))),
      set: (_, row) =>
        this.#send(process, 'set', () => {
          const { readAt = NO_LIMIT } = process
          if (readAt < this.#oldEndedAt && this.#oldEndedAt <= this.#step) this.#isExcused = true
          this.#old = JSON.stringify(row)
        }),
      destroy: () => this.#send(process, 'destroy', () => (this.#old = undefined)),
      touch: () => Promise.resolve(),
    }
  }

  #context(process: Process, lifecycle: () => Lifecycle): LifecycleContext {
    const write = (texts: Texts): Entry =>
      this.#write({ ...EMPTY, version: `${process.name} ${process.results.length}`, payload: JSON.stringify([...texts]) })
    return {
      isDryRun: false,
      now: () => this.#now,
      store: { load: () => this.#send(process, 'load', () => this.#row) } as unknown as LifecycleContext['store'],
      create: (_, texts) =>
        this.#send(process, 'create', () =>
          this.#row ? { entry: this.#row, isCreated: false } : { entry: write(texts), isCreated: true },
        ),
      replace: (_, entry, texts) => this.#send(process, 'replace', () => (this.#row?.version === entry.version ? write(texts) : undefined)),
      end: async (session) => {
        await this.#send(process, 'end', () => {
          this.#row = this.#setting.deletes === true ? undefined : tombstone('ended', 0, NO_LIMIT)
        })
        await lifecycle().afterEnd?.(session)
        return true
      },
      endAll: () => Promise.reject(new Error('the model ends sessions one by one')),
    }
  }

  #write(entry: Entry): Entry {
    for (const [name, value] of Object.entries(dataOf(entry))) {
      const text = `${name} = ${value}`
      if (this.#history.findLast((each) => each.startsWith(`${name} =`)) !== text) this.#history.push(text)
    }
    this.#row = entry
    return entry
  }

  #send<T>(process: Process, name: string, perform: () => T): Promise<T> {
    return new Promise((resolve, reject) => (process.operation = { name, perform, resolve, reject }))
  }

  #actionsOf(process: Process): Action[] {
    const { operation } = process
    if (operation === undefined || process.isDone) return []
    const { name, perform, resolve, reject } = operation
    const act = (what: string, run: () => void): Action => ({
      name: `${process.name}: ${name} ${what}`,
      run: () => {
        this.#step += 1
        process.operation = undefined
        run()
      },
    })
    const done = (): void => {
      const result = perform()
      process.readAt = name === 'get' ? this.#step : undefined
      process.results.push(result ?? null)
      resolve(result)
    }
    const fault = (what: string, run: () => void): Action =>
      act(what, () => {
        this.#faults -= 1
        this.#hadFaults = true
        run()
      })
    const fail = (): void => {
      process.results.push('failed')
      reject(new Error('the old store failed'))
    }
    if (this.#faults === 0 || process.name.startsWith('old instance')) return [act('is done', done)]
    const isLast = (): void => void (process.isDone = true)
    const faults = [
      fault('is not sent, because the process is killed', isLast),
      fault('is the last one before the process is killed', () => {
        perform()
        isLast()
      }),
    ]
    const onOld = [
      fault('fails', fail),
      fault('fails and arrives later', () => {
        this.#late.push(perform)
        fail()
      }),
    ]
    return [act('is done', done), ...faults, ...(name === 'set' || name === 'destroy' ? onOld : [])]
  }
}

const EMPTY: Entry = { payload: '', proof: 'proof', idAt: 0, version: '', commits: '', createdAt: 0, seenAt: 0, expiresAt: NO_LIMIT }

function dataOf({ payload }: Entry): Data {
  const { cookie: _, ...data } = format.rowOf(format.decode(payload) ?? new Map())
  return data as Data
}

function written(entry: Entry): Parameters<NonNullable<Lifecycle['afterWrite']>>[0] {
  const texts = format.decode(entry.payload) ?? new Map()
  return {
    identity: IDENTITY,
    entry,
    texts,
    isCreated: false,
    isNewId: false,
    replaced: undefined,
    assignsUser: false,
    joins: false,
    openedAt: 1,
    deadline: NO_LIMIT,
  }
}
