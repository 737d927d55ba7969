import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it } from 'vitest'
import manifest from '../../package.json' with { type: 'json' }
import { sqliteSchema } from '../../src/stores/sqlite/sqlite-schema.ts'
import { SqliteStore } from '../../src/stores/sqlite.ts'
import { sampleEntry } from '../../src/testing/sample.ts'
import { isExecutable } from '../services/own-server.ts'
import { newSqliteFile } from '../stores/sqlite/sqlite-folder.ts'
import { runCli, runOnTerminal, startCli } from './run-cli.ts'

const PAST = Date.now() - 1000

/** Creates a file with this many expired sessions and one current session. */
async function createFile(expired: number): Promise<string> {
  const path = newSqliteFile()
  const store = new SqliteStore(path)
  await store.create({ key: 'current', entry: sampleEntry() })
  for (let n = 0; n < expired; n += 1) await store.create({ key: `expired ${n}`, entry: sampleEntry({ expiresAt: PAST }) })
  await store.close()
  return path
}

function keysIn(path: string): unknown[] {
  const database = new DatabaseSync(path)
  const rows = database.prepare('SELECT key FROM sessions ORDER BY key').all()
  database.close()
  return rows.map(({ key }) => key)
}

describe('sojourn', () => {
  it('completes if its output is not read', async () => {
    const path = await createFile(1)
    const { child, outcome } = startCli(['clear-expired', '--store', `sqlite:${path}`])
    child.stdout?.destroy()
    child.stderr?.destroy()
    expect(await outcome).toMatchObject({ code: 0 })
    expect(keysIn(path)).toEqual(['current'])
  })

  it.each(['redis', 'redis+cluster'])('fails if a server accepts the connection of %s and does not respond', async (scheme) => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const { code, stderr } = await runCli(['clear-expired', '--store', `${scheme}://u:secret@127.0.0.1:${port}`])
    server.close()
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: 'sojourn: The session store failed to open: Redis did not reply within 5 seconds\n',
    })
  })

  it('prints its version', async () => {
    expect(await runCli(['--version'])).toEqual({ code: 0, stdout: `${manifest.version}\n`, stderr: '' })
  })

  it.each([['--help'], ['clear-expired', '--help'], ['migrate', '--help']])('prints help: %s %s', async (...args) => {
    const { code, stdout, stderr } = await runCli(args.filter((arg) => arg !== undefined))
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toContain('Exit codes:')
    if (args.length > 1) expect(stdout).toMatch(/shows in\s+`ps`[\s\S]*SOJOURN_STORE/)
  })

  it.each([
    [[], 'Usage: sojourn'],
    [['frob'], "unknown command 'frob'"],
    [['clear-expired'], 'SOJOURN_STORE'],
    [['clear-expired', '--batch', '0'], 'Give a whole number of rows'],
    [['clear-expired', '--store', 'nope://u:secret@host/d'], 'begin with `nope:`'],
    [['clear-expired', '--store', 'secret'], 'The URL of the store has no scheme'],
    [['clear-expired', '--store', 'postgres://u:sec#ret@host/d'], '%23 for #'],
    [['clear-expired', '--stor=postgres://u:secret@host/d'], "unknown option '--stor=postgres://u:***@host/d'"],
    [['clear-expired', 'postgres://u:secret@host/d'], 'too many arguments'],
    [['clear-expired', 'postgres://u:my secret@host/d'], 'got 1: postgres://u:***@host/d'],
    [['postgres://host/d?user=u&password=secret'], "'postgres://host/d?user=u&password=***"],
    [['clear-expired', '--store', 'mysql://u:secret%zz@host/d'], 'store: URI malformed'],
    [['clear-expired', '--store', 'redis://u:secret@host/one'], 'store: Invalid pathname'],
    [['migrate', '--store', 'sqlite:a.db?tabel=x'], 'no parameter `tabel`'],
    [['migrate', '--store', 'sqlite:a.db?table=a-b'], "`table` is 'a-b'"],
  ])('reports a usage error and exits with 2: %j', async (args, message) => {
    const { code, stdout, stderr } = await runCli(args)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain(message)
    expect(stderr).not.toMatch(/secret|sec#ret|\n\s+at /)
  })
})

