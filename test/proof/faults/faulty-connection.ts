import { StoreError, type StoreOperation } from '../../../src/core/base/errors.ts'
import type { FaultRates } from '../scenario/generator.ts'
import type { Random } from '../scenario/random.ts'

type Fault = 'none' | Exclude<keyof FaultRates, 'latency'>

/** The unreliable connection of one process to a store. */
export class FaultyConnection {
  readonly #faultRates: FaultRates
  readonly #random: Random

  constructor(faultRates: FaultRates, random: Random) {
    this.#faultRates = faultRates
    this.#random = random
  }

  /** Runs one operation. `onLate` is called if it runs after its caller has given up. */
  async send<T>(operation: StoreOperation, work: () => Promise<T>, onLate?: () => void): Promise<T> {
    const fault = this.#chooseFault()
    await this.#delay()
    switch (fault) {
      case 'refused':
        throw new StoreError(operation, new Error('refused'), { applied: false })
      case 'before':
        throw new Error('the connection broke before')
      case 'after':
        await work()
        throw new Error('the connection broke after')
      case 'hang':
        return new Promise(() => undefined)
      case 'silent':
        await work()
        return new Promise(() => undefined)
      case 'late':
        await sleep(this.#random.int(1000, 9000))
        onLate?.()
        return work()
      case 'resent':
        await work()
        await this.#delay()
        break
      default:
    }
    const result = await work()
    await this.#delay()
    return result
  }

  #chooseFault(): Fault {
    let remaining = this.#random.next()
    const { latency: _, ...chances } = this.#faultRates
    return (Object.entries(chances) as [Fault, number][]).find(([, chance]) => (remaining -= chance) < 0)?.[0] ?? 'none'
  }

  #delay(): Promise<void> {
    return sleep(this.#random.next() * this.#faultRates.latency)
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
