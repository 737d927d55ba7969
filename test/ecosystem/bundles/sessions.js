// The first bundle: the manager of the application. Next.js and others make one bundle per entry,
// so applications keep it on `globalThis`.
import { createSessions, StoreError } from 'sojourn'
import { SqliteStore } from 'sojourn/stores/sqlite'

const store = new SqliteStore(':memory:')
globalThis.shop = { sessions: createSessions({ store }), store, StoreError }
