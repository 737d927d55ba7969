// Why: docs/stores.md states the gain of a cache in front of PostgreSQL. This measures it.
//
//   node scripts/measure-cached.ts        starts a PostgreSQL and a Redis; at most a minute
import pg from 'pg'
import { createClient } from 'redis'
import type { Store } from '../src/core/store/store.ts'
import { CachedStore } from '../src/stores/cached.ts'
import { MemoryStore } from '../src/stores/memory.ts'
import { PostgresStore } from '../src/stores/postgres.ts'
import { RedisStore } from '../src/stores/redis.ts'
import { startPostgres } from '../test/services/postgres/postgres.ts'
import { startRedis } from '../test/services/redis/redis.ts'

const SESSIONS = 5000
const CALLERS = 64
const MILLISECONDS = 4000

const [postgres, redis] = await Promise.all([startPostgres(), startRedis()])
if (typeof postgres === 'string' || typeof redis === 'string')
  throw new Error('measure-cached: PostgreSQL or Redis could not be started. Install both.')
const pool = new pg.Pool({ connectionString: postgres.url, max: 10 })
const client = await createClient({ url: redis.url }).connect()
try {
  const store = new PostgresStore({ pool })
  await fill(store)
  await pool.query('ANALYZE sessions')
  const stores: Record<string, Store> = {
    'PostgreSQL alone': store,
    'Redis in front': new CachedStore({ store, cache: new RedisStore({ client, prefix: 'cached:' }), maxStale: '10m' }),
    'memory in front': new CachedStore({ store, cache: new MemoryStore(), maxStale: '10m' }),
  }
  for (const callers of [CALLERS, 1]) {
    for (const [name, each] of Object.entries(stores)) {
      for (let index = 0; index < SESSIONS; index++) await each.load({ key: `key${index}`, now: Date.now() })
      await measure(name, each, callers)
    }
  }
} finally {
  await pool.end()
  client.destroy()
  await Promise.all([postgres.remove(), redis.remove()])
}

async function fill(store: Store): Promise<void> {
  const now = Date.now()
  const payload = `{\t"text":"${'x'.repeat(1000)}"\n}`
  const times = { idAt: now, createdAt: now, seenAt: now, expiresAt: now + 86_400_000 }
  for (let index = 0; index < SESSIONS; index += 500) {
    const keys = Array.from({ length: 500 }, (_, offset) => `key${index + offset}`)
    await Promise.all(keys.map((key) => store.create({ key, entry: { payload, proof: 'proof', version: key, commits: '', ...times } })))
  }
}

async function measure(name: string, store: Store, callers: number): Promise<void> {
  const end = performance.now() + MILLISECONDS
  const cpu = process.cpuUsage()
  let loads = 0
  const call = async (): Promise<void> => {
    while (performance.now() < end) {
      await store.load({ key: `key${Math.floor(Math.random() * SESSIONS)}`, now: Date.now() })
      loads += 1
      if (loads % 256 === 0) await new Promise(setImmediate) // a memory store finishes without a turn of the event loop
    }
  }
  await Promise.all(Array.from({ length: callers }, call))
  const { user, system } = process.cpuUsage(cpu)
  const each = ((user + system) / loads).toFixed(1)
  console.log(`${name}, ${callers} callers: ${Math.round((loads / MILLISECONDS) * 1000)} loads/s, ${each} µs of CPU each`)
}
