import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { describe, expect, it, onTestFinished } from 'vitest'
import session from '../../src/express-session/express-session.ts'
import { MemoryStore } from '../../src/stores/memory.ts'
import { Visitor } from '../ecosystem/harness/visitor.ts'
import { FailingRows } from '../helpers/failing-rows.ts'

type Callback = (error?: unknown, row?: unknown) => void

/** A store for express-session whose methods fail or never respond. */
class OldStore {
  readonly rows: Map<string, object> = new Map()
  /** Called before each operation. */
  fault: (method: string, callback: Callback) => boolean = () => false

  get(sid: string, callback: Callback): void {
    this.#run('get', callback, () => this.rows.get(sid))
  }

  set(sid: string, row: object, callback: Callback): void {
    this.#run('set', callback, () => void this.rows.set(sid, JSON.parse(JSON.stringify(row))))
  }

  destroy(sid: string, callback: Callback): void {
    this.#run('destroy', callback, () => void this.rows.delete(sid))
  }

  #run(method: string, callback: Callback, perform: () => object | undefined): void {
    if (!this.fault(method, callback)) setImmediate(() => callback(null, perform()))
  }
}

const down = (_: string, callback: Callback): boolean => {
  setImmediate(() => callback(new Error('connection refused')))
  return true
}

/** Serves an application with a session in the old store. */
async function serve({ bridge = false, row = { cookie: { originalMaxAge: 3_600_000 }, userId: 'ada' } as object } = {}) {
  const old = new OldStore()
  old.rows.set('sid', row)
  const rows = new FailingRows()
  const carryOver = bridge ? { store: old, bridge } : old
  const options = { secret: 'secret', resave: false, saveUninitialized: false, timeout: { operation: '100ms', request: '300ms' } } as const
  const auth = session({ ...options, store: rows, carryOver })
  const app = express().use(auth)
  app.get('/', (req, res) => void res.json(Object.fromEntries(Object.entries(req.session).filter(([name]) => name !== 'cookie'))))
  app.get('/set', (req, res) => {
    Object.assign(req.session, { cart: 'tea' })
    res.json({})
  })
  app.get('/logout', (req, res, next) => void req.session.destroy((error: unknown) => (error ? next(error) : res.json({}))))
  app.use((error: { code: string; message: string }, _req: express.Request, res: express.Response, _next: express.NextFunction) => {
    res.status(503).json({ code: error.code, message: error.message })
  })
  const server = createServer(app).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const { port } = server.address() as AddressInfo
  const visitor = new Visitor()
  visitor.cookie = `s:sid.${createHmac('sha256', 'secret').update('sid').digest('base64').replace(/=+$/, '')}`
  const status = async (path: string): Promise<number> =>
    (await fetch(`http://127.0.0.1:${port}${path}`, { headers: { cookie: `connect.sid=${encodeURIComponent(visitor.cookie ?? '')}` } }))
      .status
  const { users } = auth.sessions
  return { old, rows, status, users, revokeAll: () => auth.sessions.revokeAll(), get: (path: string) => visitor.copy().get(port, path) }
}

async function countOf(rows: MemoryStore): Promise<number> {
  return (await rows.list({ now: 0 })).entries.length
}

describe('option carryOver', () => {
  it.each([[{}], [{ bridge: true }], [{ store: new MemoryStore() }], ['redis']])('refuses %o', (carryOver) => {
    const store = new MemoryStore({ max: Number.POSITIVE_INFINITY })
    const options = { secret: 'secret', store, carryOver } as unknown as Parameters<typeof session>[0]
    expect(() => session(options)).toThrow(
      expect.objectContaining({ code: 'ERR_SESSION_CONFIG', message: expect.stringContaining('`carryOver`') }),
    )
  })

  it('refuses a store that drops rows, because a lost tombstone would undo a logout', () => {
    const options = { secret: 'secret', store: new MemoryStore(), carryOver: new OldStore() }
    expect(() => session(options)).toThrow(expect.objectContaining({ code: 'ERR_SESSION_CONFIG' }))
  })

  it.each(['carryover', 'carry_over', 'CarryOver'])('is refused with another spelling: %s', (name) => {
    const options = { secret: 'secret', resave: false, saveUninitialized: false, [name]: new Map() }
    expect(() => session(options)).toThrow(
      expect.objectContaining({ code: 'ERR_SESSION_CONFIG', message: `Option \`${name}\` does not exist: write \`carryOver\`.` }),
    )
  })
})

