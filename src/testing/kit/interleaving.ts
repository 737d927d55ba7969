import { ConfigError } from '../../core/base/errors.ts'
import type { GatedCall, StoreGate } from './store-gate.ts'

type Name = 'A' | 'B'

/** How the two requests ended. Missing: it did not run. */
export type Responses = { [name in Name]?: PromiseSettledResult<unknown> }

/** One run of two requests. */
export interface Interleaving {
  readonly calls: readonly string[]
  /** Whose call was released, each time when both had one. */
  readonly choices: readonly Name[]
  readonly responses: Responses
}

/**
 * A request that neither calls the store nor ends for this time waits for the other one: its write
 * is queued after that of the other, for example.
 */
const STALL = 50
/** After this time, a request that is not held waits for something else than the store. */
const MAX_WAIT = 10_000

/**
 * Runs both requests, and releases one call of the store at a time. `prefix` says whose call is the
 * next one when both have one; after it, it is that of A.
 */
export async function runInterleaved(
  gate: StoreGate,
  request: (name: Name) => Promise<PromiseSettledResult<unknown>>,
  prefix: readonly Name[],
): Promise<Interleaving> {
  const turns = new Turns(gate, request)
  const calls: string[] = []
  const choices: Name[] = []
  await turns.start('A')
  await turns.start('B')
  for (;;) {
    const ready = turns.ready()
    if (ready.length === 0 && turns.isOver()) return { calls, choices, responses: turns.responses }
    if (ready.length === 0) await turns.progress()
    else {
      const name = ready.length === 2 ? (prefix[choices.length] ?? 'A') : (ready[0] as Name)
      if (ready.length === 2) choices.push(name)
      calls.push(await turns.release(name))
    }
  }
}

/**
 * Lets one request run at a time, up to its next call of the store. A call belongs to the request
 * that runs.
 */
class Turns {
  readonly responses: Responses = {}
  readonly #request: (name: Name) => Promise<PromiseSettledResult<unknown>>
  readonly #waiting: Record<Name, GatedCall[]> = { A: [], B: [] }
  #running: Name = 'A'
  #error: Error | undefined
  #onEvent: () => void = () => undefined

  constructor(gate: StoreGate, request: (name: Name) => Promise<PromiseSettledResult<unknown>>) {
    this.#request = request
    gate.onCall = (call) => {
      const name = this.responses[this.#running] === undefined ? this.#running : other(this.#running)
      this.#waiting[name].push(call)
      this.#onEvent()
    }
  }

  ready(): Name[] {
    return (['A', 'B'] as const).filter((name) => this.#waiting[name].length > 0)
  }

  isOver(): boolean {
    return this.responses.A !== undefined && this.responses.B !== undefined
  }

  start(name: Name): Promise<void> {
    return this.#run(name, () => {
      this.#request(name).then(
        (response) => {
          this.responses[name] = response
          this.#onEvent()
        },
        (error: unknown) => {
          this.#error = error as Error
          this.#onEvent()
        },
      )
    })
  }

  async release(name: Name): Promise<string> {
    const call = this.#waiting[name].shift() as GatedCall
    await this.#run(name, () => call.release())
    return `${name} ${call.method}`
  }

  /** Waits until something happens. */
  async progress(): Promise<void> {
    if (await this.#event(() => undefined, MAX_WAIT)) return
    const names = (['A', 'B'] as const).filter((name) => this.responses[name] === undefined).join(' and ')
    throw new ConfigError(`race: request ${names} did not end within ${MAX_WAIT / 1000} s, and no call of the store is waiting.`)
  }

  async #run(name: Name, action: () => void): Promise<void> {
    this.#running = name
    await this.#event(action, STALL)
  }

  /**
   * Resolves to whether an event followed the action in time, after other calls of the same turn.
   */
  async #event(action: () => void, time: number): Promise<boolean> {
    const happened = await new Promise<boolean>((resolve) => {
      const timer = setTimeout(() => resolve(false), time)
      this.#onEvent = () => {
        clearTimeout(timer)
        resolve(true)
      }
      action()
    })
    await new Promise((resolve) => setTimeout(resolve, 0))
    if (this.#error !== undefined) throw this.#error
    return happened
  }
}

function other(name: Name): Name {
  return name === 'A' ? 'B' : 'A'
}
