// Logins that something else overtakes between their write and the check after it. The seeded
// histories with revocations found these cases.
import { describe, expect, it } from 'vitest'
import type { Refused, Session, Sessions, Written } from '../../../src/index.ts'
import { withCallsIn } from '../../helpers/changed-stores.ts'
import { incoming } from '../../helpers/incoming.ts'
import { Browser, rejection, TestApp } from '../fixture.ts'
import { STORES } from './stores.ts'

const REVOKED = { code: 'ERR_SESSION_ENDED', reason: 'revoked', status: 409 }

/** A manager of another process that runs `work` once, before its first write or after the first that succeeds. */
function overtaken(when: 'before' | 'after', app: TestApp, work: () => Promise<unknown>, options = {}): Sessions<any> {
  let isDone = false
  const runOnce = async (isDue: boolean): Promise<void> => {
    if (isDone || !isDue) return
    isDone = true
    await work()
  }
  const store = withCallsIn(app.store, async (name, call) => {
    const writes = name === 'create' || name === 'replace'
    await runOnce(when === 'before' && writes)
    const result = await call()
    await runOnce(when === 'after' && writes && (result as Written | Refused).ok)
    return result
  })
  return app.createManager({ store, ...options })
}

describe.each(STORES)('on %s', (_, open) => {
  const appOf = (options = {}): TestApp => new TestApp({ store: open(), ...options })
  const cookieLines = (sessions: Sessions<any>, session: Session<any>): string[] => sessions.headers(session).getSetCookie()

  /** A revocation that begins after the first check of a login. */
  const revoke = (app: TestApp) => async (): Promise<void> => {
    app.clock.advance(1)
    await app.sessions.users.revoke('ada')
  }

  it('a login that is withdrawn with the session it started leaves the cookie of the browser', async () => {
    const app = appOf()
    await app.request((session) => session.set('cart', [1]))
    const manager = overtaken('after', app, revoke(app))
    const late = await manager.open(incoming(app.browser.cookie))
    late.login('ada')
    // A parallel request gives the session another id. The login starts a new session.
    await app.request((session) => session.cycleId())
    expect(await rejection(manager.commit(late, { status: 200 }))).toMatchObject(REVOKED)
    expect(cookieLines(manager, late)).toEqual([])
  })

  it('a login that is withdrawn after a flush still deletes the cookie', async () => {
    const app = appOf()
    await app.request((session) => session.login('ada'))
    const manager = overtaken('before', app, revoke(app))
    const session = await manager.open(incoming(app.browser.cookie))
    session.flush()
    session.login('ada')
    expect(await rejection(manager.commit(session, { status: 200 }))).toMatchObject(REVOKED)
    expect(cookieLines(manager, session)).toEqual([expect.stringMatching(/^__Host-sid=;/)])
  })

  it('a login that began before a revocation does not join the session of one that began after it', async () => {
    const app = appOf()
    await app.request((session) => session.set('cart', [1]))
    const early = app.browser.copy()
    const manager = overtaken('before', app, async () => {
      await revoke(app)()
      app.clock.advance(1)
      await app.request((session) => session.login('ada'))
    })
    const session = await manager.open(incoming(early.cookie))
    session.login('ada')
    expect(await rejection(session.save())).toMatchObject(REVOKED)
    expect(await rejection(manager.commit(session, { status: 200 }))).toMatchObject(REVOKED)
    expect([cookieLines(manager, session), await app.read()]).toEqual([[], { cart: [1], userId: 'ada' }])
  })

  it('a login that is withdrawn does not give back a user whom the request removed', async () => {
    const app = appOf()
    await app.request((session) => session.login('eve'))
    const manager = overtaken('before', app, revoke(app))
    const session = await manager.open(incoming(app.browser.cookie))
    session.clear()
    session.login('ada')
    expect(await rejection(manager.commit(session, { status: 200 }))).toMatchObject(REVOKED)
    app.browser.applyCookies(manager.headers(session))
    expect([session.userId, (await app.open()).isNew, await app.read()]).toEqual([undefined, false, {}])
  })

  it.each<[string, (session: Session<any>) => unknown]>([
    ['reauthenticate', (session) => session.reauthenticate({ revokeOthers: true })],
    ['login', (session) => session.login('ada', { revokeOthers: true })],
  ])('`revokeOthers` of %s ends the other sessions also if the request removes the user afterwards', async (_name, verb) => {
    const app = appOf()
    const phone = new Browser()
    await app.request((session) => session.login('ada'))
    await app.request((session) => session.login('ada'), { browser: phone })
    app.clock.advance(1)
    await app.request((session) => {
      verb(session)
      session.clear()
    })
    expect([await app.read(phone), await app.sessions.users.list('ada')]).toEqual([{}, []])
  })

  it('a login whose session is flushed before its check is refused as ended, not for the limit', async () => {
    const app = appOf({ maxPerUser: 1 })
    await app.request((session) => session.login('ada'), { browser: new Browser() })
    await app.request((session) => session.set('cart', [1]))
    const flushing = await app.open()
    const manager = overtaken(
      'after',
      app,
      () => {
        flushing.flush()
        return app.sessions.commit(flushing, { status: 200 })
      },
      { maxPerUser: 1 },
    )
    const session = await manager.open(incoming(app.browser.cookie))
    session.login('ada')
    expect(await rejection(manager.commit(session, { status: 200 }))).toMatchObject({ code: 'ERR_SESSION_ENDED', reason: 'ended' })
    expect(cookieLines(manager, session)).toEqual([])
  })
})
