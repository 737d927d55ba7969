import { describe, it } from 'vitest'
import { MysqlStore } from '../../../src/stores/mysql.ts'
import { storeSuite } from '../../../src/testing/store-suite.ts'
import { freshTable } from '../../services/fresh-table.ts'
import { MYSQL, newMysqlPool } from '../../services/mysql/mysql-pools.ts'
import { ISOLATIONS } from '../../services/postgres/postgres-pool.ts'

const runner = { describe: describe.skipIf(MYSQL === ''), it }

for (const isolation of ISOLATIONS) {
  const pool = newMysqlPool(isolation)
  storeSuite(`MysqlStore, mysql2/promise, ${isolation}`, () => new MysqlStore({ pool, table: freshTable() }), runner)
}

const callbacks = newMysqlPool('repeatable read', { flags: ['-FOUND_ROWS'] }).pool
storeSuite('MysqlStore, mysql2, counting changed rows', () => new MysqlStore({ pool: callbacks, table: freshTable() }), runner)
