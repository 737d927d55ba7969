import { describe, it } from 'vitest'
import { PostgresStore } from '../../../src/stores/postgres.ts'
import { storeSuite } from '../../../src/testing/store-suite.ts'
import { freshTable, ISOLATIONS, newPool, newSql, POSTGRES } from '../../services/postgres/postgres-pool.ts'

const runner = { describe: describe.skipIf(POSTGRES === ''), it }

for (const isolation of ISOLATIONS) {
  const [pool, sql] = [newPool(isolation), newSql(isolation)]
  storeSuite(`PostgresStore, pg, ${isolation}`, () => new PostgresStore({ pool, table: freshTable() }), runner)
  storeSuite(`PostgresStore, postgres.js, ${isolation}`, () => new PostgresStore({ pool: sql, table: freshTable() }), runner)
}
