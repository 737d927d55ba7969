import { setTimeout } from 'node:timers/promises'
import { nameOf } from '../candidates.ts'
import type { WorkloadName } from '../workloads.ts'
import { workloadOf } from '../workloads.ts'
import { type LoadResult, load } from './load.ts'
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

/** So long it takes until V8 has compiled what is used often: W3 on SQLite needed some 50,000 requests until it took no less any more. */
const WARM_UP_SECONDS = 3
/** So many sessions for each connection: taking turns, two requests of one session are never under way together. */
const SESSIONS_PER_CONNECTION = 4
/** Requests that nobody waits for any more are through by then, in milliseconds. */
const DRAIN_MS = 50

/** One server under one workload, ready to be measured. */
export class Cell {
  readonly server: Server
  readonly #workload: WorkloadName
  readonly #connections: number
  readonly #cookies: readonly string[]
  #answered = 1 // by the check
  #served = 1

  private constructor(server: Server, workload: WorkloadName, connections: number, cookies: readonly string[]) {
    this.server = server
    this.#workload = workload
    this.#connections = connections
    this.#cookies = cookies
  }

  /** Makes the sessions, and checks the answer. */
  static async prepare(server: Server, workload: WorkloadName, connections: number): Promise<Cell> {
    const cookies = await server.cookies(workload, connections * SESSIONS_PER_CONNECTION)
    await server.check(workload, cookies[0] ?? '')
    return new Cell(server, workload, connections, cookies)
  }

  /** Lets V8 compile what it will. */
  async warmUp(): Promise<void> {
    await this.round(WARM_UP_SECONDS)
  }

  async round(seconds: number): Promise<Round> {
    const before = await this.server.usage()
    const { answered, perSecond, p50, p99, bytes } = await this.#load(seconds)
    await setTimeout(DRAIN_MS)
    const after = await this.server.usage()
    // Not `answered`: when the time is up some requests are under way, and they cost as well.
    const served = after.requests - before.requests
    this.#answered += answered
    this.#served += served
    return {
      cpu: (after.cpu - before.cpu) / served,
      operations: (after.operations - before.operations) / served,
      perSecond,
      p50,
      p99,
      bytes,
      cookieBytes: this.#cookies[0]?.length ?? 0,
    }
  }

  /** Fails when an increment that was answered is not in the store. Those of requests that nobody waited for may be there too. */
  async checkCounts(): Promise<void> {
    const { store } = this.server.candidate
    if (this.#workload !== 'W3' || store === 'cookie' || store === 'none') return
    const visits = await this.server.visits(this.#cookies)
    if (visits >= this.#answered && visits <= this.#served) return
    throw new Error(`${this.#name}: ${this.#answered} increments were answered, ${visits} are in the store`)
  }

  /** A wrong answer ends the run. A lost connection does not: on a busy machine the server may hang up on a load generator that sleeps. */
  async #load(seconds: number): Promise<LoadResult> {
    const url = this.server.url(workloadOf(this.#workload).path)
    const loaded = await load({ url, cookies: this.#cookies, connections: this.#connections, seconds })
    if (loaded.refused > 0) throw new Error(`${this.#name}: ${loaded.refused} requests were answered with an error`)
    if (loaded.lost > 0) console.warn(`${this.#name}: ${loaded.lost} connections were lost`)
    return loaded
  }

  get #name(): string {
    return `${nameOf(this.server.candidate)}, ${this.#workload}`
  }
}
