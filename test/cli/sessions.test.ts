import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { beforeEach, describe, expect, it } from 'vitest'
import { createSessions, type SessionEvent, type Sessions } from '../../src/index.ts'
import { SqliteStore } from '../../src/stores/sqlite.ts'
import { newSqliteFile } from '../stores/sqlite/sqlite-folder.ts'
import { runCli, runOnTerminal, startCli, startOnTerminal } from './run-cli.ts'

const ROOT = pathToFileURL(join(import.meta.dirname, '../../')).href

let database: string
let app: string

/** Creates a database and a module that exports its manager, as an application has one. */
beforeEach(() => {
  database = newSqliteFile()
  app = join(dirname(database), `${crypto.randomUUID()}.mjs`)
  writeFileSync(
    app,
    `import { appendFileSync } from 'node:fs'
import { createSessions, StoreError } from '${ROOT}src/index.ts'
import { SqliteStore } from '${ROOT}src/stores/sqlite.ts'
setInterval(() => undefined, 1000) // as a pool of connections, it keeps the process alive
export const sessions = createSessions({
  store: new SqliteStore(${JSON.stringify(database)}),
  properties: { otp: { secret: true } },
  onEvent: (event) => event.type === 'audit' && appendFileSync(${JSON.stringify(`${app}.log`)}, JSON.stringify(event) + '\\n'),
})
`,
  )
})

/** Adds a session and returns its id and handle. */
async function add(properties: Record<string, unknown>, userId?: number | string): Promise<{ id: string; handle: string }> {
  const sessions: Sessions<any> = createSessions<any>({ store: new SqliteStore(database), clearExpired: false })
  const session = sessions.create()
  session.assign(properties)
  if (userId !== undefined) session.login(userId)
  await session.save()
  await sessions.close()
  return { id: session.id as string, handle: session.handle as string }
}

function jsonLines(stdout: string): Record<string, unknown>[] {
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
}

describe('sojourn list', () => {
  it('prints a table without ids and values', async () => {
    const [{ id, handle }] = [await add({ cart: ['apple'] }, 7)]
    const { code, stdout, stderr } = await runCli(['list', '--app', app])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(/handle .* user .* expires/)
    expect(stdout).toContain(handle)
    expect(stdout).not.toMatch(new RegExp(`${id}|apple`))
  })

  it('prints one JSON object per line for the conditions, also of a store alone', async () => {
    const [first] = [await add({ cart: [] }, 7), await add({ theme: 'dark' }, 7), await add({ cart: [] }, 8)]
    const { stdout } = await runCli(['list', '--json', '--user', '7', '--has', 'cart'], { SOJOURN_STORE: `sqlite:${database}` })
    expect(jsonLines(stdout)).toMatchObject([{ handle: first.handle, userId: '7' }])
  })

  it('stops at the limit, lists all in pages, and counts', async () => {
    for (let n = 0; n < 3; n += 1) await add({ n })
    const limited = await runCli(['list', '--app', app, '--json', '--limit', '2'])
    expect([jsonLines(limited.stdout).length, limited.stderr]).toEqual([
      2,
      '2 sessions listed, and there are more: raise --limit, or pass --all.\n',
    ])
    expect(jsonLines((await runCli(['list', '--app', app, '--json', '--all', '--limit', '1'])).stdout)).toHaveLength(3)
    expect((await runCli(['list', '--app', app, '--count'])).stdout).toBe('3 sessions\n')
    expect((await runCli(['list', '--app', app, '--count', '--json'])).stdout).toBe('{"sessions":3}\n')
  })

  it('prefers --store to the variable SOJOURN_APP, and takes the application from the variable', async () => {
    await add({ a: 1 })
    const other = newSqliteFile()
    await new SqliteStore(other).migrate()
    expect(await runCli(['list', '--count', '--store', `sqlite:${other}`], { SOJOURN_APP: app })).toMatchObject({ stdout: '0 sessions\n' })
    expect(await runCli(['list', '--count'], { SOJOURN_APP: app })).toMatchObject({ stdout: '1 session\n' })
  })

  it.each([
    [['--limit', '0'], 'at least 1'],
    [['--older-than', '7 days'], '--older-than'],
    [['--idle-for', '7'], '--idle-for'],
    [['--app', 'missing.js'], 'there is no such file'],
    [['--app', '.'], 'there is no such file'],
    [['--app', 'package.json'], 'cannot be imported'],
  ])('refuses %j with exit code 2', async (args, message) => {
    const outcome = await runCli(['list', '--app', app, ...args])
    expect(outcome).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining(message) })
  })

  it.each([
    ['module.exports = { sessions }', 'cjs'],
    ['module.exports = sessions', 'cjs'],
    ['module.exports = Object.fromEntries([["sessions", sessions]])', 'cjs'],
    ['exports.__esModule = true; exports.default = sessions', 'cjs'],
    ['const typed: object = sessions; module.exports = { sessions: typed }', 'cts'],
    ['export const sessions: object = manager', 'ts'],
    ['export default manager', 'mjs'],
    ['export default { sessions: manager }', 'mjs'],
  ])('finds the manager of a module that says %s', async (line, extension) => {
    await add({ a: 1 })
    const module = `${app}.${extension}`
    const make = `createSessions({ store: new SqliteStore(${JSON.stringify(database)}) })`
    const [index, sqlite] = ['src/index.ts', 'src/stores/sqlite.ts'].map((path) =>
      JSON.stringify(join(import.meta.dirname, '../../', path)),
    )
    const head = extension.startsWith('c')
      ? `const { createSessions } = require(${index}), { SqliteStore } = require(${sqlite}); const sessions = ${make}`
      : `import { createSessions } from ${index}; import { SqliteStore } from ${sqlite}; const manager = ${make}`
    writeFileSync(module, `${head}\n${line}\n`)
    expect(await runCli(['list', '--app', module, '--count'])).toEqual({ code: 0, stdout: '1 session\n', stderr: '' })
  })

  it('says what a module without a manager has to export', async () => {
    writeFileSync(app, 'export const nothing = 1')
    expect(await runCli(['list', '--app', app])).toMatchObject({ code: 2, stderr: expect.stringContaining('exports no manager') })
  })
})

