import { describe, it } from 'vitest'
import { utc } from '../../../src/django/format/local-time.ts'
import { mysqlRows } from '../../../src/django/rows/mysql-rows.ts'
import { postgresRows } from '../../../src/django/rows/postgres-rows.ts'
import type { DjangoTable } from '../../../src/django/rows/sql-rows.ts'
import { djangoSuite } from '../../django/django-suite.ts'
import { DJANGO_TABLE } from '../../django/tables.ts'
import { freshTable } from '../../services/fresh-table.ts'
import { MYSQL, newMysqlPool } from '../../services/mysql/mysql-pools.ts'
import { newPool, newSql, POSTGRES } from '../../services/postgres/postgres-pool.ts'

const [pool, sql, mysql] = [newPool(), newSql(), newMysqlPool()]
const onPostgres = { describe: describe.skipIf(POSTGRES === ''), it }
const onMysql = { describe: describe.skipIf(MYSQL === ''), it }

async function postgresTable(): Promise<DjangoTable> {
  const table = freshTable()
  await pool.query(DJANGO_TABLE.postgres(table))
  return { name: table }
}

async function mysqlTable(collation: string): Promise<DjangoTable> {
  const table = freshTable()
  await mysql.query(`${DJANGO_TABLE.mysql(table)} DEFAULT COLLATE ${collation}`)
  return { name: table }
}

djangoSuite('PostgreSQL, pg', async () => postgresRows(pool, await postgresTable()), onPostgres)
djangoSuite('PostgreSQL, postgres.js', async () => postgresRows(sql, await postgresTable()), onPostgres)
djangoSuite('MySQL', async () => mysqlRows(mysql, await mysqlTable('utf8mb4_general_ci'), utc), onMysql)
djangoSuite('MySQL, latin1', async () => mysqlRows(mysql.pool, await mysqlTable('latin1_swedish_ci'), utc), onMysql)
