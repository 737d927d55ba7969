// A login or a reauthentication that ends the other sessions of the user.
import { describe, expect, it } from 'vitest'
import { CookieStore } from '../../../src/stores/cookie.ts'
import { withCallsIn } from '../../helpers/changed-stores.ts'
import { Browser, rejection, TestApp, thrown } from '../fixture.ts'
import { STORES } from './stores.ts'

const REVOKED = { code: 'ERR_SESSION_ENDED', reason: 'revoked' }
const MINUTE = 60_000

describe.each(STORES)('revokeOthers on %s', (_, open) => {
  async function appWithDevices(): Promise<{ app: TestApp; phone: Browser }> {
    const app = new TestApp({ store: open() })
    const phone = new Browser()
    await app.request((session) => session.login('ada'))
    app.clock.advance(1)
    await app.request((session) => session.login('ada'), { browser: phone })
    app.clock.advance(MINUTE)
    return { app, phone }
  }

  it.each<[string, Browser | undefined]>([
    ['in a session of the user', undefined],
    ['in a new session', new Browser()],
  ])('at a login %s ends all others', async (_name, browser) => {
    const { app, phone } = await appWithDevices()
    const used = browser ?? app.browser
    await app.request((session) => session.login('ada', { revokeOthers: true }), { browser: used })
    expect([(await app.read(used)).userId, await app.read(phone)]).toEqual(['ada', {}])
    expect(await app.sessions.users.list('ada')).toHaveLength(1)
  })

  it('at a login refuses logins that are still running', async () => {
    const { app, phone } = await appWithDevices()
    const late = await app.open(phone)
    late.login('ada')
    app.clock.advance(1)
    await app.request((session) => session.login('ada', { revokeOthers: true }))
    expect(await rejection(app.sessions.commit(late, { status: 200 }))).toMatchObject(REVOKED)
    expect(await app.sessions.users.list('ada')).toHaveLength(1)
  })

  it('at `reauthenticate` ends all others and keeps the session', async () => {
    const { app, phone } = await appWithDevices()
    const late = await app.open(new Browser())
    late.login('ada')
    app.clock.advance(1)
    await app.request((session) => session.set('cart', [1]).reauthenticate({ revokeOthers: true }))
    expect([await app.read(), await app.read(phone)]).toEqual([{ userId: 'ada', cart: [1] }, {}])
    expect(await rejection(app.sessions.commit(late, { status: 200 }))).toMatchObject(REVOKED)
  })

  it('the order of a changed password: revoke the others, then reauthenticate, in one request', async () => {
    const { app, phone } = await appWithDevices()
    await app.request(async (session) => {
      await app.sessions.users.revoke('ada', { except: session })
      session.reauthenticate()
    })
    expect([(await app.read()).userId, await app.read(phone)]).toEqual(['ada', {}])
  })

  it('a login of an earlier authentication is refused, in one request or in two', async () => {
    const { app } = await appWithDevices()
    const authenticatedAt = new Date(app.clock.at - MINUTE)
    await app.sessions.users.revoke('ada')
    app.clock.advance(MINUTE)
    const session = await app.open()
    session.login('ada', { authenticatedAt })
    expect(await rejection(app.sessions.commit(session, { status: 200 }))).toMatchObject(REVOKED)
  })

  it('a withdrawn login leaves no facts that a later one inherits', async () => {
    const app = new TestApp({ store: open() })
    await app.request((session) => session.set('cart', [1]))
    let isRevoked = false
    const store = withCallsIn(app.store, async (name, call) => {
      const result = await call()
      if (name === 'replace' && !isRevoked) {
        isRevoked = true
        app.clock.advance(1)
        const handle = (await app.open()).handle ?? 'none' // the row stays, as for a revocation that listed before the write
        await app.sessions.users.revoke('ada', { except: { handle: `not ${handle}` } }).catch(() => undefined)
      }
      return result
    })
    const other = app.createManager({ store })
    const session = await other.open({
      secure: true,
      loopback: false,
      header: (name) => (name === 'cookie' ? app.browser.cookie : undefined),
    })
    session.login('ada', { level: 2 })
    expect((await rejection(other.commit(session, { status: 200 }))).code).toBe('ERR_SESSION_ENDED')
    app.browser.applyCookies(other.headers(session))
    app.clock.advance(1)
    await app.request((next) => next.set('userId', 'ada'))
    expect((await app.open()).authentication).toBeUndefined()
  })

  it('`maxPerUser` of a login is the limit of its user', async () => {
    const { app, phone } = await appWithDevices()
    const tablet = new Browser()
    await app.request((session) => session.login('ada', { maxPerUser: 2 }), { browser: tablet })
    expect([(await app.read()).userId, (await app.read(phone)).userId, (await app.read(tablet)).userId]).toEqual([undefined, 'ada', 'ada'])
  })
})

describe('options of a login', () => {
  it.each([[{ maxPerUser: 0 }], [{ revokeOthers: 'yes' as unknown as boolean }]])('%o is a ConfigError', async (options) => {
    const session = await new TestApp().open()
    expect(thrown(() => session.login('ada', options))).toMatchObject({ code: 'ERR_SESSION_CONFIG' })
    expect(session.userId).toBeUndefined()
  })

  it.each([[{ maxPerUser: 2 }], [{ revokeOthers: true }]])('%o is refused where the cookie has the session', async (options) => {
    const session = await new TestApp({ store: new CookieStore({ secrets: 'V9x2mQ7rT4bK8nW3zL6pJ1sD5fG0hYcA' }) }).open()
    expect(thrown(() => session.login('ada', options))).toMatchObject({ code: 'ERR_SESSION_CONFIG' })
  })
})
