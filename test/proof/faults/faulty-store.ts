import { StoreError, type StoreOperation } from '../../../src/core/base/errors.ts'
import type {
  Create,
  DeleteByIndex,
  Entry,
  Keyed,
  List,
  Load,
  Page,
  Refused,
  Replace,
  Store,
  Touch,
  Written,
} from '../../../src/core/store/store.ts'
import type { FaultRates } from '../scenario/generator.ts'
import type { Random } from '../scenario/random.ts'

type Fault = 'none' | Exclude<keyof FaultRates, 'latency'>

/** A store with an unreliable connection, as one process sees it. */
export class FaultyStore implements Store {
  readonly capabilities: Store['capabilities']
  /** The number of rows that were created after their writer had given up. */
  lateRows = 0
  readonly #inner: Store
  readonly #faultRates: FaultRates
  readonly #random: Random

  constructor(inner: Store, faultRates: FaultRates, random: Random) {
    this.#inner = inner
    this.#faultRates = faultRates
    this.#random = random
    this.capabilities = inner.capabilities
  }

  load(operation: Load): Promise<Entry | undefined> {
    return this.#send('load', () => this.#inner.load(operation))
  }

  create(operation: Create): Promise<Written | Refused> {
    return this.#send('create', () => this.#inner.create(operation))
  }

  replace(operation: Replace): Promise<Written | Refused> {
    return this.#send('replace', () => this.#inner.replace(operation))
  }

  touch(operation: Touch): Promise<boolean> {
    return this.#send('touch', () => this.#inner.touch(operation))
  }

  delete(operation: Keyed): Promise<boolean> {
    return this.#send('delete', () => this.#inner.delete(operation))
  }

  deleteByIndex(operation: DeleteByIndex): Promise<number> {
    return this.#send('deleteByIndex', async () => (await this.#inner.deleteByIndex?.(operation)) ?? 0)
  }

  list(operation: List): Promise<Page> {
    return this.#send('list', async () => (await this.#inner.list?.(operation)) ?? { entries: [] })
  }

  async #send<T>(operation: StoreOperation, work: () => Promise<T>): Promise<T> {
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
        if (operation === 'create') this.lateRows++
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