describe('sojourn clear-expired', () => {
  it('deletes expired sessions and prints the number', async () => {
    const path = await createFile(25)
    const { code, stdout, stderr } = await runCli(['clear-expired', '--batch', '10'], { SOJOURN_STORE: `sqlite:${path}` })
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(/^25 expired sessions deleted in [\d.]+ s\.\n$/)
    expect(keysIn(path)).toEqual(['current'])
  })

  it('prefers --store to the variable', async () => {
    const [path, other] = [await createFile(1), await createFile(1)]
    const { stdout } = await runCli(['clear-expired', '--store', `sqlite:${path}`], { SOJOURN_STORE: `sqlite:${other}` })
    expect(stdout).toMatch(/^1 expired session deleted/)
    expect([keysIn(path), keysIn(other)]).toEqual([['current'], ['current', 'expired 0']])
  })

  it('counts and deletes nothing with --dry-run', async () => {
    const path = await createFile(3)
    const outcome = await runCli(['clear-expired', '--dry-run', '--store', `sqlite:${path}`])
    expect(outcome).toEqual({ code: 0, stdout: '3 expired sessions would be deleted.\n', stderr: '' })
    expect(keysIn(path)).toHaveLength(4)
  })

  it('prints nothing with --quiet', async () => {
    const path = await createFile(3)
    expect(await runCli(['clear-expired', '--quiet', '--store', `sqlite:${path}`])).toEqual({ code: 0, stdout: '', stderr: '' })
    expect(keysIn(path)).toEqual(['current'])
  })

  it('does nothing without a table and creates none', async () => {
    const path = await createFile(0)
    const outcome = { code: 0, stdout: 'Nothing to clear: the table of the sessions does not exist yet.\n', stderr: '' }
    for (const more of [[], ['--dry-run']])
      expect(await runCli(['clear-expired', ...more, '--store', `sqlite:${path}?table=others`])).toEqual(outcome)
    expect((await runCli(['migrate', '--dry-run', '--store', `sqlite:${path}?table=others`])).stdout).toBe(sqliteSchema('others'))
  })

  it('exits with 2 for a missing SQLite file and does not create it', async () => {
    const path = newSqliteFile()
    for (const more of [[], ['--dry-run'], ['--quiet']]) {
      const { code, stdout, stderr } = await runCli(['clear-expired', ...more, '--store', `sqlite:${path}`])
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
      expect(stderr).toMatch(/^sojourn: There is no SQLite file .*sojourn migrate.*\n$/)
      expect(existsSync(path)).toBe(false)
    }
  })

  it('exits with 1 for a table of another package', async () => {
    const path = newSqliteFile()
    const database = new DatabaseSync(path)
    database.exec('CREATE TABLE sessions (sid TEXT, sess TEXT, expired TEXT); INSERT INTO sessions VALUES (1, 2, 3)')
    const { code, stdout, stderr } = await runCli(['clear-expired', '--store', `sqlite:${path}`])
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(/^sojourn: .*the table `sessions` exists, but is not one of this package .*\n$/)
    expect(database.prepare('SELECT count(*) AS n FROM sessions').get()).toEqual({ n: 1 })
    database.close()
  })

  it('prints one line for a file that is not a database, and exits with 1', async () => {
    const { code, stderr } = await runCli(['clear-expired', '--store', `sqlite:${import.meta.filename}`])
    expect(code).toBe(1)
    expect(stderr).toMatch(/^sojourn: .*file is not a database.*\n$/)
  })

  it.skipIf(!isExecutable('/usr/bin/script'))('shows a progress bar on a terminal', async () => {
    const path = await createFile(50)
    const { code, stdout } = await runOnTerminal(['clear-expired', '--batch', '5', '--store', `sqlite:${path}`])
    expect(code).toBe(0)
    expect(stdout).toMatch(/[█░]+ \d+ % \| \d+ of 50 deleted/)
    expect(stdout).toContain('50 expired sessions deleted in')
    expect(keysIn(path)).toEqual(['current'])
  })
})

describe('sojourn migrate', () => {
  it('creates the table, and does nothing when run again', async () => {
    const path = newSqliteFile()
    const done = { code: 0, stdout: '', stderr: 'Done: the table and its indexes were created.\n' }
    expect(await runCli(['migrate', '--store', `sqlite:${path}`])).toEqual(done)
    expect(keysIn(path)).toEqual([])
    expect((await runCli(['migrate', '--store', `sqlite:${path}`])).stderr).toBe('Nothing to do: the table and its indexes exist.\n')
    expect((await runCli(['migrate', '--dry-run', '--store', `sqlite:${path}`])).stdout).toBe('')
  })

  it('prints the statements and runs none with --dry-run', async () => {
    const path = newSqliteFile()
    expect(await runCli(['migrate', '--dry-run', '--store', `sqlite:${path}?table=app`])).toEqual({
      code: 0,
      stdout: sqliteSchema('app'),
      stderr: '',
    })
    expect(existsSync(path)).toBe(false)
  })
})