describe('a session in the old store', () => {
  it('is not carried over without a cookie', async () => {
    const { get, rows } = await serve({ row: { userId: 'ada' } })
    expect(await get('/')).toEqual({})
    expect(await countOf(rows)).toBe(0)
  })

  it.each<[string, OldStore['fault']]>([
    ['is down', down],
    ['does not respond', () => true],
    [
      'throws',
      () => {
        throw new Error('not connected')
      },
    ],
  ])('is not replaced by another one while the old store %s', async (_, fault) => {
    const { get, old, rows } = await serve()
    old.fault = fault
    expect(await get('/set')).toMatchObject({ code: 'ERR_SESSION_STORE', message: expect.stringContaining('`carryOver`') })
    expect(await countOf(rows)).toBe(0)
    old.fault = () => false
    expect(await get('/')).toEqual({ userId: 'ada' })
  })

  it.each([true, false])('is not used after users.revoke, also if the check fails at first (bridge: %s)', async (bridge) => {
    const { get, status, rows, users } = await serve({ bridge })
    await users.revoke('ada')
    rows.failures = 1
    expect(await status('/')).toBe(503)
    expect(rows.failures).toBe(0)
    expect(await get('/')).toEqual({})
    expect(await get('/')).toEqual({})
  })

  it.each([true, false])(
    'is not used after a users.revoke between the check and the write, if the store then fails (bridge: %s)',
    async (bridge) => {
      const { get, status, rows, users } = await serve({ bridge })
      rows.beforeCreate = async () => {
        await users.revoke('ada')
        rows.isDown = true
      }
      expect(await status('/')).toBe(503)
      rows.isDown = false
      expect(await users.list('ada')).toHaveLength(1)
      expect(await get('/')).toEqual({})
      expect(await users.list('ada')).toHaveLength(0)
    },
  )

  it('is checked once after it was carried over', async () => {
    const { get, rows } = await serve()
    await get('/')
    const [, entry] = (await rows.list({ now: 0 })).entries[0] ?? []
    expect(await get('/')).toEqual({ userId: 'ada' })
    expect((await rows.list({ now: 0 })).entries[0]?.[1]).toEqual(entry)
    expect(entry?.payload).not.toContain('_unchecked')
  })

  it('is not used after revokeAll', async () => {
    const { get, revokeAll, old } = await serve()
    await revokeAll()
    expect(await get('/')).toEqual({})
    expect(old.rows.size).toBe(0)
  })

  it('has ended after a logout that the old store did not get', async () => {
    const { get, status, old } = await serve({ bridge: true })
    old.fault = (method, callback) => method === 'destroy' && down(method, callback)
    expect(await status('/logout')).toBe(503)
    expect(await get('/')).toEqual({})
    expect(old.rows.size).toBe(1)
    old.fault = () => false
    expect(await get('/')).toEqual({})
    expect(old.rows.size).toBe(0)
  })
})

describe('with the bridge, a user whom an old process logged in', () => {
  const guest = { cookie: { originalMaxAge: 3_600_000 } }

  /** Serves a session that is in both stores, into which an old process then logs ada in. */
  async function loggedInByOld() {
    const site = await serve({ bridge: true, row: guest })
    await site.get('/set')
    site.old.rows.set('sid', { ...site.old.rows.get('sid'), userId: 'ada' })
    return site
  }

  it('is imported', async () => {
    const { get } = await loggedInByOld()
    expect(await get('/')).toEqual({ cart: 'tea', userId: 'ada' })
  })

  it('is not imported after users.revoke, also if the check fails at first', async () => {
    const { get, status, old, rows, users } = await loggedInByOld()
    await users.revoke('ada')
    rows.failures = 1
    expect(await status('/')).toBe(503)
    expect(await get('/')).toEqual({})
    expect(await get('/')).toEqual({})
    expect(old.rows.size).toBe(0)
  })

  it('is logged out by a call of users.revoke between the check and the import', async () => {
    const { get, old, rows, users } = await loggedInByOld()
    rows.beforeReplace = () => users.revoke('ada')
    expect(await get('/')).toEqual({})
    expect(rows.beforeReplace).toBeUndefined()
    expect(await get('/')).toEqual({})
    expect(old.rows.size).toBe(0)
  })
})

describe('with the bridge, a change that the old store did not get', () => {
  it('fails the request, and is written by the next one', async () => {
    const { get, old } = await serve({ bridge: true })
    old.fault = (method, callback) => method === 'set' && down(method, callback)
    expect(await get('/set')).toMatchObject({ code: 'ERR_SESSION_STORE' })
    expect(old.rows.get('sid')).not.toHaveProperty('cart')
    old.fault = () => false
    expect(await get('/')).toEqual({ userId: 'ada', cart: 'tea' })
    expect(old.rows.get('sid')).toMatchObject({ userId: 'ada', cart: 'tea' })
  })
})
