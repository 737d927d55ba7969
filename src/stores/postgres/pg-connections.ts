import { monotonic } from '../../core/base/clock.ts'
import { StoreError, type StoreOperation } from '../../core/base/errors.ts'
import { connectingUntil, inTime } from '../shared/in-time.ts'
import type { PgPool, PgPoolClient } from './postgres-client.ts'

/**
 * The connections of a pool, as far as they can be trusted. When one of them did not answer, those that have not answered since may be just as
 * dead without knowing: a firewall forgets them all at once. Instead of waiting for each in turn, new ones are opened.
 */
export class PgConnections {
  readonly #pool: PgPool
  readonly #answeredAt = new WeakMap<PgPoolClient, number>()
  #distrustedBefore = Number.NEGATIVE_INFINITY

  constructor(pool: PgPool) {
    this.#pool = pool
  }

  /** Throws a `StoreError` when no connection came in time. One that comes later is for others. */
  async take(operation: StoreOperation, deadline: number): Promise<PgPoolClient> {
    const by = connectingUntil(deadline)
    for (;;) {
      const client = await this.#connect(operation, by)
      if ((this.#answeredAt.get(client) ?? Number.POSITIVE_INFINITY) >= this.#distrustedBefore) return client
      client.release(true)
    }
  }

  /** It has answered. */
  giveBack(client: PgPoolClient): void {
    this.#answeredAt.set(client, monotonic())
    client.release()
  }

  /** One has not answered. */
  distrust(): void {
    this.#distrustedBefore = monotonic()
  }

  async #connect(operation: StoreOperation, by: number): Promise<PgPoolClient> {
    const connecting = this.#pool.connect()
    try {
      return await inTime(connecting, by, 'No connection of the pool was free in time')
    } catch (error) {
      connecting.then((client) => client.release()).catch(() => undefined)
      throw new StoreError(operation, error, { applied: false })
    }
  }
}
