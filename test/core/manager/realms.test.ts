// Two managers on one table: users are separated like ids.
import { describe, expect, it } from 'vitest'
import type { Sessions } from '../../../src/index.ts'
import { incoming } from '../../helpers/incoming.ts'
import { Browser, catchError, TestApp } from '../fixture.ts'

async function logIn(app: TestApp, manager: Sessions<any>, userId: string | number): Promise<string> {
  const session = await manager.open(incoming(new Browser().cookie))
  session.login(userId)
  await manager.commit(session, { status: 200 })
  return String(session.handle)
}

describe('users of two managers on one table', () => {
  it('are separated: a customer with the id of an administrator ends no session of the administrator', async () => {
    const app = new TestApp()
    const admins = app.createManager({ cookie: { name: 'admin' }, as: 'adminSession' })
    const admin = await logIn(app, admins, 1)
    const customer = await logIn(app, app.sessions, 1)
    expect((await app.sessions.users.list(1)).map(({ handle }) => handle)).toEqual([customer])
    expect(await app.sessions.users.revoke(1)).toBe(1)
    expect((await admins.users.list(1)).map(({ handle }) => handle)).toEqual([admin])
  })

  it('are shared by managers of one realm', async () => {
    const app = new TestApp()
    const site = app.createManager({ realm: 'shop' })
    const mobile = app.createManager({ cookie: { name: 'app' }, realm: 'shop', as: 'appSession' })
    await logIn(app, site, 'ada')
    await logIn(app, mobile, 'ada')
    expect(await site.users.revoke('ada')).toBe(2)
  })

  it.each(['~ada', '~~ada', '~#ada', 'x'.repeat(900), 'ü'.repeat(300)])('are found by an id such as %j, in every realm', async (id) => {
    const app = new TestApp()
    const staff = app.createManager({ realm: 'staff', cookie: { name: 'staff' }, as: 'staffSession' })
    const own = await logIn(app, app.sessions, id)
    const other = await logIn(app, staff, id)
    expect((await app.sessions.users.list(id)).map(({ handle }) => handle)).toEqual([own])
    expect((await staff.users.list(id)).map(({ handle }) => handle)).toEqual([other])
  })

  it('cannot be ended by a handle of another realm', async () => {
    const app = new TestApp()
    const staff = app.createManager({ realm: 'staff', cookie: { name: 'staff' }, as: 'staffSession' })
    const handle = await logIn(app, staff, 'ada')
    expect(await app.sessions.revoke(handle)).toBe(false)
    expect(await staff.revoke(handle)).toBe(true)
  })
})

describe('a user id', () => {
  it('of more than 1000 characters is refused by login', () => {
    const app = new TestApp()
    const session = app.sessions.create()
    expect(catchError(() => session.login('x'.repeat(1001))).code).toBe('ERR_SESSION_CODEC')
  })
})

describe('users.list', () => {
  it('stops at its limit', async () => {
    const app = new TestApp()
    for (let count = 0; count < 5; count++) await logIn(app, app.sessions, 'ada')
    expect(await app.sessions.users.list('ada', { limit: 3 })).toHaveLength(3)
    expect(catchError(() => app.sessions.users.list('ada', { limit: 0 })).code).toBe('ERR_SESSION_CONFIG')
  })
})
