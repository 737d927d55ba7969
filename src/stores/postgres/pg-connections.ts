import { monotonic } from '../../core/base/clock.ts'
import { withDeadline } from '../../core/base/deadline.ts'
import { StoreError, type StoreOperation } from '../../core/base/errors.ts'
import { ignore } from '../../core/base/ignore.ts'
import { connectDeadline } from '../shared/deadline.ts'
import type { PgPool, PgPoolClient } from './pg-types.ts'

/** What to pass as the option `pool`. */
const POOL_REMEDY = 'Pass a `Pool` of pg, or the `sql` of postgres.js: `new PostgresStore({ pool })`.'

function isConnection(client: Partial<PgPoolClient> | undefined): client is PgPoolClient {
  return typeof client?.query === 'function' && typeof client.release === 'function'
}

/**
 * The connections of a pool that responded recently. If one of them does not respond, those that
 * have not responded since may be dead too, because a firewall drops all of them at once. They are
 * replaced by new ones instead of waiting for each in turn.
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
    let client: Partial<PgPoolClient> | undefined
    try {
      client = await withDeadline(connecting, deadline, 'No connection of the pool was free in time')
    } catch (error) {
      connecting.then((late) => late.release()).catch(ignore)
      throw new StoreError(operation, error, { applied: false })
    }
    if (isConnection(client)) return client
    throw new StoreError(operation, new Error('`connect()` of the `pool` returned no connection of a pool'), { remedy: POOL_REMEDY })
  }
}
