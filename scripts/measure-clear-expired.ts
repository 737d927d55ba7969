// Why: docs/stores.md states how fast expired sessions are cleared from a large PostgreSQL table,
// and how that slows concurrent requests down.
//
//   node scripts/measure-clear-expired.ts --rows 10000000
//
// Starts a PostgreSQL (fsync on). The sessions were created at a constant rate over four weeks,
// were used for about a day, and expire after two weeks without use, so half of them have expired.
// With `--scattered` the expired rows are distributed over the whole table, each on a page of
// current ones, which is the worst case. Requests are sent at a fixed rate; each loads a session
// and one in four writes it. Their times are counted from the time at which each was due: first
// without clearing, then during `sojourn clear-expired` in another process, then, on a copy of the
// table, during one DELETE of all expired rows.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import pg from 'pg'
import type { Entry } from '../src/core/store/store.ts'
import { postgresSchema } from '../src/stores/postgres/postgres-schema.ts'
import { PostgresStore } from '../src/stores/postgres.ts'
import { startPostgres } from '../test/services/postgres/postgres.ts'

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '1000000' },
    rate: { type: 'string', default: '200' },
    batch: { type: 'string', default: '1000' },
    scattered: { type: 'boolean', default: false },
    /** Seconds of the measurement without clearing. */
    waitQuietly: { type: 'string', default: '20' },
  },
})
const rows = Number(values.rows)
const PAYLOAD = 400
const TWO_WEEKS = 14 * 86_400_000

const server = await startPostgres(['shared_buffers=2GB', 'max_wal_size=8GB', 'maintenance_work_mem=1GB', 'max_connections=100'])
if (typeof server === 'string') throw new Error(server)
const adminUrl = server.url
try {
  await inDatabase(adminUrl, (client) => client.query('CREATE DATABASE one'))
  await inDatabase(urlOf('one'), fill)
  await inDatabase(adminUrl, (client) => client.query('CREATE DATABASE other TEMPLATE one STRATEGY FILE_COPY'))
  await measure('one', 'sojourn clear-expired', clearExpired)
  await measure('other', 'one DELETE', deleteExpired)
} finally {
  await server.remove()
}

async function measure(database: string, name: string, work: (url: string) => Promise<void>): Promise<void> {
  report('without clearing', await measureRequests(urlOf(database), quiet))
  report(`during ${name}`, await measureRequests(urlOf(database), work))
}

async function inDatabase<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

function urlOf(database: string): string {
  return adminUrl.replace(/[^/]+$/, database)
}

async function fill(admin: pg.Client): Promise<void> {
  const began = Date.now()
  const [table = '', ...indexes] = postgresSchema('sessions').split(';\n')
  await admin.query(table)
  await admin.query('ALTER TABLE "sessions" DROP CONSTRAINT "sessions_pkey"')
  await admin.query(
    `INSERT INTO "sessions" ("key", "version", "expires_at", "seen_at", "created_at", "id_at", "user_id", "proof", "commits", "payload")
     SELECT 'key-' || md5(n::text) || n, 'version', seen + ${TWO_WEEKS}, seen, began, began,
       CASE WHEN n % 2 = 0 THEN 'user ' || n % 100000 END, md5('proof' || n), '[]', repeat('x', ${PAYLOAD})
     FROM generate_series(1, $1::bigint) AS n,
       LATERAL (SELECT ($2 - ${2 * TWO_WEEKS} * (${values.scattered ? 'random()' : '1 - n / $1::float'}))::bigint AS began) AS a,
       LATERAL (SELECT least($2, began - 86400000 * ln(1 - random()))::bigint AS seen) AS b`,
    [rows, Date.now()],
  )
  await admin.query('ALTER TABLE "sessions" ADD PRIMARY KEY ("key")')
  for (const index of indexes.filter((text) => text.trim() !== '')) await admin.query(index)
  await admin.query('VACUUM ANALYZE "sessions"')
  await admin.query('CHECKPOINT')
  const { rows: sizes } = await admin.query(
    `SELECT pg_size_pretty(pg_relation_size('sessions')) AS heap, pg_size_pretty(pg_indexes_size('sessions')) AS indexes`,
  )
  console.log(`${rows} rows inserted in ${seconds(began)} s: ${JSON.stringify(sizes[0])}`)
}

