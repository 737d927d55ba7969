import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createAdmin, type DoctorOptions, type Finding } from '../../src/admin/admin.ts'
import { type DjangoOptions, djangoSessions } from '../../src/django/django.ts'
import { type SessionOptions, type Sessions, type Store, StoreError } from '../../src/index.ts'
import { SqliteStore } from '../../src/stores/sqlite.ts'
import { appWith, DAY, TestApp } from '../core/fixture.ts'
import { SECRET } from '../django/site.ts'
import { DJANGO_TABLE } from '../django/tables.ts'
import { newSqliteFile } from '../stores/sqlite/sqlite-folder.ts'
import { delegate } from './delegate.ts'

/** The findings of one check for a manager with these options. */
async function findings(check: Finding['check'], options: Partial<SessionOptions>, doctorOptions: DoctorOptions = {}): Promise<Finding[]> {
  return findingsOf(new TestApp(options), check, doctorOptions)
}

async function findingsOf(
  { sessions }: { readonly sessions: Sessions<any> },
  check: Finding['check'],
  options: DoctorOptions = {},
): Promise<Finding[]> {
  return (await createAdmin({ sessions, operator: 'alice' }).doctor(options)).filter((finding) => finding.check === check)
}

/** A manager of Django's table with this cookie. */
function djangoManager(cookie: DjangoOptions['cookie'] = {}): { readonly sessions: Sessions<any> } {
  const database = new DatabaseSync(':memory:')
  database.exec(DJANGO_TABLE.sqlite('django_session'))
  return { sessions: djangoSessions({ secretKey: SECRET, database, cookie }) }
}

describe('doctor', () => {
  it('reports a store that fails, and checks the rest', async () => {
    const app = new TestApp({}, (store) =>
      delegate(store, {
        load: async () => {
          throw new Error('connection refused')
        },
      }),
    )
    const all = await createAdmin({ sessions: app.sessions, operator: 'alice' }).doctor()
    expect(all.find(({ check }) => check === 'store')).toMatchObject({
      level: 'error',
      message: expect.stringContaining('connection refused'),
    })
    expect(all.find(({ check }) => check === 'rows')).toMatchObject({ level: 'skipped' })
    expect(all.find(({ check }) => check === 'cookie')).toMatchObject({ level: 'ok' })
  })

  it('reports a missing table', async () => {
    const store = new SqliteStore({ database: newSqliteFile(), createTable: false })
    expect(await findings('table', { store, clearExpired: false })).toMatchObject([{ level: 'error', remedy: 'Run `sojourn migrate`.' }])
    await store.migrate()
    expect(await findings('table', { store, clearExpired: false })).toMatchObject([{ level: 'ok' }])
  })

  it.each(['sessions_expires_at', 'sessions_user_id'])('reports the missing index %s, which `migrate` creates', async (index) => {
    const path = newSqliteFile()
    const store = new SqliteStore({ database: path, createTable: false })
    await store.migrate()
    const database = new DatabaseSync(path)
    database.exec(`DROP INDEX ${index}`)
    database.close()
    const options = { store, clearExpired: false } as const
    expect(await findings('table', options)).toMatchObject([
      { level: 'error', message: expect.stringContaining('lacks an index'), remedy: expect.stringContaining('sojourn migrate') },
    ])
    expect(await store.migrate({ dryRun: true })).toMatch(new RegExp(`^CREATE INDEX [^;]*"${index}"[^;]*;\\n$`))
    await store.migrate()
    expect(await findings('table', options)).toMatchObject([{ level: 'ok' }])
  })

  it('compares the clock of the database with that of the process', async () => {
    const describeStore =
      (clock: number): NonNullable<Store['describe']> =>
      async () => ({ server: 'Test 1', clock, warnings: [] })
    const clockOf = async (offset: number): Promise<Finding[]> => {
      const app = new TestApp({}, (store) =>
        delegate(store, { describe: (operation) => describeStore(app.clock.read() + offset)(operation) }),
      )
      return findingsOf(app, 'clock')
    }
    expect(await clockOf(1000)).toMatchObject([{ level: 'ok' }])
    expect(await clockOf(-60_000)).toMatchObject([{ level: 'error', message: expect.stringContaining('60.0 s') }])
  })

  it('reports rows that the options of the manager cannot read', async () => {
    const app = await appWith({ a: 1 })
    await app.replacePayload('written by another codec')
    expect(await findingsOf(app, 'rows')).toMatchObject([{ level: 'error', message: expect.stringContaining('1 cannot be read') }])
  })

  it('reports expired sessions that nothing clears', async () => {
    const app = await appWith({ a: 1 }, { clearExpired: false }, (store) =>
      delegate(store, {
        clearExpired: (options) => store.clearExpired(options),
        countExpired: (operation) => store.countExpired(operation),
      }),
    )
    app.clock.advance(14 * DAY)
    expect(await findingsOf(app, 'clearing')).toMatchObject([{ level: 'ok' }])
    app.clock.advance(DAY)
    expect(await findingsOf(app, 'clearing')).toMatchObject([{ level: 'warning', message: expect.stringContaining('is switched off') }])
  })

  it('reports a store that loses rows', async () => {
    expect(await findings('eviction', {})).toMatchObject([{ level: 'warning' }])
  })

  it('reports the warnings of the store', async () => {
    const warning = 'Redis evicts sessions'
    const app = new TestApp({}, (store) => delegate(store, { describe: async () => ({ server: 'Redis 7', warnings: [warning] }) }))
    expect(await findingsOf(app, 'store')).toMatchObject([{ level: 'ok' }, { level: 'error', message: warning }])
  })

  it.each<[SessionOptions['cookie'], string]>([
    [{ httpOnly: false }, 'Scripts in the page'],
    [{ sameSite: 'none', secure: true }, 'requests of other sites'],
    [{ domain: 'shop.example' }, 'Every host below shop.example'],
  ])('warns of the cookie option %j', async (cookie, message) => {
    expect(await findings('cookie', { cookie: cookie ?? {} })).toMatchObject([
      { level: 'warning', message: expect.stringContaining(message) },
    ])
  })

  it("judges the cookie of Django by its options, and none for transport: 'bearer'", async () => {
    expect(await findingsOf(djangoManager(), 'cookie')).toMatchObject([
      { level: 'warning', message: expect.stringContaining('over plain HTTP') },
    ])
    expect(await findingsOf(djangoManager({ secure: true }), 'cookie')).toMatchObject([
      { level: 'ok', message: expect.stringContaining('sessionid') },
    ])
    expect(await findings('cookie', { transport: 'bearer' })).toMatchObject([{ level: 'skipped' }])
  })

  it('reports a store that cannot be written, and leaves no row', async () => {
    const readOnly = new TestApp({}, (store) =>
      delegate(store, {
        create: async () => {
          throw new StoreError('create', new Error('read-only transaction'), { remedy: 'Use the primary server.' })
        },
      }),
    )
    expect(await findingsOf(readOnly, 'write')).toEqual([
      {
        check: 'write',
        level: 'error',
        message: 'The session store failed to create: read-only transaction.',
        remedy: 'Use the primary server.',
      },
    ])
    const app = await appWith({ a: 1 })
    const before = await app.rows()
    expect(await findingsOf(app, 'write')).toMatchObject([{ level: 'ok' }])
    expect(await app.rows()).toEqual(before)
  })

  it('warns of a very long absolute lifetime', async () => {
    expect(await findings('lifetime', { absolute: '400d' })).toMatchObject([{ level: 'warning' }])
    expect(await findings('lifetime', {})).toMatchObject([{ level: 'ok' }])
  })
})

