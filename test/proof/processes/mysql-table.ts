import type { Pool } from 'mysql2/promise'
import type { Store } from '../../../src/core/store/store.ts'
import { MysqlStore } from '../../../src/stores/mysql.ts'
import { mysqlPool } from '../../services/mysql/mysql-pool.ts'
import { watchedMysql } from '../../services/mysql/watched-mysql.ts'
import type { FixtureContext } from '../simulation/simulate.ts'

const LEVELS = ['REPEATABLE READ', 'READ COMMITTED', 'SERIALIZABLE']

/**
 * A new table of MySQL for every run. Each process has its own pool, and the pools use three
 * isolation levels in turn.
 */
export class MysqlTable {
  readonly #url: string
  readonly #pools: Pool[] = []
  #runs = 0

  constructor(url: string) {
    this.#url = url
  }

  readonly open = (processes: number, trackIo: FixtureContext['trackIo']): readonly Store[] => {
    this.#runs += 1
    const table = `run_${this.#runs}`
    const track = <T>(work: () => Promise<T>): Promise<T> => trackIo(work())
    return Array.from({ length: processes }, (_, index) => new MysqlStore({ pool: watchedMysql(this.#pool(index), track), table }))
  }

  async end(): Promise<void> {
    const [pool] = this.#pools
    for (let run = 1; run <= this.#runs; run++) await pool?.query(`DROP TABLE IF EXISTS run_${run}`)
    await Promise.all(this.#pools.map((each) => each.end()))
  }

  #pool(index: number): Pool {
    const level = LEVELS[index % LEVELS.length]
    return (this.#pools[index] ??= mysqlPool({ uri: this.#url, connectionLimit: 4 }, [`SET SESSION TRANSACTION ISOLATION LEVEL ${level}`]))
  }
}
