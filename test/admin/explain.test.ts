import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { type Admin, createAdmin, type ExplainTarget } from '../../src/admin/admin.ts'
import type { IncomingRequest } from '../../src/core/cookie/incoming-request.ts'
import type { SessionOptions } from '../../src/index.ts'
import { CookieStore } from '../../src/stores/cookie.ts'
import { MemoryStore } from '../../src/stores/memory.ts'
import { appWith, Browser, catchRejection, DAY, HOUR, MINUTE, TestApp } from '../core/fixture.ts'
import { SECRET } from '../stores/cookie/cookie-secret.ts'
import { delegate } from './delegate.ts'

function adminOf(app: TestApp, options?: Partial<SessionOptions>): Admin {
  return createAdmin({ sessions: options === undefined ? app.sessions : app.createManager(options), operator: 'alice' })
}

function requestWith(headers: Readonly<Record<string, string>>, rest: Partial<IncomingRequest> = {}): IncomingRequest {
  return { secure: true, loopback: false, ...rest, header: (name) => headers[name] }
}

/** An app with a session of a user, and the cookie of its browser. */
async function loggedIn(options: Partial<SessionOptions> = {}): Promise<{ app: TestApp; cookie: string }> {
  const app = new TestApp(options)
  await app.request((session) => {
    session.set('cart', ['a'])
    session.login(7)
  })
  return { app, cookie: app.browser.cookie as string }
}

const ID = `${'a'.repeat(16)}.${'b'.repeat(32)}`