describe('doctor with an address', () => {
  /** Starts an application that responds with these headers, and returns its address. */
  async function serve(headers: Readonly<Record<string, string>>, status = 200): Promise<string> {
    const server: Server = createServer((_, response) => response.writeHead(status, headers).end('x')).listen(0, '127.0.0.1')
    onTestFinished(() => void server.close())
    await once(server, 'listening')
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  }

  it('finds the cookie that a response sets', async () => {
    const url = await serve({ 'set-cookie': 'sid=x; Path=/; HttpOnly', 'cache-control': 'private, no-store' })
    expect(await findings('response', {}, { url })).toMatchObject([
      { level: 'ok', message: expect.stringContaining('sets the session cookie') },
    ])
  })

  it('says that it did not check the cookie of a response without one', async () => {
    const url = await serve({})
    expect(await findings('response', {}, { url })).toMatchObject([
      { level: 'skipped', message: expect.stringContaining('no session cookie'), remedy: expect.stringContaining('proxy') },
    ])
  })

  it('knows the name of the cookie of other managers', async () => {
    const url = await serve({ 'set-cookie': 'sessionid=x; Path=/', 'cache-control': 'private' })
    const { sessions } = djangoManager()
    const all = await createAdmin({ sessions, operator: 'alice' }).doctor({ url })
    expect(all.find(({ check }) => check === 'response')).toMatchObject({ level: 'ok' })
  })

  it.each([undefined, 'public, max-age=60', 'no-cache', 'private="set-cookie", max-age=60'])(
    'reports a session cookie in a response that a shared cache may store: Cache-Control %j',
    async (cacheControl) => {
      const url = await serve({ 'set-cookie': 'sid=x; Path=/', ...(cacheControl !== undefined && { 'cache-control': cacheControl }) })
      expect(await findings('response', {}, { url })).toMatchObject([{ level: 'error', message: expect.stringContaining('shared cache') }])
    },
  )

  it.each<[SessionOptions['cookie'], Record<string, string>]>([
    [{ domain: 'shop.example' }, {}],
    [{}, { 'set-cookie': 'sid=x; Path=/; Domain=.shop.example', 'cache-control': 'private' }],
  ])('reports a cookie whose domain does not cover the address: option %j, response %j', async (cookie, headers) => {
    const url = await serve(headers)
    expect(await findings('response', { cookie: cookie ?? {} }, { url })).toMatchObject([
      { level: 'error', message: expect.stringContaining('does not cover 127.0.0.1') },
    ])
  })

  it('reports an application that fails', async () => {
    const url = await serve({}, 502)
    expect(await findings('response', {}, { url })).toMatchObject([{ level: 'error', message: expect.stringContaining('502') }])
  })

  it.each([
    ['http://127.0.0.1:1/', 'does not respond'],
    ['ftp://shop.example/', 'not an http or https URL'],
    ['shop.example', 'not an http or https URL'],
  ])('reports %s', async (url, message) => {
    expect(await findings('response', {}, { url })).toMatchObject([{ level: 'error', message: expect.stringContaining(message) }])
  })
})
