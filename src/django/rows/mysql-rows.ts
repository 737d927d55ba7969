import type { MysqlPool, MysqlPromisePool } from '../../stores/mysql/mysql-client.ts'
import { mysqlDatabase } from '../../stores/mysql/mysql-client.ts'
import { isDuplicateKey } from '../../stores/mysql/mysql-errors.ts'
import { formatDjangoDate, type LocalTime, parseDjangoDate } from '../format/local-time.ts'
import type { DjangoRows } from './django-rows.ts'
import { type DjangoSqlDialect, type DjangoTable, djangoTable, remoteRows } from './sql-rows.ts'

/**
 * Parameters are sent as bytes. A key is converted to ASCII text, which takes the collation of the
 * column, so its index is used. Signatures are compared as bytes, because a collation may ignore
 * case.
 */
const mysqlDialect = (localTime: LocalTime): DjangoSqlDialect => ({
  placeholder: () => '?',
  quote: '`',
  key: 'CONVERT(? USING ascii)',
  signature: 'CAST(? AS BINARY)',
  timestamp: 'CAST(? AS DATETIME(6))',
  signatureColumn: 'CAST(RIGHT("session_data", 43) AS BINARY)',
  expiryColumn: 'CAST("expire_date" AS CHAR)',
  toParameter: (timestamp) => formatDjangoDate(timestamp, localTime),
  toTimestamp: (value) => parseDjangoDate(String(value), localTime),
  deleteExpired: (table) => `DELETE FROM ${table} WHERE "expire_date" <= CAST(? AS DATETIME(6)) ORDER BY "expire_date" LIMIT ?`,
  isDuplicateKey,
})

/** Django's table in MySQL or MariaDB. */
export function mysqlRows(pool: MysqlPool | MysqlPromisePool, table: DjangoTable, localTime: LocalTime): DjangoRows {
  return remoteRows(mysqlDatabase(pool, djangoTable), table, mysqlDialect(localTime))
}