describe('explain: the causes of an empty session', () => {
  it('no-cookie: the request has no cookie, or only others', async () => {
    const admin = adminOf(new TestApp())
    expect(await admin.explain(requestWith({}))).toMatchObject({ outcome: 'empty', reason: 'no-cookie', cause: 'no-cookie' })
    expect(await admin.explain('theme=dark; lang=de')).toMatchObject({
      cause: 'no-cookie',
      message: 'The request has no cookie `__Host-sid`, only: theme, lang.',
    })
  })

  it("no-token and malformed-token: with transport: 'bearer' the client sends no id, or something else", async () => {
    const admin = adminOf(new TestApp({ transport: 'bearer' }))
    for (const headers of [{}, { cookie: `__Host-sid=${ID}` }, { authorization: 'Basic YTpi' }] as Record<string, string>[])
      expect(await admin.explain(requestWith(headers))).toMatchObject({ reason: 'no-cookie', cause: 'no-token' })
    const request = requestWith({ authorization: 'Bearer eyJhbGciOiJub25lIn0.e30.' })
    expect(await admin.explain(request)).toMatchObject({ reason: 'malformed-cookie', cause: 'malformed-token' })
    expect(await admin.explain(ID)).toMatchObject({ reason: 'unknown-or-expired' })
  })

  it('cross-site: the browser withholds the cookie from a request of another site', async () => {
    const request = requestWith({ 'sec-fetch-site': 'cross-site' })
    expect(await adminOf(new TestApp()).explain(request)).toMatchObject({ reason: 'no-cookie', cause: 'cross-site' })
  })

  it('cross-site: a link of another site brings a lax cookie, and not a strict one', async () => {
    const request = requestWith({ 'sec-fetch-site': 'cross-site', 'sec-fetch-dest': 'document' }, { method: 'GET' })
    expect(await adminOf(new TestApp()).explain(request)).toMatchObject({ cause: 'no-cookie' })
    expect(await adminOf(new TestApp({ cookie: { sameSite: 'strict' } })).explain(request)).toMatchObject({ cause: 'cross-site' })
    expect(await adminOf(new TestApp()).explain({ ...request, method: 'POST' })).toMatchObject({ cause: 'cross-site' })
  })

  it('cross-site: a page of another origin sent a request that changes something', async () => {
    const { app, cookie } = await loggedIn()
    const request = requestWith({ cookie, origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }, { method: 'POST' })
    expect(await adminOf(app).explain(request)).toMatchObject({
      outcome: 'empty',
      reason: 'cross-site',
      cause: 'cross-site',
      remedy: expect.stringContaining('trustedOrigins'),
    })
  })

  it('third-party: a browser that blocks cookies of third parties withholds it', async () => {
    const shared = new TestApp({ cookie: { sameSite: 'none', secure: true } })
    expect(await adminOf(shared).explain(requestWith({ 'sec-fetch-site': 'cross-site' }))).toMatchObject({
      reason: 'no-cookie',
      cause: 'third-party',
    })
  })

  it('no-cookie: a failed login has stored nothing', async () => {
    const app = new TestApp()
    await app.request((session) => session.login(7), { status: 500 })
    expect(app.browser.cookie).toBeUndefined()
    expect(await adminOf(app).explain(requestWith({}))).toMatchObject({
      cause: 'no-cookie',
      remedy: expect.stringContaining('failed-response'),
    })
  })

  it('outside-domain: the host does not belong to cookie.domain', async () => {
    const app = new TestApp({ cookie: { domain: 'shop.example' } })
    for (const [host, cause] of [
      ['localhost:3000', 'outside-domain'],
      ['myshop.example', 'outside-domain'],
      ['shop.example', 'no-cookie'],
      ['www.Shop.example:8443', 'no-cookie'],
    ] as const)
      expect(await adminOf(app).explain(requestWith({ host }))).toMatchObject({ reason: 'no-cookie', cause })
  })

  it('other-name: the cookie was set over another kind of connection', async () => {
    expect(await adminOf(new TestApp()).explain(`sid=${ID}`)).toMatchObject({
      reason: 'no-cookie',
      cause: 'other-name',
      message: expect.stringContaining('the cookie `sid`'),
    })
  })

  it('other-name: the option cookie.name was changed', async () => {
    const { app, cookie } = await loggedIn({ cookie: { name: 'before' } })
    expect(await adminOf(app, { cookie: { name: 'after' } }).explain(cookie)).toMatchObject({
      reason: 'no-cookie',
      cause: 'other-name',
      message: expect.stringContaining('`__Host-before` has the form'),
    })
  })

  it('plain-http: the request did not come over HTTPS', async () => {
    const { app, cookie } = await loggedIn()
    expect(await adminOf(app).explain(requestWith({ cookie }, { secure: false }))).toMatchObject({
      outcome: 'empty',
      reason: 'insecure',
      cause: 'plain-http',
      remedy: expect.stringContaining('HTTP'),
    })
  })

  it('untrusted-proxy: a proxy reports HTTPS and is not trusted', async () => {
    const { app, cookie } = await loggedIn()
    for (const forwarded of [{ 'x-forwarded-proto': 'https' }, { forwarded: 'for=1.2.3.4;proto=https' }])
      expect(
        await adminOf(app).explain(requestWith({ cookie, ...forwarded }, { secure: false, remedy: "app.set('trust proxy', 1)" })),
      ).toMatchObject({
        reason: 'insecure',
        cause: 'untrusted-proxy',
        remedy: expect.stringContaining('trust proxy'),
      })
  })

  it('outside-path: the path does not belong to cookie.path', async () => {
    const app = new TestApp({ cookie: { path: '/shop' } })
    expect(await adminOf(app).explain(requestWith({}, { path: '/blog' }))).toMatchObject({ reason: 'outside-path', cause: 'outside-path' })
  })

  it('malformed-cookie: the cookie is damaged', async () => {
    expect(await adminOf(new TestApp()).explain(`__Host-sid=${ID.slice(0, 20)}`)).toMatchObject({
      reason: 'malformed-cookie',
      cause: 'malformed-cookie',
    })
  })

  it.each([
    ['s%3Aabc.def', 'express-session'],
    ['Fe26.2**abc', 'iron-session'],
    ['eyJhbGciOiJIUzI1NiJ9', 'JSON Web Token'],
    ['a'.repeat(32), 'Django'],
  ])('foreign-cookie: %s is a cookie of %s', async (value, library) => {
    expect(await adminOf(new TestApp()).explain(`__Host-sid=${value}`)).toMatchObject({
      reason: 'malformed-cookie',
      cause: 'foreign-cookie',
      message: expect.stringContaining(library),
    })
  })

  it('two-cookies: the cookies lead to different sessions', async () => {
    const { app, cookie } = await loggedIn()
    const other = new Browser()
    await app.request((session) => void session.set('a', 1), { browser: other })
    expect(await adminOf(app).explain(`${cookie}; ${other.cookie}`)).toMatchObject({
      outcome: 'empty',
      reason: 'two-cookies',
      cause: 'two-cookies',
      handle: undefined,
    })
  })

  it('unknown: the store has no such session', async () => {
    const { app, cookie } = await loggedIn()
    await app.request((session) => session.logout())
    expect(await adminOf(app).explain(cookie)).toMatchObject({ outcome: 'empty', reason: 'unknown-or-expired', cause: 'unknown' })
  })

  it('unknown: another cookie.path leads to other keys', async () => {
    const { app, cookie } = await loggedIn()
    const moved = cookie.replace('__Host-', '__Secure-')
    expect(await adminOf(app, { cookie: { path: '/shop' } }).explain(moved)).toMatchObject({ cause: 'unknown' })
  })

  it('unknown: another database, or a process whose memory is new', async () => {
    const { app, cookie } = await loggedIn()
    expect(await adminOf(app, { store: new MemoryStore() }).explain(cookie)).toMatchObject({
      cause: 'unknown',
      remedy: expect.stringMatching(/^This store loses sessions.*same database/),
    })
  })

  it('unknown: all sessions were ended, or the user has too many', async () => {
    const { app, cookie } = await loggedIn({ maxPerUser: 1 })
    await app.request((session) => session.login(7), { browser: new Browser() })
    const admin = adminOf(app, { maxPerUser: 1 })
    expect(await admin.explain(cookie)).toMatchObject({ cause: 'unknown', message: expect.stringContaining('`maxPerUser`') })
    await app.sessions.revokeAll()
    expect(await admin.explain(cookie)).toMatchObject({
      cause: 'unknown',
      message: expect.stringContaining('ended on 2100-01-01T00:00:00.000Z'),
    })
  })

  it('other-manager: a handle of another manager with the same table', async () => {
    const { app } = await loggedIn({ cookie: { name: 'admin' } })
    const { handle = '' } = await app.open()
    expect(await adminOf(app, { cookie: {} }).explain((await app.rows())[0]?.[0] ?? handle)).toMatchObject({
      outcome: 'empty',
      reason: 'unknown-or-expired',
      cause: 'other-manager',
      session: undefined,
    })
  })

  it('revoked-before: the session started before that date', async () => {
    const { app, cookie } = await loggedIn()
    app.clock.advance(HOUR)
    const { handle = '' } = await app.open()
    const admin = adminOf(app, { revokedBefore: new Date(app.clock.at) })
    for (const target of [cookie, handle])
      expect(await admin.explain(target)).toMatchObject({ outcome: 'empty', reason: 'unknown-or-expired', cause: 'revoked-before' })
  })

  it('expired-idle: the session was not used for its idle time', async () => {
    const { app, cookie } = await loggedIn({ idle: '1h' })
    app.clock.advance(HOUR + MINUTE)
    expect(await adminOf(app).explain(cookie)).toMatchObject({
      outcome: 'empty',
      reason: 'unknown-or-expired',
      cause: 'expired-idle',
      message: expect.stringContaining('60 seconds ago'),
    })
  })

  it('expired-absolute: the absolute lifetime is over', async () => {
    const { app, cookie } = await loggedIn({ idle: '2h', absolute: '3h' })
    app.clock.advance(90 * MINUTE)
    await app.request((session) => void session.set('a', 1))
    app.clock.advance(2 * HOUR)
    expect(await adminOf(app).explain(cookie)).toMatchObject({ reason: 'unknown-or-expired', cause: 'expired-absolute' })
  })

  it('shorter-lifetime: the options became stricter', async () => {
    const { app, cookie } = await loggedIn()
    app.clock.advance(2 * HOUR)
    expect(await adminOf(app, { idle: '1h' }).explain(cookie)).toMatchObject({ reason: 'unknown-or-expired', cause: 'shorter-lifetime' })
  })

  it('renewed-id: the session continues under a newer id', async () => {
    const { app, cookie } = await loggedIn()
    await app.request((session) => session.cycleId())
    for (const age of [1000, DAY]) {
      app.clock.advance(age)
      expect(await adminOf(app).explain(cookie)).toMatchObject({ outcome: 'empty', reason: 'other-id', cause: 'renewed-id' })
    }
  })

  it('unreadable: the codec cannot decode the row', async () => {
    const { app, cookie } = await loggedIn()
    await app.replacePayload('not a payload')
    expect(await adminOf(app).explain(cookie)).toMatchObject({ outcome: 'empty', reason: 'unreadable', cause: 'unreadable' })
  })

  it('too-large: the row is much larger than maxSize', async () => {
    const { app, cookie } = await loggedIn()
    await app.replacePayload(`{\t"a":"${'x'.repeat(5000)}"\n}`)
    expect(await adminOf(app, { maxSize: 1000 }).explain(cookie)).toMatchObject({ reason: 'too-large', cause: 'too-large' })
  })

  it('store-error: the store fails, and the session is not empty', async () => {
    let isDown = false
    const app = await appWith({ a: 1 }, {}, (store) =>
      delegate(store, {
        load: async (operation) => {
          if (isDown) throw new Error('connection refused')
          return store.load(operation)
        },
      }),
    )
    isDown = true
    expect(await adminOf(app).explain(app.browser.cookie as string)).toMatchObject({
      outcome: 'error',
      reason: 'store-error',
      cause: 'store-error',
      message: expect.stringContaining('connection refused'),
    })
  })

  it('invalid-properties: the schema refuses a stored property', async () => {
    const { app, cookie } = await loggedIn()
    const admin = adminOf(app, { schema: { cart: z.array(z.number()) } })
    app.clearEvents()
    expect(await admin.explain(cookie)).toMatchObject({
      outcome: 'session',
      reason: 'found',
      cause: 'invalid-properties',
      invalidProperties: ['cart'],
    })
    expect(app.events).toEqual([])
  })

  it('no-properties: a request removed them', async () => {
    const { app, cookie } = await loggedIn()
    await app.request((session) => session.clear())
    expect(await adminOf(app).explain(cookie)).toMatchObject({ outcome: 'session', reason: 'found', cause: 'no-properties' })
  })

  it('no-user: no user is logged in', async () => {
    const app = await appWith({ cart: [] })
    expect(await adminOf(app).explain(app.browser.cookie as string)).toMatchObject({ outcome: 'session', cause: 'no-user' })
  })
})

