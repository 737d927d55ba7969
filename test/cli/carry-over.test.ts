import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, it, onTestFinished } from 'vitest'
import { isExecutable } from '../services/own-server.ts'
import { type Outcome, runCli, runOnTerminal, startCli } from './run-cli.ts'
import { SqliteOldStore } from './sqlite-old-store.ts'

const ARGS = ['carry-over', '--app', join(import.meta.dirname, '../express-session/carry-over-app.ts')]

/** Creates a folder with this many sessions in the old store. */
function newFolder(count: number): string {
  const folder = mkdtempSync(join(tmpdir(), 'sojourn-carry-over-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const old = new SqliteOldStore(join(folder, 'old.db'))
  for (let n = 0; n < count; n++) old.set(`sid ${n}`, { cookie: { originalMaxAge: 3_600_000 }, userId: n }, () => undefined)
  old.close()
  return folder
}

function run(folder: string, args: readonly string[] = [], env: Readonly<Record<string, string>> = {}): Promise<Outcome> {
  return runCli([...ARGS, ...args], { FOLDER: folder, ...env })
}

function leftIn(folder: string): number {
  const old = new SqliteOldStore(join(folder, 'old.db'))
  const { length } = [...old.each()]
  old.close()
  return length
}

function carriedIn(folder: string): number {
  const database = new DatabaseSync(join(folder, 'new.db'))
  const { length } = database.prepare("SELECT key FROM sessions WHERE payload LIKE '%userId%'").all()
  database.close()
  return length
}

it('carries over what is left in the old store', async () => {
  const folder = newFolder(3)
  expect(await run(folder)).toEqual({ code: 0, stdout: '3 sessions carried over, and 0 had ended.\n', stderr: '' })
  expect([leftIn(folder), carriedIn(folder)]).toEqual([0, 3])
  expect(await run(folder)).toEqual({ code: 0, stdout: '0 sessions carried over, and 0 had ended.\n', stderr: '' })
})

it('changes nothing with --dry-run', async () => {
  const folder = newFolder(2)
  expect(await run(folder, ['--dry-run'])).toEqual({ code: 0, stdout: '2 sessions would be carried over.\n', stderr: '' })
  expect(leftIn(folder)).toBe(2)
})

it('stops at a signal, and the next run continues', async () => {
  const folder = newFolder(40)
  const { child, outcome } = startCli([...ARGS, '--rate', '10'], { FOLDER: folder })
  await expect.poll(() => leftIn(folder), { timeout: 20_000 }).toBeLessThan(39)
  child.kill('SIGINT')
  const { code, stderr } = await outcome
  expect(code).toBe(130)
  expect(stderr).toContain('run the command again to continue')
  expect(leftIn(folder)).toBeGreaterThan(0)
  expect(await run(folder, ['--rate', '1000', '--quiet'])).toEqual({ code: 0, stdout: '', stderr: '' })
  expect([leftIn(folder), carriedIn(folder)]).toEqual([0, 40])
})

it('asks the application for the sids that a store cannot list', async () => {
  const folder = newFolder(2)
  const { code, stderr } = await run(folder, [], { WITHOUT: 'ids' })
  expect([code, stderr]).toEqual([2, expect.stringContaining('Export a function that returns them as `sids`')])
  expect(await run(folder, [], { WITHOUT: 'ids, but with sids' })).toMatchObject({
    code: 0,
    stdout: '2 sessions carried over, and 0 had ended.\n',
  })
})

it('says what the module has to export', async () => {
  const { code, stderr } = await run(newFolder(0), [], { WITHOUT: 'sessions' })
  expect([code, stderr]).toEqual([2, expect.stringContaining('export const sessions = auth.sessions')])
  const missing = await runCli(['carry-over', '--app', '/nowhere/sessions.js'])
  expect([missing.code, missing.stderr]).toEqual([2, expect.stringContaining('there is no such file')])
})

it.runIf(isExecutable('/usr/bin/script'))('shows a progress bar on a terminal', async () => {
  const folder = newFolder(20)
  const { code, stdout } = await runOnTerminal([...ARGS, '--rate', '10'], { FOLDER: folder })
  expect(code).toBe(0)
  expect(stdout).toMatch(/\d+ of 20 carried over/)
})
