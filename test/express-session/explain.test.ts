import { createHmac } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { createAdmin, type ExplainTarget } from '../../src/admin/admin.ts'
import type { IncomingRequest } from '../../src/core/cookie/incoming-request.ts'
import session from '../../src/express-session/express-session.ts'
import { MemoryStore } from '../../src/stores/memory.ts'

type Callback = (error?: unknown, row?: unknown) => void

/** A store for express-session that counts what is changed in it. */
class OldStore {
  readonly rows: Map<string, object> = new Map()
  isDown = false
  changes = 0

  get(sid: string, callback: Callback): void {
    setImmediate(() => (this.isDown ? callback(new Error('connection refused')) : callback(null, this.rows.get(sid))))
  }

  set(sid: string, row: object, callback: Callback): void {
    this.changes += 1
    this.rows.set(sid, JSON.parse(JSON.stringify(row)))
    setImmediate(() => callback())
  }

  destroy(sid: string, callback: Callback): void {
    this.changes += 1
    this.rows.delete(sid)
    setImmediate(() => callback())
  }
}

type Options = Partial<Omit<Parameters<typeof session>[0], 'store' | 'carryOver'>> & { readonly bridge?: boolean }

/** An application of which a session is in the old store. */
function appWithOldSession({ bridge = false, ...options }: Options = {}, row: object = { userId: 'ada' }) {
  const old = new OldStore()
  old.rows.set('sid', { cookie: { originalMaxAge: 3_600_000 }, ...row })
  const rows = new MemoryStore({ max: Number.POSITIVE_INFINITY })
  const common = { secret: 'secret', resave: false, saveUninitialized: false, ...options } as const
  const { sessions } = session({ ...common, store: rows, carryOver: bridge ? { store: old, bridge } : old })
  const admin = createAdmin({ sessions, operator: 'alice' })
  const stored = async (): Promise<unknown[]> => [...(await rows.list({ now: 0 })).entries]
  return { admin, old, rows, sessions, stored, explain: (target: ExplainTarget = cookieOf('sid')) => admin.explain(target) }
}

function cookieOf(sid: string, secret = 'secret'): string {
  const signature = createHmac('sha256', secret).update(sid).digest('base64').replace(/=+$/, '')
  return `connect.sid=${encodeURIComponent(`s:${sid}.${signature}`)}`
}

describe('explain: carry-over', () => {
  it.each([false, true])('carried-over: a request would fetch the session, and nothing is written (bridge: %s)', async (bridge) => {
    const { explain, old, stored } = appWithOldSession({ bridge })
    expect(await explain()).toMatchObject({
      outcome: 'session',
      reason: 'found',
      cause: 'carried-over',
      message: expect.stringContaining('Its user is logged in.'),
      session: { userId: 'ada', properties: [{ name: 'userId' }] },
    })
    expect([await stored(), old.changes, old.rows.size]).toEqual([[], 0, 1])
  })

  it('says that no user is logged in', async () => {
    const { explain } = appWithOldSession({}, { cart: [1] })
    expect(await explain()).toMatchObject({ cause: 'carried-over', message: expect.stringContaining('No user') })
  })

  it('unknown: neither store has the session', async () => {
    const { explain, stored } = appWithOldSession()
    expect(await explain(cookieOf('another'))).toMatchObject({ outcome: 'empty', cause: 'unknown' })
    expect(await stored()).toEqual([])
  })

  it('ended: the user was logged out everywhere, so a request would not carry it over', async () => {
    const { explain, sessions, stored, old } = appWithOldSession()
    await sessions.users.revoke('ada')
    const before = await stored()
    expect(await explain()).toMatchObject({
      outcome: 'empty',
      reason: 'unknown-or-expired',
      cause: 'ended',
      message: expect.stringContaining('not carried over'),
    })
    expect([await stored(), old.changes]).toEqual([before, 0])
  })

  it('ended: an old process has ended the session, so a request would end it here', async () => {
    const { explain, sessions, stored, old } = appWithOldSession({ bridge: true })
    await sessions.load('sid') // carries it over
    old.rows.delete('sid')
    const before = await stored()
    expect(await explain()).toMatchObject({
      outcome: 'empty',
      cause: 'ended',
      message: expect.stringContaining('has ended the session there'),
    })
    expect(await stored()).toEqual(before)
  })

  it('ended: a row marks that the session has ended', async () => {
    const { explain, sessions } = appWithOldSession()
    const carried = await sessions.load('sid')
    const { handle } = carried
    await sessions.revoke(handle as string)
    for (const target of [cookieOf('sid'), handle as string])
      expect(await explain(target)).toMatchObject({
        outcome: 'empty',
        reason: 'unknown-or-expired',
        cause: 'ended',
        message: 'The session has ended: it was flushed or revoked.',
      })
  })

  it('found: what an old process has changed is seen, and the rows stay as they are', async () => {
    const { explain, sessions, old, stored } = appWithOldSession({ bridge: true })
    const { handle } = await sessions.load('sid')
    const row = old.rows.get('sid') as object
    old.rows.set('sid', { ...row, cart: [1, 2] })
    const [before, changes] = [await stored(), old.changes]
    const explanation = await explain()
    expect(explanation).toMatchObject({ outcome: 'session', cause: 'found', handle })
    expect(explanation.session?.properties.map(({ name }) => name).sort()).toEqual(['cart', 'userId'])
    expect([await stored(), old.changes]).toEqual([before, changes])
  })

  it.each([false, true])('a handle does not lead to the old store, and the explanation says so (bridge: %s)', async (bridge) => {
    const { explain, sessions, old } = appWithOldSession({ bridge })
    const { handle } = await explain()
    const unread = { message: expect.stringContaining('was not read'), remedy: expect.stringContaining('explain the cookie') }
    expect(await explain(handle as string)).toMatchObject({ outcome: 'empty', cause: 'unknown', ...unread })
    await sessions.load('sid') // carries it over
    old.rows.delete('sid') // an end by an old process, with the bridge
    expect(await explain(handle as string)).toMatchObject({ outcome: 'session', cause: 'found', ...unread })
    expect(await explain()).toMatchObject({ cause: bridge ? 'ended' : 'found', message: expect.not.stringContaining('was not read') })
  })

  it('store-error: the old store fails, and the session is not empty', async () => {
    const { explain, old } = appWithOldSession()
    old.isDown = true
    expect(await explain()).toMatchObject({
      outcome: 'error',
      reason: 'store-error',
      cause: 'store-error',
      message: expect.stringContaining('old session store'),
    })
  })
})