describe('explain', () => {
  it.each<[string, (app: TestApp, cookie: string) => ExplainTarget | Promise<ExplainTarget>]>([
    ['a Cookie header', (_, cookie) => cookie],
    ['a Cookie header with its name', (_, cookie) => `Cookie: ${cookie}`],
    ['the value of the cookie', (_, cookie) => cookie.slice(cookie.indexOf('=') + 1)],
    ['a handle', async (app) => (await app.open()).handle as string],
    ['a Request', (_, cookie) => new Request('https://shop.example/cart', { headers: { cookie } })],
    ['an IncomingRequest', (_, cookie) => requestWith({ cookie })],
  ])('finds the session of %s', async (_, targetOf) => {
    const { app, cookie } = await loggedIn()
    const target = await targetOf(app, cookie)
    app.clearEvents()
    const [before] = await app.rows()
    const explanation = await adminOf(app).explain(target)
    expect(explanation).toMatchObject({
      outcome: 'session',
      reason: 'found',
      cause: 'found',
      remedy: '',
      handle: before?.[0],
      session: { userId: '7', properties: [{ name: 'cart', kind: 'array' }, { name: 'userId' }] },
    })
    expect(JSON.stringify(explanation)).not.toContain(app.browser.id)
    expect(app.events).toEqual([])
    expect(await app.rows()).toEqual([before])
  })

  it('explains a handle without a session, and one that has expired', async () => {
    const { app } = await loggedIn()
    const { handle = '' } = await app.open()
    const admin = adminOf(app)
    expect(await admin.explain('x'.repeat(43))).toMatchObject({ outcome: 'empty', cause: 'unknown' })
    app.clock.advance(14 * DAY)
    expect(await admin.explain(handle)).toMatchObject({ outcome: 'empty', cause: 'expired-idle', handle })
  })

  it('explains the cookie of a CookieStore', async () => {
    const { app, cookie } = await loggedIn({ store: new CookieStore({ secrets: [SECRET] }) })
    const admin = adminOf(app)
    expect(await admin.explain(cookie)).toMatchObject({ outcome: 'session', cause: 'found' })
    const other = new CookieStore({ secrets: [SECRET.replace(/^./, 'x')] })
    expect(await adminOf(app, { store: other }).explain(cookie)).toMatchObject({ reason: 'malformed-cookie', cause: 'other-secret' })
    app.clock.advance(14 * DAY)
    expect(await admin.explain(cookie)).toMatchObject({ outcome: 'empty', reason: 'unknown-or-expired', cause: 'expired' })
  })

  it.each(['', ' ', 7, undefined])('refuses %j', async (target) => {
    expect(await catchRejection(adminOf(new TestApp()).explain(target as never))).toMatchObject({ code: 'ERR_SESSION_CONFIG' })
  })
})
