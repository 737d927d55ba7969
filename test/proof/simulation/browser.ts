import { type Exchange, newExchange } from '../checks/history.ts'
import type { PlannedRequest, Round } from '../scenario/generator.ts'
import type { Random } from '../scenario/random.ts'
import { setOutcomes } from './script.ts'

/** The connection between browsers and processes. */
export interface Network {
  /**
   * Sends a request to its process and returns the ids in `Set-Cookie`; stores the rest of the
   * response in the exchange.
   */
  readonly serve: (exchange: Exchange) => Promise<readonly string[]>
  readonly exchanges: Exchange[]
  readonly wait: (ms: number) => Promise<void>
  /** Epoch milliseconds of the reference clock. */
  readonly now: () => number
  /** The next position in the order of all events. */
  readonly tick: () => number
  readonly random: Random
  /** Ids are replaced because of their age. */
  readonly cyclesIds?: boolean
}

/**
 * A browser with one cookie: a request sends the cookie at its start, and a response replaces it. A
 * planned request may send the cookie before it, and its response may be lost.
 */
export class Browser {
  readonly #network: Network
  readonly #number: number | undefined
  #cookie: string | undefined
  #previous: string | undefined

  constructor(network: Network, number?: number, cookie?: string) {
    this.#network = network
    this.#number = number
    this.#cookie = cookie
  }

  async runRounds(rounds: readonly Round[]): Promise<void> {
    for (const { waitBefore, requests, browser } of rounds) {
      await this.#network.wait(waitBefore)
      await Promise.all(requests.map((request) => this.send(request, browser)))
    }
  }

  async send(request: PlannedRequest, browser: number = this.#number ?? 0): Promise<void> {
    const { script, delay, process, sendsPrevious = false, isLost = false } = request
    const { serve, wait, now, tick, exchanges, random, cyclesIds } = this.#network
    await wait(delay)
    const cookie = sendsPrevious ? (this.#previous ?? this.#cookie) : this.#cookie
    const exchange = newExchange({ script, browser, process, cookie, began: tick(), beganAt: now() })
    exchanges.push(exchange)
    await wait(random.next() * 5)
    const cookies = await serve(exchange)
    Object.assign(exchange, { ended: tick(), endedAt: now(), setCookies: cookies.length, setCookie: cookies[0] })
    if (exchange.report !== undefined) setOutcomes(exchange.report, exchange, cyclesIds)
    await wait(random.next() * 5)
    if (exchange.setCookie !== undefined && !isLost) this.#replaceCookie(exchange.setCookie)
  }

  #replaceCookie(cookie: string): void {
    this.#previous = this.#cookie ?? this.#previous
    this.#cookie = cookie === '' ? undefined : cookie
  }
}
