import type { Store } from '../../src/index.ts'
import { MysqlStore } from '../../src/stores/mysql.ts'
import { PostgresStore } from '../../src/stores/postgres.ts'
import { freshTable } from './fresh-table.ts'
import { MYSQL, newMysqlPool } from './mysql/mysql-pools.ts'
import { newPool, POSTGRES } from './postgres/postgres-pool.ts'
import { newStore, REDIS } from './redis/redis-clients.ts'

const [pool, mysql] = [newPool(), newMysqlPool()]

/** One store for each server of this run. Each call of `open` has a new table or prefix. */
export const SERVER_STORES: readonly (readonly [name: string, isThere: boolean, open: () => Store | Promise<Store>])[] = [
  ['PostgreSQL', POSTGRES !== '', () => new PostgresStore({ pool, table: freshTable() })],
  ['MariaDB', MYSQL !== '', () => new MysqlStore({ pool: mysql, table: freshTable() })],
  ['Redis', REDIS !== '', () => newStore('redis')],
]
