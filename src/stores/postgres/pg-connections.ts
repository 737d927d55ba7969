import { monotonic } from '../../core/base/clock.ts'
import { StoreError, type StoreOperation } from '../../core/base/errors.ts'
import { ignore } from '../../core/base/ignore.ts'
import { connectDeadline, withDeadline } from '../shared/deadline.ts'
import type { PgPool, PgPoolClient } from './postgres-client.ts'

/**
 * The connections of a pool that can be trusted. If one of them does not respond, those that have
 * not responded since may be dead too: a firewall drops them all at once. Instead of waiting for
 * each in turn, new ones are opened.
 */
export class PgConnections {
  readonly #pool: PgPool
  readonly #respondedAt = new WeakMap<PgPoolClient, number>()
  #distrustedBefore = Number.NEGATIVE_INFINITY

  constructor(pool: PgPool) {
    this.#pool = pool
  }

  /**
   * Rejects with `StoreError` if no connection is free in time. One that is free later goes back to
   * the pool.
   */
  async acquire(operation: StoreOperation, deadline: number): Promise<PgPoolClient> {
    const connectBy = connectDeadline(deadline)
    for (;;) {
      const client = await this.#connect(operation, connectBy)
      if ((this.#respondedAt.get(client) ?? Number.POSITIVE_INFINITY) >= this.#distrustedBefore) return client
      client.release(true)
    }
  }

  /** Returns a connection that has responded to the pool. */
  release(client: PgPoolClient): void {
    this.#respondedAt.set(client, monotonic())
    client.release()
  }

  /** Called when a connection has not responded. */
  distrust(): void {
    this.#distrustedBefore = monotonic()
  }

  async #connect(operation: StoreOperation, deadline: number): Promise<PgPoolClient> {
    const connecting = this.#pool.connect()
    try {
      return await withDeadline(connecting, deadline, 'No connection of the pool was free in time')
    } catch (error) {
      connecting.then((client) => client.release()).catch(ignore)
      throw new StoreError(operation, error, { applied: false })
    }
  }
}
