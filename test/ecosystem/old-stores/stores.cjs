// The stores of express-session, as their documentation sets them up.
const { mkdtempSync } = require('node:fs')
const { tmpdir } = require('node:os')
const { join } = require('node:path')
const { DatabaseSync } = require('node:sqlite')
const session = require('express-session')

/** Opens a store by its package. `redis` and `postgres` are URLs. */
exports.stores = {
  'express-session': async () => ({ store: new session.MemoryStore(), close: async () => undefined }),

  memorystore: async () => {
    const MemoryStore = require('memorystore')(session)
    const store = new MemoryStore({ checkPeriod: 86_400_000 })
    return { store, close: async () => store.stopInterval() }
  },

  'connect-redis': async ({ redis }) => {
    const { RedisStore } = require('connect-redis')
    const client = await require('redis').createClient({ url: redis }).connect()
    return { store: new RedisStore({ client, prefix: 'old:' }), close: async () => client.destroy() }
  },

  'connect-pg-simple': async ({ postgres }) => {
    const PgStore = require('connect-pg-simple')(session)
    const pool = new (require('pg').Pool)({ connectionString: postgres })
    const store = new PgStore({ pool, createTableIfMissing: true, pruneSessionInterval: false })
    return { store, close: () => pool.end() }
  },

  'connect-session-knex': async ({ postgres }) => {
    const { ConnectSessionKnexStore } = require('connect-session-knex')
    const knex = require('knex')({ client: 'pg', connection: postgres })
    const store = new ConnectSessionKnexStore({ knex, createTable: true, tableName: 'knex_sessions', cleanupInterval: 0 })
    return { store, close: () => knex.destroy() }
  },

  'better-sqlite3-session-store': async () => {
    const SqliteStore = require('better-sqlite3-session-store')(session)
    const client = new DatabaseSync(':memory:')
    return { store: new SqliteStore({ client, expired: { clear: false } }), close: async () => client.close() }
  },

  'session-file-store': async () => {
    const FileStore = require('session-file-store')(session)
    const path = mkdtempSync(join(tmpdir(), 'sojourn-old-'))
    return {
      store: new FileStore({ path, reapInterval: -1, logFn: () => undefined, retries: 1, minTimeout: 5 }),
      close: async () => undefined,
    }
  },

  // Behaves as the documentation of connect-mongo says, because there is no MongoDB here.
  'connect-mongo': async () => ({ store: new DocumentStore(), close: async () => undefined }),
}

/** Keeps documents `{ _id, expires, session }`, whose session is JSON text. `touch` fails without a document. */
class DocumentStore extends session.Store {
  #documents = new Map()
  #ttl = 14 * 86_400_000

  async get(sid, callback) {
    const document = this.#documents.get(sid)
    await Promise.resolve()
    const isLive = document !== undefined && document.expires > new Date()
    callback(null, isLive ? JSON.parse(document.session) : null)
  }

  async set(sid, data, callback) {
    await Promise.resolve()
    this.#documents.set(sid, { _id: sid, expires: this.#expiryOf(data), session: JSON.stringify(data) })
    this.emit('set', sid)
    callback?.(null)
  }

  async touch(sid, data, callback) {
    const document = this.#documents.get(sid)
    await Promise.resolve()
    if (document === undefined) return callback?.(new Error('Unable to find the session to touch'))
    document.expires = this.#expiryOf(data)
    callback?.(null)
  }

  async destroy(sid, callback) {
    await Promise.resolve()
    this.#documents.delete(sid)
    this.emit('destroy', sid)
    callback?.(null)
  }

  #expiryOf({ cookie }) {
    return new Date(cookie?.expires ?? Date.now() + this.#ttl)
  }
}
