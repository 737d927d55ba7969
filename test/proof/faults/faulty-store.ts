import { StoreError, type StoreOperation } from '../../../src/core/base/errors.ts'
import type { Create, Entry, Keyed, Load, Refused, Replace, Store, Touch, Written } from '../../../src/core/store/store.ts'
import type { Weather } from '../simulation/generator.ts'
import type { Random } from '../simulation/random.ts'

type Fault = 'none' | Exclude<keyof Weather, 'latency'>

/** A store at the other end of a bad connection, as one process sees it. */
export class WeatherStore implements Store {
  readonly capabilities: Store['capabilities']
  /** How many rows were created behind their writer's back. */
  lateRows = 0
  readonly #inner: Store
  readonly #weather: Weather
  readonly #random: Random

  constructor(inner: Store, weather: Weather, random: Random) {
    this.#inner = inner
    this.#weather = weather
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

  async #send<T>(operation: StoreOperation, work: () => Promise<T>): Promise<T> {
    const fault = this.#draw()
    await this.#travel()
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
      case 'late':
        await pause(this.#random.int(1000, 9000))
        if (operation === 'create') this.lateRows++
        return work()
      case 'resent':
        await work()
        await this.#travel()
        break
      default:
    }
    const answer = await work()
    await this.#travel()
    return answer
  }

  #draw(): Fault {
    let left = this.#random.next()
    const { latency: _, ...chances } = this.#weather
    return (Object.entries(chances) as [Fault, number][]).find(([, chance]) => (left -= chance) < 0)?.[0] ?? 'none'
  }

  #travel(): Promise<void> {
    return pause(this.#random.next() * this.#weather.latency)
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
