import { nameOf } from '../candidates.ts'
import type { WorkloadName } from '../workloads.ts'
import { workloadOf } from '../workloads.ts'
import type { Load, Loaded } from './load.ts'
import type { Child } from './pinned-child.ts'
import type { Server } from './server.ts'

/** One candidate under one workload for some seconds. */
export interface Round {
  /** Microseconds of the server's CPU time for each request. */
  readonly cpu: number
  /** What was asked of its store for each request. */
  readonly operations: number
  readonly perSecond: number
  /** Microseconds. */
  readonly p50: number
  readonly p99: number
  /** Bytes of a response, and of the cookie that came with its request. */
  readonly bytes: number
  readonly cookieBytes: number
}

/** After so many microseconds of CPU time V8 has compiled what is used often, also on a machine that has no time for us. */
const WARM = 1_000_000
const MOST_WARM_UPS = 20

/** One server under one workload, ready to be measured. */
export class Cell {
  readonly server: Server
  readonly #workload: WorkloadName
  readonly #cookies: readonly string[]
  #answered = 1 // by the check
  #lost = 0
  #perSecond = 0

  private constructor(server: Server, workload: WorkloadName, cookies: readonly string[]) {
    this.server = server
    this.#workload = workload
    this.#cookies = cookies
  }

  /** Makes a session for each connection, and checks the answer. */
  static async prepare(server: Server, workload: WorkloadName, connections: number): Promise<Cell> {
    const cookies = await server.cookies(workload, connections)
    await server.check(workload, cookies[0] ?? '')
    return new Cell(server, workload, cookies)
  }

  /** Lets V8 compile what it will, however long that takes here, and finds out how many requests the server answers. */
  async warmUp(load: Child, seconds: number): Promise<void> {
    const { cpu } = await this.server.usage()
    for (let times = 0; times < MOST_WARM_UPS && (await this.server.usage()).cpu < cpu + WARM; times += 1) {
      await this.#ask(load, { duration: seconds })
      this.#lost += this.#cookies.length // those that were under way when the time was up
    }
  }

  /** As many requests as the round before would have answered in so many seconds. */
  async round(load: Child, seconds: number): Promise<Round> {
    const before = await this.server.usage()
    const amount = Math.max(this.#cookies.length, Math.round(this.#perSecond * seconds))
    const { answered, perSecond, p50, p99, bytes } = await this.#ask(load, { amount })
    const after = await this.server.usage()
    return {
      cpu: (after.cpu - before.cpu) / answered,
      operations: (after.operations - before.operations) / answered,
      perSecond,
      p50,
      p99,
      bytes,
      cookieBytes: this.#cookies[0]?.length ?? 0,
    }
  }

  /** Fails when an increment that was answered is not in the store. A few more may be there: those of requests that nobody waited for. */
  async checkCounts(): Promise<void> {
    const { store } = this.server.candidate
    if (this.#workload !== 'W3' || store === 'cookie' || store === 'none') return
    const visits = await this.server.visits(this.#cookies)
    if (visits >= this.#answered && visits <= this.#answered + this.#lost) return
    throw new Error(`${this.#name}: ${this.#answered} increments were answered, ${visits} are in the store`)
  }

  /** A wrong answer ends the run. A lost connection does not: on a busy machine the load generator may sleep until the server hangs up. */
  async #ask(load: Child, extent: Load['extent']): Promise<Loaded> {
    const url = this.server.url(workloadOf(this.#workload).path)
    const loaded = await load.ask<Loaded>({ url, cookies: this.#cookies, extent } satisfies Load)
    const { answered, refused, lost, perSecond } = loaded
    if (refused > 0) throw new Error(`${this.#name}: ${refused} requests were answered with an error`)
    if (lost > 0) console.warn(`${this.#name}: ${lost} connections were lost`)
    this.#answered += answered
    this.#lost += lost
    this.#perSecond = perSecond
    return loaded
  }

  get #name(): string {
    return `${nameOf(this.server.candidate)}, ${this.#workload}`
  }
}