describe('a narrow terminal', () => {
  it('gets lists in place of tables that are wider', async () => {
    const { handle } = await add({ cart: ['apple'] }, 7)
    const wide = await runOnTerminal(['list', '--app', app])
    expect(wide.stdout).toContain('┌')
    for (const args of [['list'], ['show', handle, '--values']]) {
      const { stdout } = await runOnTerminal([...args, '--app', app], { COLUMNS: '40' })
      expect(stdout).not.toContain('┌──')
      expect(stdout).toContain(handle)
      for (const line of stdout.split('\r\n')) expect(line.length).toBeLessThanOrEqual(45) // a handle has 43
    }
  })
})

describe('what visitors stored', () => {
  const HOSTILE = '\u001b[2J\u001b]0;title\u0007\u202e\u009bx\nname'

  it.each([['show'], ['list'], ['stats'], ['explain']])(
    'is printed by %s without characters that a terminal interprets',
    async (command) => {
      const { handle } = await add({ [HOSTILE]: HOSTILE, [HOSTILE.repeat(300)]: 1 }, HOSTILE)
      for (const more of [[], ['--json']]) {
        const operands = { show: [handle, '--values'], explain: [handle] }[command] ?? []
        const { code, stdout, stderr } = await runCli([command, ...operands, '--app', app, ...more])
        expect([code, stderr]).toEqual([0, ''])
        expect(stdout.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u)
        expect(stdout).toContain('\\u001b[2J')
        if (more.length === 0) for (const line of stdout.split('\n')) expect(line.length).toBeLessThan(1000)
        else expect(JSON.stringify(jsonLines(stdout))).toContain('\u202e')
      }
    },
  )
})

describe('a handle that begins with a dash', () => {
  it('is no option', async () => {
    const sessions: Sessions<any> = createSessions<any>({ store: new SqliteStore(database), clearExpired: false })
    let handle = ''
    while (!handle.startsWith('-')) {
      const session = sessions.create()
      await session.set('cart', []).save()
      handle = session.handle ?? ''
    }
    await sessions.close()
    expect(await runCli(['show', handle, '--app', app])).toMatchObject({ code: 0 })
    expect(await runCli(['delete-property', 'cart', handle, '--app', app])).toMatchObject({ code: 0 })
    expect(await runCli(['revoke', '--app', app, '--', handle])).toMatchObject({ code: 0, stdout: '1 session ended.\n' })
  })
})

