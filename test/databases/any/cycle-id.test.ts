// The replacement of ids because of their age, on real databases.
import { describe } from 'vitest'
import type { Store } from '../../../src/index.ts'
import { MysqlStore } from '../../../src/stores/mysql.ts'
import { PostgresStore } from '../../../src/stores/postgres.ts'
import { testCycleId } from '../../core/security/cycle-id-attacks.ts'
import { freshTable } from '../../services/fresh-table.ts'
import { MYSQL, newMysqlPool } from '../../services/mysql/mysql-pools.ts'
import { newPool, POSTGRES } from '../../services/postgres/postgres-pool.ts'
import { newStore, REDIS } from '../../services/redis/redis-clients.ts'

const [pool, mysql] = [newPool(), newMysqlPool()]

const STORES: readonly (readonly [name: string, isThere: boolean, make: () => Store | Promise<Store>])[] = [
  ['PostgreSQL', POSTGRES !== '', () => new PostgresStore({ pool, table: freshTable() })],
  ['MariaDB', MYSQL !== '', () => new MysqlStore({ pool: mysql, table: freshTable() })],
  ['Redis', REDIS !== '', () => newStore('redis')],
]

for (const [name, isThere, make] of STORES) describe.skipIf(!isThere)(`the option \`cycleId\` on ${name}`, () => testCycleId(make))
