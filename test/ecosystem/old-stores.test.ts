// Sessions that express-session has written are carried over: one application runs with
// express-session (`old`) and with sojourn/express-session (`new`), on the real stores.
import { createHmac } from 'node:crypto'
import type { RequestListener } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startDatabases } from './harness/databases.ts'
import { importFrom, requireFrom, serve } from './harness/serve.ts'
import { Visitor } from './harness/visitor.ts'

interface OldStore {
  get(sid: string, callback: (error: unknown, row?: { cookie: object }) => void): void
  set(sid: string, row: object, callback: (error: unknown) => void): void
}

interface OpenStore {
  readonly store: OldStore
  close(): Promise<void>
}

type Middleware = RequestListener & { readonly sessions: { readonly users: { revoke(id: string): Promise<number> } } }
type Session = (options: object) => Middleware

const APPLICATION = 'old-stores'
const { stores } = requireFrom<{ stores: Record<string, (urls: object) => Promise<OpenStore>> }>(APPLICATION, './stores.cjs')
const { makeApp } = requireFrom<{ makeApp(session: Middleware): RequestListener }>(APPLICATION, './app.cjs')
const expressSession = requireFrom<Session>(APPLICATION, 'express-session')
const session = requireFrom<Session>(APPLICATION, 'sojourn/express-session')
const { MemoryStore } = await importFrom<{ MemoryStore: new (options: object) => object }>(
  APPLICATION,
  'node_modules/sojourn/dist/stores/memory.js',
)

const OPTIONS = { secret: 'secret', resave: false, saveUninitialized: false, cookie: { maxAge: 3_600_000 } }
const urls = startDatabases()