describe('an id in place of a handle', () => {
  it.each([['show'], ['revoke'], ['delete-property', 'cart']])('is refused by %s, and not printed', async (...command) => {
    const { id } = await add({ cart: [] })
    const { code, stdout, stderr } = await runCli([...command, '--app', app, '--', id])
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toContain('is an id')
    expect(stderr).not.toContain(id)
  })
})

describe('sojourn list | head', () => {
  it('ends when its reader has ended', async () => {
    for (let n = 0; n < 3; n += 1) await add({ n })
    const run = startCli(['list', '--app', app, '--all', '--json'])
    run.child.stdout?.destroy()
    expect((await run.outcome).code).toBe(0)
  })
})

describe('an old Node', () => {
  it('is reported', async () => {
    const env = { NODE_OPTIONS: '--import=data:text/javascript,delete%20Promise.withResolvers' }
    expect(await runCli(['list', '--store', `sqlite:${database}`], env)).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^sojourn: Node 22\.13 or newer is needed/),
    })
  })
})

describe('sojourn show', () => {
  it('masks values, shows them with --values, and never a secret one', async () => {
    const { handle } = await add({ cart: ['apple'], otp: 'hidden' })
    const masked = await runCli(['show', handle, '--app', app])
    expect(masked.stdout).toMatch(/cart .* array .* ••••/)
    expect(masked.stdout).not.toMatch(/apple|hidden/)
    const shown = await runCli(['show', handle, '--app', app, '--values'])
    expect(shown.stdout).toMatch(/cart .* \[ 'apple' \]/)
    expect(shown.stdout).not.toContain('hidden')
    const [json] = jsonLines((await runCli(['show', handle, '--app', app, '--values', '--json'])).stdout)
    expect(json?.['properties']).toMatchObject([
      { name: 'cart', value: ['apple'] },
      { name: 'otp', class: 'secret' },
    ])
    expect(JSON.stringify(json)).not.toContain('hidden')
  })

  it('prints a value that contains itself, and all of a Map, as JSON too', async () => {
    const cycle: Record<string, unknown> = { name: 'cycle' }
    cycle['self'] = cycle
    const { handle } = await add({ cycle, map: new Map(Array.from({ length: 300 }, (_, n) => [n, `value ${n}`])) })
    const { code, stdout } = await runCli(['show', handle, '--app', app, '--values', '--json'])
    expect(code).toBe(0)
    expect(jsonLines(stdout)[0]?.['properties']).toMatchObject([
      { value: expect.stringContaining('[Circular *1]') },
      { value: expect.stringContaining('value 299') },
    ])
  })

  it('needs the application for values, because only it knows which are secret', async () => {
    const { handle } = await add({ otp: 'hidden' })
    const outcome = await runCli(['show', handle, '--values', '--store', `sqlite:${database}`])
    expect(outcome).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('--app') })
  })

  it('exits with 3 if there is no such session', async () => {
    await add({})
    expect(await runCli(['show', 'x'.repeat(43), '--app', app])).toMatchObject({ code: 3, stdout: '' })
  })
})

