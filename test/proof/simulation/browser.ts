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
}

/**
 * A browser with one cookie: a request sends the cookie at its start, and a response replaces it.
 */
export class Browser {
  readonly #network: Network
  readonly #number: number | undefined
  #cookie: string | undefined

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

  async send({ script, delay, process }: PlannedRequest, browser: number = this.#number ?? 0): Promise<void> {
    const { serve, wait, now, tick, exchanges, random } = this.#network
    await wait(delay)
    const exchange = newExchange({ script, browser, process, cookie: this.#cookie, began: tick(), beganAt: now() })
    exchanges.push(exchange)
    await wait(random.next() * 5)
    const cookies = await serve(exchange)
    Object.assign(exchange, { ended: tick(), endedAt: now(), setCookies: cookies.length, setCookie: cookies[0] })
    if (exchange.report !== undefined) setOutcomes(exchange.report, exchange)
    await wait(random.next() * 5)
    if (exchange.setCookie !== undefined) this.#cookie = exchange.setCookie === '' ? undefined : exchange.setCookie
  }
}
