import { DatabaseSync } from 'node:sqlite'
import { describe, it } from 'vitest'
import { localTimeOf, utc } from '../../src/django/format/local-time.ts'
import { sqliteRows } from '../../src/django/rows/sqlite-rows.ts'
import { djangoSuite } from './django-suite.ts'
import { DJANGO_TABLE } from './tables.ts'

function newTable(): DatabaseSync {
  const database = new DatabaseSync(':memory:')
  database.exec(DJANGO_TABLE.sqlite('django_session'))
  return database
}

djangoSuite('SQLite', () => sqliteRows(newTable(), { name: 'django_session' }, utc), { describe, it })
djangoSuite('SQLite with local times', () => sqliteRows(newTable(), { name: 'django_session' }, localTimeOf('Asia/Kolkata')), {
  describe,
  it,
})
