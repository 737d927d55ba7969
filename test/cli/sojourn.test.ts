import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it } from 'vitest'
import manifest from '../../package.json' with { type: 'json' }
import { sqliteSchema } from '../../src/stores/sqlite/sqlite-schema.ts'
import { SqliteStore } from '../../src/stores/sqlite.ts'
import { sampleEntry } from '../../src/testing/sample.ts'
import { isThere } from '../services/own-server.ts'
import { newSqliteFile } from '../stores/sqlite/sqlite-folder.ts'
import { runCli, runOnTerminal, startCli } from './run-cli.ts'

const PAST = Date.now() - 1000

/** A file with this many expired sessions and one that lives. */
async function fileWith(expired: number): Promise<string> {
  const path = newSqliteFile()
  const store = new SqliteStore(path)
  await store.create({ key: 'alive', entry: sampleEntry() })
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
  it('goes on when nobody reads what it says', async () => {
    const path = await fileWith(1)
    const { child, outcome } = startCli(['clear-expired', '--store', `sqlite:${path}`])
    child.stdout?.destroy()
    child.stderr?.destroy()
    expect(await outcome).toMatchObject({ code: 0 })
    expect(keysIn(path)).toEqual(['alive'])
  })

  it.each(['redis', 'redis+cluster'])('gives a server up that takes the connection of %s and says nothing', async (scheme) => {
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

  it('tells its version', async () => {
    expect(await runCli(['--version'])).toEqual({ code: 0, stdout: `${manifest.version}\n`, stderr: '' })
  })

  it.each([['--help'], ['clear-expired', '--help'], ['migrate', '--help']])('explains itself: %s %s', async (...args) => {
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
  ])('says what is wrong with its use, and exits with 2: %j', async (args, words) => {
    const { code, stdout, stderr } = await runCli(args)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain(words)
    expect(stderr).not.toMatch(/secret|sec#ret|\n\s+at /)
  })
})

describe('sojourn clear-expired', () => {
  it('deletes what has expired and says how many', async () => {
    const path = await fileWith(25)
    const { code, stdout, stderr } = await runCli(['clear-expired', '--batch', '10'], { SOJOURN_STORE: `sqlite:${path}` })
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(/^25 expired sessions deleted in [\d.]+ s\.\n$/)
    expect(keysIn(path)).toEqual(['alive'])
  })

  it('prefers --store to the variable', async () => {
    const [path, other] = [await fileWith(1), await fileWith(1)]
    const { stdout } = await runCli(['clear-expired', '--store', `sqlite:${path}`], { SOJOURN_STORE: `sqlite:${other}` })
    expect(stdout).toMatch(/^1 expired session deleted/)
    expect([keysIn(path), keysIn(other)]).toEqual([['alive'], ['alive', 'expired 0']])
  })

  it('with --dry-run counts and deletes nothing', async () => {
    const path = await fileWith(3)
    const outcome = await runCli(['clear-expired', '--dry-run', '--store', `sqlite:${path}`])
    expect(outcome).toEqual({ code: 0, stdout: '3 expired sessions would be deleted.\n', stderr: '' })
    expect(keysIn(path)).toHaveLength(4)
  })

  it('with --quiet says nothing', async () => {
    const path = await fileWith(3)
    expect(await runCli(['clear-expired', '--quiet', '--store', `sqlite:${path}`])).toEqual({ code: 0, stdout: '', stderr: '' })
    expect(keysIn(path)).toEqual(['alive'])
  })

  it('has nothing to do where there is no table, and leaves none behind', async () => {
    const path = await fileWith(0)
    const outcome = { code: 0, stdout: 'Nothing to clear: the table of the sessions does not exist yet.\n', stderr: '' }
    for (const more of [[], ['--dry-run']])
      expect(await runCli(['clear-expired', ...more, '--store', `sqlite:${path}?table=others`])).toEqual(outcome)
    expect((await runCli(['migrate', '--dry-run', '--store', `sqlite:${path}?table=others`])).stdout).toBe(sqliteSchema('others'))
  })

  it('takes a SQLite file that is not there for a mistake, does not make it, and exits with 2', async () => {
    const path = newSqliteFile()
    for (const more of [[], ['--dry-run'], ['--quiet']]) {
      const { code, stdout, stderr } = await runCli(['clear-expired', ...more, '--store', `sqlite:${path}`])
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
      expect(stderr).toMatch(/^sojourn: There is no SQLite file .*sojourn migrate.*\n$/)
      expect(existsSync(path)).toBe(false)
    }
  })

  it('says so when the table is not one of ours, and exits with 1', async () => {
    const path = newSqliteFile()
    const database = new DatabaseSync(path)
    database.exec('CREATE TABLE sessions (sid TEXT, sess TEXT, expired TEXT); INSERT INTO sessions VALUES (1, 2, 3)')
    const { code, stdout, stderr } = await runCli(['clear-expired', '--store', `sqlite:${path}`])
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(/^sojourn: .*the table `sessions` is there, but it is not one of this package .*\n$/)
    expect(database.prepare('SELECT count(*) AS n FROM sessions').get()).toEqual({ n: 1 })
    database.close()
  })

  it('tells of a file that is no database in one line, and exits with 1', async () => {
    const { code, stderr } = await runCli(['clear-expired', '--store', `sqlite:${import.meta.filename}`])
    expect(code).toBe(1)
    expect(stderr).toMatch(/^sojourn: .*file is not a database\n$/)
  })

  it.skipIf(!isThere('/usr/bin/script'))('shows a bar on a terminal', async () => {
    const path = await fileWith(50)
    const { code, stdout } = await runOnTerminal(['clear-expired', '--batch', '5', '--store', `sqlite:${path}`])
    expect(code).toBe(0)
    expect(stdout).toMatch(/[█░]+ \d+ % \| \d+ of 50 deleted/)
    expect(stdout).toContain('50 expired sessions deleted in')
    expect(keysIn(path)).toEqual(['alive'])
  })
})

describe('sojourn migrate', () => {
  it('creates the table, and the second time finds it', async () => {
    const path = newSqliteFile()
    const done = { code: 0, stdout: '', stderr: 'Done: the table and its indexes were created.\n' }
    expect(await runCli(['migrate', '--store', `sqlite:${path}`])).toEqual(done)
    expect(keysIn(path)).toEqual([])
    expect((await runCli(['migrate', '--store', `sqlite:${path}`])).stderr).toBe('Nothing to do: the table and its indexes exist.\n')
    expect((await runCli(['migrate', '--dry-run', '--store', `sqlite:${path}`])).stdout).toBe('')
  })

  it('with --dry-run prints the statements and runs none', async () => {
    const path = newSqliteFile()
    expect(await runCli(['migrate', '--dry-run', '--store', `sqlite:${path}?table=app`])).toEqual({
      code: 0,
      stdout: sqliteSchema('app'),
      stderr: '',
    })
    expect(existsSync(path)).toBe(false)
  })
})