describe('sojourn revoke', () => {
  it('ends one session, with an audit event that names the operator', async () => {
    const { handle } = await add({ a: 1 })
    const args = ['revoke', handle, '--app', app, '--operator', 'alice']
    expect(await runCli([...args, '--dry-run'])).toEqual({ code: 0, stdout: '1 session would be ended.\n', stderr: '' })
    expect(await runCli(args)).toEqual({ code: 0, stdout: '1 session ended.\n', stderr: '' })
    expect(await runCli(args)).toMatchObject({ code: 3, stdout: '' })
    expect(auditLog()).toEqual([
      { type: 'audit', reason: 'revoked', operator: 'alice', handle, outcome: 'done', count: 1 },
      { type: 'audit', reason: 'revoked', operator: 'alice', handle, outcome: 'done', count: 0 },
    ])
  })

  it('ends many only after a confirmation', async () => {
    for (let n = 0; n < 3; n += 1) await add({ cart: [] }, n < 2 ? 7 : 8)
    const args = ['revoke', '--app', app, '--user', '7']
    expect(await runCli(args)).toMatchObject({ code: 2, stderr: expect.stringContaining('End 2 sessions? Pass --yes') })
    expect(await runCli([...args, '--dry-run'])).toMatchObject({ code: 0, stdout: '2 sessions would be ended.\n' })
    expect(await runOnTerminal(args, {}, 'n\n')).toMatchObject({ code: 3, stdout: expect.stringContaining('Nothing was changed.') })
    expect(await runOnTerminal(args, {}, 'y\n')).toMatchObject({ code: 0, stdout: expect.stringContaining('2 sessions ended.') })
    expect(await runCli(['revoke', '--app', app, '--all', '--yes'])).toMatchObject({ code: 0, stdout: '1 session ended.\n' })
    expect(auditLog()).toMatchObject([
      { reason: 'user-revoked', userId: '7', count: 2 },
      { reason: 'all-revoked', count: 1 },
    ])
  })

  it.each([
    ['Ctrl-C', '\u0003'],
    ['Ctrl-D', '\u0004'],
  ])('changes nothing if %s is pressed at the question', async (_, key) => {
    await add({ a: 1 })
    const { child, outcome, stdout } = startOnTerminal(['revoke', '--app', app, '--all'])
    await expect.poll(stdout, { timeout: 20_000 }).toContain('End 1 session?')
    child.stdin?.write(key)
    expect(await outcome).toMatchObject({ code: 3, stdout: expect.stringContaining('Nothing was changed.') })
  })

  it('that is interrupted ends after the current page, and says what was done', async () => {
    for (let n = 0; n < 25; n += 1) await add({ n })
    onDelete("if (calls === 1) process.emit('SIGINT', 'SIGINT')")
    const { code, stdout, stderr } = await runCli(['revoke', '--app', app, '--all', '--yes'])
    expect([code, stdout]).toEqual([130, '10 sessions ended.\n']) // the first page
    expect(stderr).toBe('Stopping after the current page …\nStopped early by SIGINT; run the command again to continue.\n')
    expect((await runCli(['list', '--app', app, '--count'])).stdout).toBe('15 sessions\n')
  })

  it('that fails in the middle says what was done', async () => {
    for (let n = 0; n < 25; n += 1) await add({ n })
    onDelete("if (calls > 12) throw new StoreError('delete', new Error('disk full'), { remedy: 'Free some space.' })")
    const { code, stdout, stderr } = await runCli(['revoke', '--app', app, '--all', '--yes'])
    expect([code, stdout]).toEqual([1, '12 sessions ended.\n'])
    expect(stderr).toMatch(/^sojourn: The session store failed to delete: disk full/)
    expect(auditLog()).toMatchObject([{ reason: 'all-revoked', outcome: 'failed', count: 12 }])
  })

  it.each([['--user'], ['--has'], ['--older-than'], ['--idle-for']])(
    'refuses an empty %s, as that of a variable without a value',
    async (option) => {
      await add({ a: 1 }, 7)
      expect(await runCli(['revoke', '--app', app, '--yes', option, ''])).toMatchObject({ code: 2, stdout: '' })
      expect((await runCli(['list', '--app', app, '--count'])).stdout).toBe('1 session\n')
    },
  )

  it.each([[[]], [['handle', '--all']], [['handle', '--user', '7']]])('refuses unclear arguments: %j', async (args) => {
    await add({})
    expect(await runCli(['revoke', '--app', app, '--yes', ...args])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('in one way'),
    })
  })
})

describe('sojourn delete-property', () => {
  it('deletes a property of one session, or of all', async () => {
    const { handle } = await add({ cart: [], theme: 'dark' })
    for (let n = 0; n < 3; n += 1) await add({ cart: [] })
    expect(await runCli(['delete-property', 'cart', handle, '--app', app])).toEqual({
      code: 0,
      stdout: 'The property was deleted.\n',
      stderr: '',
    })
    expect(await runCli(['delete-property', 'cart', handle, '--app', app])).toMatchObject({ code: 3 })
    expect(await runCli(['delete-property', 'cart', '--all', '--app', app, '--yes'])).toMatchObject({
      code: 0,
      stdout: 'The property was deleted in 3 sessions.\n',
    })
    expect(await runCli(['list', '--app', app, '--count', '--has', 'theme'])).toMatchObject({ stdout: '1 session\n' })
    expect(
      auditLog()
        .filter(({ reason }) => reason === 'property-deleted')
        .map((event) => (event as { count: number }).count),
    ).toEqual([1, 0, 1, 1, 1])
  })
})

