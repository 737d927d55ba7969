// Why: docs/stores.md says how fast expired sessions are cleared from a large PostgreSQL table, and what requests beside it feel of that.
//
//   node scripts/measure-clear-expired.ts --rows 10000000
//
// On a PostgreSQL of its own (fsync on). The sessions began one after the other over four weeks, were used for a day or so, and end after
// two weeks without use: so half of them has expired. With `--scattered` the expired ones lie anywhere in the table, each on a page of living
// ones, which is as bad as it gets. Requests come at a fixed rate, each loads a session and one in four writes it. Their times are counted from the moment at which each was due, first in quiet, then beside
// `sojourn clear-expired` in a process of its own, then, on a copy of the table, beside one DELETE of all.
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
    /** Seconds of quiet. */
    quiet: { type: 'string', default: '20' },
  },
})
const rows = Number(values.rows)
const PAYLOAD = 400
const FORTNIGHT = 14 * 86_400_000

const server = await startPostgres(['shared_buffers=2GB', 'max_wal_size=8GB', 'maintenance_work_mem=1GB', 'max_connections=100'])
if (typeof server === 'string') throw new Error(server)
const home = server.url
try {
  await inDatabase(home, (client) => client.query('CREATE DATABASE one'))
  await inDatabase(urlOf('one'), fill)
  await inDatabase(home, (client) => client.query('CREATE DATABASE other TEMPLATE one STRATEGY FILE_COPY'))
  await measure('one', 'sojourn clear-expired', clearing)
  await measure('other', 'one DELETE', deletion)
} finally {
  await server.remove()
}

async function measure(database: string, name: string, work: (url: string) => Promise<void>): Promise<void> {
  report('quiet', await during(urlOf(database), quiet))
  report(`beside ${name}`, await during(urlOf(database), work))
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
  return home.replace(/[^/]+$/, database)
}

async function fill(admin: pg.Client): Promise<void> {
  const begun = Date.now()
  const [table = '', ...indexes] = postgresSchema('sessions').split(';\n')
  await admin.query(table)
  await admin.query('ALTER TABLE "sessions" DROP CONSTRAINT "sessions_pkey"')
  await admin.query(
    `INSERT INTO "sessions" ("key", "version", "expires_at", "seen_at", "created_at", "id_at", "user_id", "proof", "commits", "payload")
     SELECT 'key-' || md5(n::text) || n, 'version', seen + ${FORTNIGHT}, seen, began, began,
       CASE WHEN n % 2 = 0 THEN 'user ' || n % 100000 END, md5('proof' || n), '[]', repeat('x', ${PAYLOAD})
     FROM generate_series(1, $1::bigint) AS n,
       LATERAL (SELECT ($2 - ${2 * FORTNIGHT} * (${values.scattered ? 'random()' : '1 - n / $1::float'}))::bigint AS began) AS a,
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
  console.log(`${rows} rows made in ${seconds(begun)} s: ${JSON.stringify(sizes[0])}`)
}

function quiet(): Promise<void> {
  return pause(Number(values.quiet) * 1000)
}

async function clearing(url: string): Promise<void> {
  const cli = join(import.meta.dirname, '../src/cli/sojourn.ts')
  const env = { ...process.env, SOJOURN_STORE: url }
  const child = spawn(process.execPath, [cli, 'clear-expired', '--batch', String(values.batch)], { env, stdio: 'inherit' })
  const [code] = await once(child, 'exit')
  if (code !== 0) throw new Error(`clear-expired ended with ${code}`)
}

async function deletion(url: string): Promise<void> {
  const begun = Date.now()
  const { rowCount } = await inDatabase(url, (client) => client.query('DELETE FROM "sessions" WHERE "expires_at" <= $1', [Date.now()]))
  const took = seconds(begun)
  console.log(`one DELETE of ${rowCount} rows in ${took} s: ${Math.round((rowCount ?? 0) / took)} rows a second`)
}

interface Times {
  /** Milliseconds, ascending. */
  readonly all: readonly number[]
  readonly took: number
  readonly failed: number
}

/** Sends requests at the rate until the work is done. */
async function during(url: string, work: (url: string) => Promise<void>): Promise<Times> {
  const pool = new pg.Pool({ connectionString: url, max: 10 })
  const store = new PostgresStore({ pool })
  const living = await inDatabase(url, livingKeys)
  await warmUp(store, living)
  const [all, under, begun]: [number[], Set<Promise<void>>, number] = [[], new Set(), performance.now()]
  let [going, failed] = [true, 0]
  const stop = work(url).finally(() => (going = false))
  const gap = 1000 / Number(values.rate)
  for (let due = begun; going; due += gap) {
    while (performance.now() < due && going) await pause(Math.max(0, due - performance.now() - 1))
    const key = living[Math.floor(Math.random() * living.length)] as string
    const request: Promise<void> = visit(store, key)
      .catch(() => void (failed += 1))
      .finally(() => {
        all.push(performance.now() - due)
        under.delete(request)
      })
    under.add(request)
  }
  const took = performance.now() - begun
  await Promise.all(under)
  await store.close()
  await pool.end()
  await stop
  return { all: all.sort((a, b) => a - b), took, failed }
}

async function livingKeys(client: pg.Client): Promise<string[]> {
  const { rows: found } = await client.query(`SELECT "key" FROM "sessions" TABLESAMPLE SYSTEM (10) WHERE "expires_at" > $1 LIMIT 200000`, [
    Date.now() + 3_600_000,
  ])
  return found.map(({ key }: { readonly key: string }) => key)
}

async function warmUp(store: PostgresStore, living: readonly string[]): Promise<void> {
  for (const key of living.slice(0, 500)) await visit(store, key)
}

async function visit(store: PostgresStore, key: string): Promise<void> {
  const entry = await store.load({ key, now: Date.now() })
  if (entry === undefined || Math.random() > 0.25) return
  const next: Entry = { ...entry, version: crypto.randomUUID(), seenAt: Date.now(), expiresAt: entry.expiresAt + 1000 }
  await store.replace({ key, entry: next, expected: entry.version, now: Date.now() })
}

function report(name: string, { all, took, failed }: Times): void {
  const at = (share: number): string => (all[Math.min(all.length - 1, Math.floor(all.length * share))] ?? 0).toFixed(1)
  console.log(
    `${name}: ${all.length} requests in ${(took / 1000).toFixed(1)} s, ${failed} failed; ms p50 ${at(0.5)}, p90 ${at(0.9)}, p99 ${at(0.99)}, p99.9 ${at(0.999)}, most ${at(1)}`,
  )
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

function seconds(begun: number): number {
  return Math.round((Date.now() - begun) / 100) / 10
}