function quiet(): Promise<void> {
  return sleep(Number(values.waitQuietly) * 1000)
}

async function clearExpired(url: string): Promise<void> {
  const cli = join(import.meta.dirname, '../src/cli/sojourn.ts')
  const env = { ...process.env, SOJOURN_STORE: url }
  const child = spawn(process.execPath, [cli, 'clear-expired', '--batch', String(values.batch)], { env, stdio: 'inherit' })
  const [code] = await once(child, 'exit')
  if (code !== 0) throw new Error(`measure-clear-expired: clear-expired exited with code ${code}`)
}

async function deleteExpired(url: string): Promise<void> {
  const began = Date.now()
  const { rowCount } = await inDatabase(url, (client) => client.query('DELETE FROM "sessions" WHERE "expires_at" <= $1', [Date.now()]))
  const took = seconds(began)
  console.log(`one DELETE of ${rowCount} rows in ${took} s: ${Math.round((rowCount ?? 0) / took)} rows a second`)
}

interface Times {
  /** Milliseconds, ascending. */
  readonly all: readonly number[]
  readonly took: number
  readonly failed: number
}

/** Sends requests at the given rate until the work is done. */
async function measureRequests(url: string, work: (url: string) => Promise<void>): Promise<Times> {
  const pool = new pg.Pool({ connectionString: url, max: 10 })
  const store = new PostgresStore({ pool })
  const current = await inDatabase(url, loadCurrentKeys)
  await warmUp(store, current)
  const [all, pending, began]: [number[], Set<Promise<void>>, number] = [[], new Set(), performance.now()]
  let [isRunning, failed] = [true, 0]
  const stop = work(url).finally(() => (isRunning = false))
  const interval = 1000 / Number(values.rate)
  for (let due = began; isRunning; due += interval) {
    while (performance.now() < due && isRunning) await sleep(Math.max(0, due - performance.now() - 1))
    const key = current[Math.floor(Math.random() * current.length)] as string
    const request: Promise<void> = sendRequest(store, key)
      .catch(() => void (failed += 1))
      .finally(() => {
        all.push(performance.now() - due)
        pending.delete(request)
      })
    pending.add(request)
  }
  const took = performance.now() - began
  await Promise.all(pending)
  await store.close()
  await pool.end()
  await stop
  return { all: all.sort((a, b) => a - b), took, failed }
}

async function loadCurrentKeys(client: pg.Client): Promise<string[]> {
  const { rows: found } = await client.query(`SELECT "key" FROM "sessions" TABLESAMPLE SYSTEM (10) WHERE "expires_at" > $1 LIMIT 200000`, [
    Date.now() + 3_600_000,
  ])
  return found.map(({ key }: { readonly key: string }) => key)
}

async function warmUp(store: PostgresStore, current: readonly string[]): Promise<void> {
  for (const key of current.slice(0, 500)) await sendRequest(store, key)
}

async function sendRequest(store: PostgresStore, key: string): Promise<void> {
  const entry = await store.load({ key, now: Date.now() })
  if (entry === undefined || Math.random() > 0.25) return
  const next: Entry = { ...entry, version: crypto.randomUUID(), seenAt: Date.now(), expiresAt: entry.expiresAt + 1000 }
  await store.replace({ key, entry: next, expected: entry.version, now: Date.now() })
}

function report(name: string, { all, took, failed }: Times): void {
  const at = (share: number): string => (all[Math.min(all.length - 1, Math.floor(all.length * share))] ?? 0).toFixed(1)
  console.log(
    `${name}: ${all.length} requests in ${(took / 1000).toFixed(1)} s, ${failed} failed; ms p50 ${at(0.5)}, p90 ${at(0.9)}, p99 ${at(0.99)}, p99.9 ${at(0.999)}, max ${at(1)}`,
  )
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

function seconds(began: number): number {
  return Math.round((Date.now() - began) / 100) / 10
}