describe.each(Object.keys(stores))('%s', (name) => {
  let open: OpenStore

  beforeAll(async () => void (open = await (stores[name] as (typeof stores)[string])(urls)))
  afterAll(() => open.close())

  /** The ports of an old and of a new process, and the manager of the new one. */
  async function start({ bridge = false, ...options }: { bridge?: boolean } & object = {}) {
    const store = new MemoryStore({ max: Number.POSITIVE_INFINITY })
    const middleware = session({ ...OPTIONS, store, carryOver: bridge ? { store: open.store, bridge } : open.store, ...options })
    const taking = session({ ...OPTIONS, store, carryOver: open.store, ...options })
    const old = await serve(makeApp(expressSession({ ...OPTIONS, store: open.store })))
    return { old, new: await serve(makeApp(middleware)), taking: await serve(makeApp(taking)), sessions: middleware.sessions }
  }

  /** The old row. An error with the code ENOENT means that there is none. */
  const rowOf = (sid: string): Promise<object | undefined> =>
    new Promise((resolve, reject) =>
      open.store.get(sid, (error, row) => {
        if (error && (error as { code?: unknown }).code !== 'ENOENT') reject(error as Error)
        else resolve(row ?? undefined)
      }),
    )

  it('keeps sid, cookie and data, and removes the old row', async () => {
    const servers = await start()
    const visitor = new Visitor()
    await visitor.get(servers.old, '/login/ada')
    await visitor.get(servers.old, '/set/cart/tea')
    const { sid } = visitor
    expect(await visitor.get(servers.new, '/')).toEqual({ userId: 'ada', cart: 'tea' })
    expect(visitor.sid).toBe(sid)
    expect(await rowOf(sid)).toBeUndefined()
    expect(await visitor.get(servers.new, '/set/size/xl')).toEqual({ userId: 'ada', cart: 'tea', size: 'xl' })
    expect(visitor.sid).toBe(sid)
  })

  it('makes one session of parallel first requests', async () => {
    const servers = await start()
    const visitor = new Visitor()
    await visitor.get(servers.old, '/set/cart/tea')
    const names = ['a', 'b', 'c', 'd', 'e', 'f']
    await Promise.all(names.map((each) => visitor.get(servers.new, `/set/${each}/1`)))
    expect(Object.keys((await visitor.get(servers.new, '/')) as object).sort()).toEqual([...names, 'cart'].sort())
  })

  it('ends a session in both stores, also if an old process writes it again', async () => {
    const servers = await start()
    const visitor = new Visitor()
    await visitor.get(servers.old, '/login/ada')
    const row = await rowOf(visitor.sid)
    const copy = visitor.copy()
    await visitor.get(servers.new, '/logout')
    expect(await rowOf(copy.sid)).toBeUndefined()
    await new Promise((resolve) => open.store.set(copy.sid, withCookie(row), resolve))
    expect(await copy.get(servers.new, '/')).toEqual({})
    expect(await rowOf(copy.sid)).toBeUndefined()
  })

  it('ends the sessions of a user who was logged out everywhere before the first visit', async () => {
    const servers = await start()
    const [ada, eve] = [new Visitor(), new Visitor()]
    await ada.get(servers.old, `/login/ada-${name}`)
    await eve.get(servers.old, '/login/eve')
    await servers.sessions.users.revoke(`ada-${name}`)
    expect(await ada.get(servers.new, '/')).toEqual({})
    expect(await eve.get(servers.new, '/')).toEqual({ userId: 'eve' })
  })

  it('carries nothing over with a wrong signature', async () => {
    const servers = await start()
    const visitor = new Visitor()
    await visitor.get(servers.old, '/login/ada')
    const forged = visitor.copy()
    forged.cookie = `s:${visitor.sid}.${createHmac('sha256', 'another').update(visitor.sid).digest('base64').replace(/=+$/, '')}`
    expect(await forged.get(servers.new, '/')).toEqual({})
    expect(await visitor.get(servers.new, '/')).toEqual({ userId: 'ada' })
  })

  it('keeps the lifetime that was set for a session', async () => {
    const servers = await start()
    const visitor = new Visitor()
    await visitor.get(servers.old, '/remember/864000000')
    const before = Date.now()
    await visitor.get(servers.new, '/set/size/xl')
    expect(visitor.expires).toBeGreaterThanOrEqual(before + 863_000_000)
  })

  describe('with the bridge', () => {
    it('both sides see the changes of each other', async () => {
      const servers = await start({ bridge: true })
      const visitor = new Visitor()
      await visitor.get(servers.old, '/set/a/old')
      await visitor.get(servers.new, '/set/b/new')
      expect(await visitor.get(servers.old, '/set/c/old')).toEqual({ a: 'old', b: 'new', c: 'old' })
      await visitor.get(servers.old, '/remove/a')
      expect(await visitor.get(servers.new, '/')).toEqual({ b: 'new', c: 'old' })
      await visitor.get(servers.new, '/remove/b')
      expect(await visitor.get(servers.old, '/')).toEqual({ c: 'old' })
    })

    it('a session that a new process began continues on an old one', async () => {
      const servers = await start({ bridge: true })
      const visitor = new Visitor()
      await visitor.get(servers.new, '/login/ada')
      expect(await visitor.get(servers.old, '/set/cart/tea')).toEqual({ userId: 'ada', cart: 'tea' })
      expect(await visitor.get(servers.new, '/')).toEqual({ userId: 'ada', cart: 'tea' })
    })

    it.each([
      ['old', 'new'],
      ['new', 'old'],
    ] as const)('a logout on the %s side is a logout on the %s side', async (here, there) => {
      const servers = await start({ bridge: true })
      const visitor = new Visitor()
      await visitor.get(servers[there], '/login/ada')
      await visitor.get(servers[here], '/set/cart/tea')
      await visitor.get(servers[there], '/')
      const copy = visitor.copy()
      await visitor.get(servers[here], '/logout')
      expect(await copy.get(servers[there], '/')).toEqual({})
      expect(await copy.get(servers[here], '/')).toEqual({})
    })

    it('a slow request of a new process does not undo a logout on an old one', async () => {
      const servers = await start({ bridge: true })
      const visitor = new Visitor()
      await visitor.get(servers.new, '/login/ada')
      const slow = visitor.copy()
      const response = slow.get(servers.new, '/wait/gate/x/1')
      await expect.poll(() => new Visitor().get(servers.new, '/has/gate')).toBe(true)
      await visitor.copy().get(servers.old, '/logout')
      await new Visitor().get(servers.new, '/open/gate')
      expect(await response).toMatchObject({ userId: 'ada', x: '1' })
      expect(await slow.get(servers.old, '/')).toEqual({})
      expect(await slow.get(servers.new, '/')).toEqual({})
    })

    it('a login by assignment gets a new sid, and the old one is no longer valid', async () => {
      const servers = await start({ bridge: true })
      const visitor = new Visitor()
      await visitor.get(servers.new, '/set/cart/tea')
      const before = visitor.copy()
      await visitor.get(servers.new, '/set/userId/ada')
      expect(visitor.sid).not.toBe(before.sid)
      expect(await visitor.get(servers.old, '/')).toEqual({ cart: 'tea', userId: 'ada' })
      expect(await before.get(servers.old, '/')).toEqual({})
    })

    it('is left for the mode without it, and entered again', async () => {
      const servers = await start({ bridge: true })
      const visitor = new Visitor()
      await visitor.get(servers.new, '/login/ada')
      await visitor.get(servers.old, '/set/cart/tea')
      expect(await visitor.get(servers.taking, '/')).toEqual({ userId: 'ada', cart: 'tea' })
      expect(await visitor.get(servers.taking, '/set/size/xl')).toEqual({ userId: 'ada', cart: 'tea', size: 'xl' })
      expect(await visitor.get(servers.new, '/')).toEqual({ userId: 'ada', cart: 'tea', size: 'xl' })
    })
  })
})

/** A row as express-session passes it to a store. */
function withCookie(row: object | undefined): object {
  return { ...row, cookie: { originalMaxAge: 3_600_000, maxAge: 3_600_000, expires: new Date(Date.now() + 3_600_000), path: '/' } }
}
