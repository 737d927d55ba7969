import type { BatchableStatement } from '../sql/remote-database.ts'
import { ALL_COLUMNS, columnList, quoteTable, type SqlStatement, type SqlStatements } from '../sql/sql-statements.ts'
import { toBackticks } from './mysql-dialect.ts'

/**
 * Returns the statements that are batched: loads. An UPDATE of several rows returns how many it
 * changed, but not which.
 */
export function batchableStatements(table: string, statements: SqlStatements): ReadonlyMap<SqlStatement, BatchableStatement> {
  return new Map([[statements.load, { keyIndex: 0, isRead: true, toBatch: toLoadBatch(quoteTable(table)) }]])
}

/**
 * The number of placeholders is a power of two, filled up with the first key, because a connection
 * keeps one prepared statement per number, and can keep only a few.
 */
function toLoadBatch(table: string): BatchableStatement['toBatch'] {
  const texts = new Map<number, string>()
  return (many) => {
    const keys = [...new Set(many.map(([key]) => key ?? ''))]
    const count = 2 ** Math.ceil(Math.log2(keys.length))
    const text = texts.get(count) ?? loadText(table, count)
    texts.set(count, text)
    return { text, values: [...keys, ...Array.from({ length: count - keys.length }, () => keys[0] ?? '')] }
  }
}

function loadText(table: string, count: number): string {
  const placeholders = Array.from({ length: count }, () => '?').join(', ')
  return toBackticks(`SELECT ${columnList(ALL_COLUMNS)} FROM ${table} WHERE "key" IN (${placeholders})`)
}