describe('sojourn stats', () => {
  it('prints tables, or one JSON object', async () => {
    await add({ cart: ['a'] }, 7)
    const { stdout } = await runCli(['stats', '--app', app])
    expect(stdout).toMatch(/alive +│ 1/)
    expect(stdout).toMatch(/cart +│ 1/)
    expect(jsonLines((await runCli(['stats', '--app', app, '--json'])).stdout)).toMatchObject([{ alive: 1, users: [{ userId: '7' }] }])
  })
})

describe('sojourn explain', () => {
  it('reads a cookie from standard input', async () => {
    const { id } = await add({ cart: [] }, 7)
    const { code, stdout } = await runCli(['explain', '-', '--app', app], {}, `Cookie: __Host-sid=${id}\n`)
    expect(code).toBe(0)
    expect(stdout).toContain('The request has its session.')
    expect(stdout).not.toContain(id)
  })

  it('explains a request by its address and headers, and exits with 3 without a session', async () => {
    const args = ['explain', '--app', app, '--url', 'http://shop.example/', '--header', 'X-Forwarded-Proto: https']
    const { code, stdout } = await runCli(args)
    expect(code).toBe(3)
    expect(stdout).toContain('cause:  untrusted-proxy (reason of the event: insecure)')
    expect(jsonLines((await runCli([...args, '--json'])).stdout)).toMatchObject([{ outcome: 'empty', cause: 'untrusted-proxy' }])
  })

  it.each([
    [['explain', 'x'], 'needs the options of the application'],
    [['doctor'], 'needs the options of the application'],
    [['explain', '--header', 'nonsense'], 'Give a header'],
  ])('refuses %j', async (args, message) => {
    await add({})
    expect(await runCli(args, { SOJOURN_STORE: `sqlite:${database}` })).toMatchObject({ code: 2, stderr: expect.stringContaining(message) })
  })
})

describe('sojourn doctor', () => {
  it('prints the findings of all checks', async () => {
    await add({})
    const { code, stdout } = await runCli(['doctor', '--app', app])
    expect(code).toBe(0)
    for (const check of [
      'sojourn',
      'runtime',
      'store',
      'table',
      'write',
      'clock',
      'rows',
      'clearing',
      'eviction',
      'lifetime',
      'cookie',
      'response',
    ])
      expect(stdout).toMatch(new RegExp(`^(ok|skipped) +${check} `, 'm'))
  })

  it('exits with 3 if it found an error', async () => {
    const { code, stdout } = await runCli(['doctor', '--app', app, '--url', 'http://127.0.0.1:1/', '--json'])
    expect(code).toBe(3)
    expect(jsonLines(stdout).at(-1)).toMatchObject({
      check: 'response',
      level: 'error',
      message: expect.stringContaining('does not respond'),
    })
  })
})

describe('sojourn completion', () => {
  it.each(['bash', 'zsh', 'fish'])('prints a script for %s', async (shell) => {
    expect(await runCli(['completion', shell])).toMatchObject({ code: 0, stdout: expect.stringContaining('sojourn'), stderr: '' })
  })

  it('completes commands and options', async () => {
    expect((await runCli(['complete', '--', 'rev'])).stdout).toMatch(/^revoke\t/)
    expect((await runCli(['complete', '--', 'revoke', '--dr'])).stdout).toMatch(/^--dry-run\t/)
  })
})

/** Runs a statement in the command at each deletion; `calls` is their number so far. */
function onDelete(statement: string): void {
  const patch = `
let calls = 0
const { delete: deleteRow } = SqliteStore.prototype
SqliteStore.prototype.delete = async function (...args) { calls += 1; ${statement}; return deleteRow.apply(this, args) }
`
  writeFileSync(app, readFileSync(app, 'utf8') + patch)
}

/** The audit events that the application has received. */
function auditLog(): SessionEvent[] {
  return jsonLines(readFileSync(`${app}.log`, 'utf8')) as unknown as SessionEvent[]
}
