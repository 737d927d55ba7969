import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it } from 'vitest'
import { aTable, aTableOfSchema } from '../../../src/stores/shared/store-options.ts'
import { plainInsert, sqlStatements } from '../../../src/stores/sql/sql-statements.ts'
import { type SqlRow, SqlStore } from '../../../src/stores/sql/sql-store.ts'
import { sqliteDialect } from '../../../src/stores/sqlite/sqlite-dialect.ts'
import { SqliteExecutor } from '../../../src/stores/sqlite/sqlite-executor.ts'
import { storeSuite } from '../../../src/testing/store-suite.ts'

/** A dialect for databases with the plain INSERT only, which fails if the key is taken. */
const plain = { ...sqliteDialect, insert: plainInsert, isTaken: (cause: unknown) => (cause as { errcode?: number }).errcode === 1555 }

storeSuite('A SqlStore whose INSERT fails if the key is taken', newPlainStore, { describe, it })

function newPlainStore(): SqlStore {
  const source = {
    table: 'sessions',
    createTable: true,
    missingTable: '',
    owned: true,
    open: () => new DatabaseSync(':memory:'),
    exists: () => false,
  }
  return new SqlStore(new SqliteExecutor<SqlRow>(source), sqlStatements('sessions', plain))
}

describe('The statements of a store', () => {
  it('include the schema of the table', () => {
    const { load, create } = sqlStatements('app.sessions', sqliteDialect)
    expect(load.text).toContain('FROM "app"."sessions" WHERE')
    expect(create.text).toMatch(/^INSERT INTO "app"\."sessions" \("version", .*, "key"\) VALUES \(\?(?:, \?){9}\) ON CONFLICT/)
  })

  it('are rendered for the database', () => {
    const { touch } = sqlStatements('sessions', { ...sqliteDialect, quote: '`', placeholder: (n) => `$${n}` })
    expect(touch.text).toMatch(/^UPDATE `sessions` SET `expires_at` = \$1, .* <= \$6$/)
  })
})

describe('The name of a table', () => {
  it('may include a schema only if the database has schemas', () => {
    expect(aTableOfSchema('app.sessions')).toBeUndefined()
    expect(aTable('app.sessions')).toMatch(/^pass a name of letters/)
  })
})
