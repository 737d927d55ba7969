import type { MysqlPool, MysqlPromisePool } from '../../stores/mysql/mysql-client.ts'
import { mysqlDatabase } from '../../stores/mysql/mysql-database.ts'
import { isDuplicateKey } from '../../stores/mysql/mysql-errors.ts'
import { RemoteExecutor } from '../../stores/sql/remote-executor.ts'
import type { DjangoRows } from './django-rows.ts'
import { fromDjangoText, type LocalTime, toDjangoText } from './local-time.ts'
import { DJANGO_COLUMNS, type DjangoSqlDialect, type DjangoSqlRow, DjangoSqlRows, djangoTable } from './sql-rows.ts'

/**
 * Values travel as bytes. A key becomes a text of ASCII, which the column's own collation takes in, so that its index serves; a signature
 * compares as bytes, whatever that collation folds.
 */
const mysqlDialect = (localTime: LocalTime): DjangoSqlDialect => ({
  placeholder: () => '?',
  quote: '`',
  key: 'CONVERT(? USING ascii)',
  signature: 'CAST(? AS BINARY)',
  instant: 'CAST(? AS DATETIME(6))',
  end: 'CAST(RIGHT("session_data", 43) AS BINARY)',
  expiry: 'CAST("expire_date" AS CHAR)',
  valueOf: (instant) => toDjangoText(instant, localTime),
  instantOf: (value) => fromDjangoText(String(value), localTime),
  deleteExpired: (table) => `DELETE FROM ${table} WHERE "expire_date" <= CAST(? AS DATETIME(6)) ORDER BY "expire_date" LIMIT ?`,
  isTaken: isDuplicateKey,
})

/** Django's table in MySQL or MariaDB. */
export function mysqlRows(pool: MysqlPool | MysqlPromisePool, table: string, localTime: LocalTime): DjangoRows {
  const database = mysqlDatabase(pool, djangoTable)
  const executor = new RemoteExecutor<DjangoSqlRow>(database, new Map(), false, DJANGO_COLUMNS)
  return new DjangoSqlRows(table, mysqlDialect(localTime), executor)
}
