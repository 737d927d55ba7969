import { DatabaseSync } from 'node:sqlite'
import { describe, it } from 'vitest'
import { djangoLogin, djangoSessions } from '../../src/django/django.ts'
import { createSessions, type Store } from '../../src/index.ts'
import { CachedStore } from '../../src/stores/cached.ts'
import { MemoryStore } from '../../src/stores/memory.ts'
import { SqliteStore } from '../../src/stores/sqlite.ts'
import { SECRET } from '../django/site.ts'
import { DJANGO_TABLE } from '../django/tables.ts'
import { newSqliteFile } from '../stores/sqlite/sqlite-folder.ts'
import { adminSuite, ownLogin } from './admin-suite.ts'

const STORES: readonly (readonly [name: string, server: RegExp | undefined, make: () => Store])[] = [
  ['MemoryStore', undefined, () => new MemoryStore()],
  ['SqliteStore', /^SQLite 3/, () => new SqliteStore(newSqliteFile())],
  [
    'CachedStore',
    /^SQLite 3/,
    () => new CachedStore({ store: new SqliteStore(newSqliteFile()), cache: new MemoryStore(), maxStale: '30s' }),
  ],
]

for (const [name, server, make] of STORES)
  adminSuite(
    name,
    { makeSessions: async (options) => createSessions<any>({ store: make(), clearExpired: false, ...options }), login: ownLogin, server },
    { describe, it },
  )

adminSuite(
  "Django's table on SQLite",
  {
    makeSessions: async (options) => {
      const database = new DatabaseSync(':memory:')
      database.exec(DJANGO_TABLE.sqlite('django_session'))
      return djangoSessions<any>({ secretKey: SECRET, database, ...options })
    },
    login: (session, id) => djangoLogin(session, { id, password: 'hash' }),
    server: undefined,
  },
  { describe, it },
)
