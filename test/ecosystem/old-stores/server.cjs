// One process of a rolling deployment: node server.cjs <old|new> <connect-redis|connect-pg-simple>
const { createServer } = require('node:http')
const { makeApp } = require('./app.cjs')
const { stores } = require('./stores.cjs')

const [, , kind, storeName] = process.argv
const urls = { redis: process.env.REDIS_URL, postgres: process.env.POSTGRES_URL }
const OPTIONS = { secret: 'secret', resave: false, saveUninitialized: false, cookie: { maxAge: 3_600_000 } }

async function main() {
  const { store } = await stores[storeName](urls)
  const session = kind === 'old' ? require('express-session')({ ...OPTIONS, store }) : await newSession(store)
  const server = createServer(makeApp(session)).listen(0, '127.0.0.1', () => process.stdout.write(`${server.address().port}\n`))
  process.stdin.on('end', () => process.exit()).resume() // with the process that started it
}

async function newSession(store) {
  const session = require('sojourn/express-session')
  const options = { ...OPTIONS, store: await newStore(), timeout: { operation: '1s', request: '3s' } }
  return session({ ...options, carryOver: { store: new FaultyStore(store), bridge: true } })
}

async function newStore() {
  if (storeName === 'connect-redis') {
    const { RedisStore } = await import('sojourn/stores/redis')
    return new RedisStore({ client: await require('redis').createClient({ url: urls.redis }).connect(), prefix: 'new:' })
  }
  const { PostgresStore } = await import('sojourn/stores/postgres')
  return new PostgresStore({ pool: new (require('pg').Pool)({ connectionString: urls.postgres, max: 4 }), table: 'new_sessions' })
}

/** An old store that is slow, loses operations, and is down for a while every few seconds. */
class FaultyStore {
  constructor(store) {
    this.store = store
    this.offset = Math.random() * 4000
  }

  get isDown() {
    return (Date.now() + this.offset) % 4000 < 200
  }

  get(sid, callback) {
    this.#call(callback, () => this.store.get(sid, callback))
  }

  set(sid, row, callback) {
    this.#call(callback, () => this.store.set(sid, row, callback))
  }

  touch(sid, row, callback) {
    this.#call(callback, () => this.store.touch(sid, row, callback))
  }

  destroy(sid, callback) {
    this.#call(callback, () => this.store.destroy(sid, callback))
  }

  #call(callback, send) {
    const chance = Math.random()
    if (this.isDown || chance < 0.02) setImmediate(() => callback(new Error('the old store is down')))
    else if (chance < 0.1) setTimeout(() => send(), Math.random() * 60)
    else send()
  }
}

void main()
