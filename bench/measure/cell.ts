import { setTimeout } from 'node:timers/promises'
import { nameOf } from '../candidates.ts'
import type { WorkloadName } from '../workloads.ts'
import { workloadOf } from '../workloads.ts'
import { type LoadResult, load } from './load.ts'
import type { Server } from './server.ts'

/** The measurement of one candidate under one workload for some seconds. */
export interface Round {
  /** Microseconds of the server's CPU time per request. */
  readonly cpu: number
  /** Store operations per request. */
  readonly operations: number
  readonly perSecond: number
  /** Microseconds. */
  readonly p50: number
  readonly p99: number
  /** Bytes of a response, and of the cookie of its request. */
  readonly bytes: number
  readonly cookieBytes: number
}

/**
 * Until V8 has compiled frequently used code: W3 on SQLite needed about 50,000 requests until its
 * time was constant.
 */
const WARM_UP_SECONDS = 3
/**
 * With this many sessions per connection, used in turns, no two requests of one session overlap.
 */
const SESSIONS_PER_CONNECTION = 4
/** Milliseconds after which requests that the load generator has abandoned are finished. */
const DRAIN_MS = 50

/** One server under one workload, ready to be measured. */
export class Cell {
  readonly server: Server
  readonly #workload: WorkloadName
  readonly #connections: number
  readonly #cookies: readonly string[]
  #succeeded = 1 // by the check
  #served = 1

  private constructor(server: Server, workload: WorkloadName, connections: number, cookies: readonly string[]) {
    this.server = server
    this.#workload = workload
    this.#connections = connections
    this.#cookies = cookies
  }

  /** Creates the sessions and checks the response. */
  static async prepare(server: Server, workload: WorkloadName, connections: number): Promise<Cell> {
    const cookies = await server.cookies(workload, connections * SESSIONS_PER_CONNECTION)
    await server.check(workload, cookies[0] ?? '')
    return new Cell(server, workload, connections, cookies)
  }

  /** Lets V8 compile the code before the measurement. */
  async warmUp(): Promise<void> {
    await this.round(WARM_UP_SECONDS)
  }

  async round(seconds: number): Promise<Round> {
    const before = await this.server.usage()
    const { succeeded, perSecond, p50, p99, bytes } = await this.#load(seconds)
    await setTimeout(DRAIN_MS)
    const after = await this.server.usage()
    // Not `succeeded`: requests that are in progress at the end cost CPU time too.
    const served = after.requests - before.requests
    this.#succeeded += succeeded
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

  /**
   * Throws if an acknowledged increment is not in the store. Increments of abandoned requests may
   * be there too.
   */
  async checkCounts(): Promise<void> {
    const { store } = this.server.candidate
    if (this.#workload !== 'W3' || store === 'cookie' || store === 'none') return
    const visits = await this.server.visits(this.#cookies)
    if (visits >= this.#succeeded && visits <= this.#served) return
    throw new Error(`${this.#name}: ${this.#succeeded} increments were acknowledged, ${visits} are in the store`)
  }

  /**
   * A wrong response ends the run. A lost connection does not, because on a busy machine a server
   * may close the connection of a load generator that is not scheduled.
   */
  async #load(seconds: number): Promise<LoadResult> {
    const url = this.server.url(workloadOf(this.#workload).path)
    const loaded = await load({ url, cookies: this.#cookies, connections: this.#connections, seconds })
    if (loaded.refused > 0) throw new Error(`${this.#name}: ${loaded.refused} requests failed`)
    if (loaded.lost > 0) console.warn(`${this.#name}: ${loaded.lost} connections were lost`)
    return loaded
  }

  get #name(): string {
    return `${nameOf(this.server.candidate)}, ${this.#workload}`
  }
}
