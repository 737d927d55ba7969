import { nameOf } from '../candidates.ts'
import type { WorkloadName } from '../workloads.ts'
import { WORKLOADS } from '../workloads.ts'
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

/** One server under one workload, ready to be measured. */
export class Cell {
  readonly server: Server
  readonly #workload: WorkloadName
  readonly #cookies: readonly string[]
  #answered = 1 // by the check

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

  async round(load: Child, seconds: number): Promise<Round> {
    const before = await this.server.usage()
    const order: Load = { url: this.server.url(WORKLOADS[this.#workload].path), cookies: this.#cookies, seconds }
    const { answered, failed, perSecond, p50, p99, bytes } = await load.ask<Loaded>(order)
    const after = await this.server.usage()
    if (failed > 0 || answered === 0) throw new Error(`${nameOf(this.server.candidate)}, ${this.#workload}: ${failed} requests failed`)
    this.#answered += answered
    const each = (sum: number): number => sum / answered
    return {
      cpu: each(after.cpu - before.cpu),
      operations: each(after.operations - before.operations),
      perSecond,
      p50,
      p99,
      bytes,
      cookieBytes: this.#cookies[0]?.length ?? 0,
    }
  }

  /** Fails when an increment that was answered is not in the store. A few more may be there: requests that the load generator gave up. */
  async checkCounts(rounds: number): Promise<void> {
    const { store } = this.server.candidate
    if (this.#workload !== 'W3' || store === 'cookie' || store === 'none') return
    const visits = await this.server.visits(this.#cookies)
    const most = this.#answered + rounds * this.#cookies.length
    if (visits < this.#answered || visits > most) {
      throw new Error(`${nameOf(this.server.candidate)}: ${this.#answered} increments were answered, ${visits} are in the store`)
    }
  }
}
