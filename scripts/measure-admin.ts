// Measures how long the verbs of `sojourn/admin` that read all sessions take, how long they block the
// event loop, and how much memory they use, on a SQLite table. Prints the size of a row too.
//
//   node scripts/measure-admin.ts --rows 1000000 --size 1000
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { parseArgs } from 'node:util'
import { type Admin, createAdmin } from '../src/admin/admin.ts'
import { createSessions } from '../src/index.ts'
import { SqliteStore } from '../src/stores/sqlite.ts'

const { values } = parseArgs({ options: { rows: { type: 'string', default: '1000000' }, size: { type: 'string', default: '1000' } } })
const [rows, size] = [Number(values.rows), Number(values.size)]
const folder = mkdtempSync(join(tmpdir(), 'sojourn-admin-'))
const path = join(folder, 'sessions.db')

try {
  const store = new SqliteStore(path)
  const sessions = createSessions<Record<string, unknown>>({ store, clearExpired: false })
  await copySession(sessions)
  const bytes = statSync(path).size
  console.log(`${rows} sessions of ${size} characters: ${(bytes / 1e6).toFixed(0)} MB, ${Math.round(bytes / rows)} bytes each`)
  const admin = createAdmin({ sessions, operator: 'measure-admin' })
  await measure('count()', () => admin.count())
  await measure('count({ has })', () => admin.count({ has: 'cart' }))
  await measure('stats()', () => admin.stats())
  await measure('list(), all pages', () => listAll(admin))
  await sessions.close()
} finally {
  rmSync(folder, { recursive: true })
}

/** Stores one session by a commit, and copies its row under other keys. */
async function copySession(sessions: ReturnType<typeof createSessions<Record<string, unknown>>>): Promise<void> {
  const session = sessions.create()
  session.set('cart', ['x'.repeat(size)])
  session.login(7)
  await session.save()
  const database = new DatabaseSync(path)
  database.exec(`
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${rows - 1})
    INSERT INTO sessions (version, expires_at, seen_at, created_at, id_at, user_id, proof, commits, payload, key)
    SELECT version, expires_at, seen_at, created_at, id_at, CAST(i AS TEXT), proof, commits, payload, hex(randomblob(21)) FROM n, sessions`)
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
  database.close()
}

async function listAll(admin: Admin): Promise<number> {
  let [count, cursor]: [number, string | undefined] = [0, undefined]
  do {
    const page = await admin.list({ limit: 100, cursor })
    count += page.sessions.length
    cursor = page.cursor
  } while (cursor !== undefined)
  return count
}

/**
 * The time between two turns of the event loop is measured as CPU time of this thread and as elapsed
 * time, which other programs of the machine lengthen.
 */
async function measure(name: string, run: () => Promise<unknown>): Promise<void> {
  globalThis.gc?.()
  const before = process.memoryUsage().rss
  let [highest, isRunning] = [before, true]
  const longest = { cpu: 0, elapsed: 0 }
  let last = { cpu: cpuTime(), elapsed: performance.now() }
  const onTurn = (): void => {
    const now = { cpu: cpuTime(), elapsed: performance.now() }
    longest.cpu = Math.max(longest.cpu, now.cpu - last.cpu)
    longest.elapsed = Math.max(longest.elapsed, now.elapsed - last.elapsed)
    last = now
    if (isRunning) setImmediate(onTurn)
  }
  const timer = setInterval(() => {
    highest = Math.max(highest, process.memoryUsage().rss)
  }, 20)
  setImmediate(onTurn)
  const startedAt = cpuTime()
  await run()
  const seconds = (cpuTime() - startedAt) / 1000
  isRunning = false
  clearInterval(timer)
  console.log(
    `${name.padEnd(18)} ${seconds.toFixed(1)} s, event loop blocked at most ${longest.cpu.toFixed(1)} ms (elapsed ${longest.elapsed.toFixed(1)} ms), memory + ${((highest - before) / 1e6).toFixed(0)} MB`,
  )
}

/** Milliseconds. */
function cpuTime(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}