describe('explain: the cookie of express-session', () => {
  const requestOf = (rest: Partial<IncomingRequest>, headers: Readonly<Record<string, string>> = {}): IncomingRequest => ({
    secure: false,
    loopback: false,
    ...rest,
    header: (name) => headers[name],
  })

  it('other-secret: the cookie was signed with another secret', async () => {
    const { explain } = appWithOldSession()
    expect(await explain(cookieOf('sid', 'before'))).toMatchObject({ outcome: 'empty', reason: 'malformed-cookie', cause: 'other-secret' })
    const rotated = appWithOldSession({ secret: ['new', 'secret'] })
    expect(await rotated.explain()).toMatchObject({ outcome: 'session' })
  })

  it('takes the value of the cookie', async () => {
    const { explain } = appWithOldSession()
    const value = (secret: string): string => cookieOf('sid', secret).replace('connect.sid=', '')
    expect(await explain(value('secret'))).toMatchObject({ outcome: 'session' })
    expect(await explain(value('before'))).toMatchObject({ cause: 'other-secret' })
  })

  it('plain-http: a Secure cookie is not sent over plain HTTP', async () => {
    const { explain } = appWithOldSession({ cookie: { secure: true } })
    expect(await explain(requestOf({}))).toMatchObject({ reason: 'no-cookie', cause: 'plain-http' })
    expect(await explain(requestOf({ secure: true }))).toMatchObject({ cause: 'no-cookie' })
  })

  it('untrusted-proxy: a proxy reports HTTPS and is not trusted', async () => {
    const { explain } = appWithOldSession({ cookie: { secure: true } })
    expect(await explain(requestOf({}, { 'x-forwarded-proto': 'https' }))).toMatchObject({ reason: 'no-cookie', cause: 'untrusted-proxy' })
  })
})

describe('an admin of the drop-in', () => {
  it.each([
    [{}, 'warning', 'over plain HTTP'],
    [{ cookie: { secure: 'auto' } }, 'ok', 'connect.sid'],
    [{ cookie: { secure: true }, name: 'shop' }, 'ok', 'shop'],
  ] as const)('judges the cookie with the options %j', async (options, level, message) => {
    const findings = await appWithOldSession(options).admin.doctor()
    expect(findings.filter(({ check }) => check === 'cookie')).toMatchObject([{ level, message: expect.stringContaining(message) }])
  })

  it('takes no part in what req.sessionStore writes', async () => {
    const { admin, rows } = appWithOldSession()
    const auth = session({ secret: 'secret', resave: false, saveUninitialized: false, store: rows })
    const store = new Promise<{ set(sid: string, row: object, callback: Callback): void }>((resolve) => {
      const req = { headers: {}, url: '/', method: 'GET', socket: {} }
      auth(req as never, {} as never, () => resolve((req as never as { sessionStore: never }).sessionStore))
    })
    const operator = createAdmin({ sessions: auth.sessions, operator: 'alice' })
    await operator.explain(cookieOf('sid'))
    const written = Promise.withResolvers<void>()
    ;(await store).set('mine', { cookie: {}, cart: [1] }, () => written.resolve())
    await written.promise
    expect(await operator.explain(cookieOf('mine'))).toMatchObject({ outcome: 'session', session: { properties: [{ name: 'cart' }] } })
    expect(await admin.count()).toBe(1)
  })
})
