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
import { FaultyConnection } from './faulty-connection.ts'

/** A store with an unreliable connection, as one process sees it. */
export class FaultyStore implements Store {
  readonly capabilities: Store['capabilities']
  /** The number of rows that were created after their writer had given up. */
  lateRows = 0
  readonly #inner: Store
  readonly #connection: FaultyConnection

  constructor(inner: Store, faultRates: FaultRates, random: Random) {
    this.#inner = inner
    this.#connection = new FaultyConnection(faultRates, random)
    this.capabilities = inner.capabilities
  }

  load(operation: Load): Promise<Entry | undefined> {
    return this.#connection.send('load', () => this.#inner.load(operation))
  }

  create(operation: Create): Promise<Written | Refused> {
    const onLate = (): void => void this.lateRows++
    return this.#connection.send('create', () => this.#inner.create(operation), onLate)
  }

  replace(operation: Replace): Promise<Written | Refused> {
    return this.#connection.send('replace', () => this.#inner.replace(operation))
  }

  touch(operation: Touch): Promise<boolean> {
    return this.#connection.send('touch', () => this.#inner.touch(operation))
  }

  delete(operation: Keyed): Promise<boolean> {
    return this.#connection.send('delete', () => this.#inner.delete(operation))
  }

  deleteByIndex(operation: DeleteByIndex): Promise<number> {
    return this.#connection.send('deleteByIndex', async () => (await this.#inner.deleteByIndex?.(operation)) ?? 0)
  }

  list(operation: List): Promise<Page> {
    return this.#connection.send('list', async () => (await this.#inner.list?.(operation)) ?? { entries: [] })
  }
}
