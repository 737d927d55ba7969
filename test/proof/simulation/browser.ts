import { type Exchange, newExchange } from '../checks/history.ts'
import type { Planned, Round } from '../scenario/generator.ts'
import type { Random } from '../scenario/random.ts'
import { conclude, outcomeOf } from './script.ts'

/** What lies between browsers and processes. */
export interface Network {
  /** Carries a request to its process and answers the ids in `Set-Cookie`; fills in what else the answer told. */
  readonly serve: (exchange: Exchange) => Promise<readonly string[]>
  readonly exchanges: Exchange[]
  readonly wait: (ms: number) => Promise<void>
  /** Epoch milliseconds of the one true clock. */
  readonly now: () => number
  /** The next place in the order of all that happens. */
  readonly tick: () => number
  readonly random: Random
}

/** A browser with one cookie: it sends what it has when a request starts, and keeps what the last response said. */
export class Browser {
  readonly #network: Network
  readonly #number: number | undefined
  #cookie: string | undefined

  constructor(network: Network, number?: number, cookie?: string) {
    this.#network = network
    this.#number = number
    this.#cookie = cookie
  }

  async play(rounds: readonly Round[]): Promise<void> {
    for (const { pause, requests, browser } of rounds) {
      await this.#network.wait(pause)
      await Promise.all(requests.map((planned) => this.send(planned, browser)))
    }
  }

  async send({ script, delay, process }: Planned, browser: number = this.#number ?? 0): Promise<void> {
    const { serve, wait, now, tick, exchanges, random } = this.#network
    await wait(delay)
    const exchange = newExchange({ script, browser, process, cookie: this.#cookie, began: tick(), beganAt: now() })
    exchanges.push(exchange)
    await wait(random.next() * 5)
    const cookies = await serve(exchange)
    Object.assign(exchange, { ended: tick(), endedAt: now(), setCookies: cookies.length, setCookie: cookies[0] })
    if (exchange.report !== undefined) conclude(exchange.report, outcomeOf(exchange.code), exchange.setCookie === '')
    await wait(random.next() * 5)
    if (exchange.setCookie !== undefined) this.#cookie = exchange.setCookie === '' ? undefined : exchange.setCookie
  }
}
