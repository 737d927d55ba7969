import type { Together } from '../sql/remote-database.ts'
import { ALL_COLUMNS, named, quoted, type SqlStatement, type SqlStatements } from '../sql/sql-statements.ts'
import { inBackticks } from './mysql-dialect.ts'

/** The statements that travel together: loads. Of many rows an UPDATE says how many it changed, but not which. */
export function togetherOf(name: string, statements: SqlStatements): ReadonlyMap<SqlStatement, Together> {
  return new Map([[statements.load, { keyAt: 0, reads: true, of: loads(quoted(name)) }]])
}

/** The number of marks is a power of two, the first key fills up: a connection keeps a prepared statement for each, and there are few. */
function loads(table: string): Together['of'] {
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
  return inBackticks(`SELECT ${named(ALL_COLUMNS)} FROM ${table} WHERE "key" IN (${Array.from({ length: count }, () => '?').join(', ')})`)
}
