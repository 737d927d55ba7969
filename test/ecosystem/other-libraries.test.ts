// Sessions that other libraries have written are taken over by sojourn/move.
import type { RequestListener } from 'node:http'
import { describe, expect, it } from 'vitest'
import { Browser } from '../stories/harness/browser.ts'
import { importFrom, requireFrom, serve } from './harness/serve.ts'

interface Library {
  readonly listener: RequestListener
  readonly reader: object
  readonly rows?: Map<string, unknown>
}

interface Manager {
  readonly users: { list(id: string): Promise<unknown[]>; revoke(id: string): Promise<number> }
}

const APPLICATION = 'other-libraries'
const { libraries, makeApp, expiredSeal } = requireFrom<{
  libraries: Record<string, () => Promise<Library>>
  makeApp(sessions: Manager): RequestListener
  expiredSeal(): Promise<string>
}>(APPLICATION, './apps.cjs')
const { createMovedSessions } = requireFrom<{ createMovedSessions(options: object, old: object): Manager }>(APPLICATION, 'sojourn/move')
const { MemoryStore } = await importFrom<{
  MemoryStore: new (options: object) => { list(operation: { now: number }): Promise<{ entries: readonly unknown[] }> }
}>(APPLICATION, 'node_modules/sojourn/dist/stores/memory.js')

const DATA = { userId: 'ada', cart: ['tea', { size: 'xl' }] }

describe.each(Object.entries(libraries))('%s', (_, open) => {
  /** A visitor who has logged in with the library, and the application after the move. */
  async function start() {
    const { listener, reader, rows } = await open()
    const store = new MemoryStore({ max: Number.POSITIVE_INFINITY })
    const sessions = createMovedSessions({ store }, reader)
    const [before, after] = [new Browser(await serve(listener)), await serve(makeApp(sessions))]
    await before.get('/')
    const copy = (): Browser => withCookies(new Browser(after), before.cookies)
    return { sessions, store, rows, copy, old: [...before.cookies.keys()] }
  }

  it('keeps who is logged in and the data, and its cookie is deleted', async () => {
    const { copy, old, rows } = await start()
    const visitor = copy()
    const { body } = await visitor.get('/')
    expect(JSON.parse(body)).toEqual(DATA)
    expect([...visitor.cookies.keys()]).toEqual(['sid'])
    expect(old.length).toBeGreaterThan(0)
    expect(rows?.size ?? 0).toBe(0)
    const { setCookies } = await visitor.get('/')
    expect(setCookies).toEqual([])
    expect(JSON.parse((await visitor.get('/set/color')).body)).toEqual({ ...DATA, color: 1 })
  })

  it('makes one session of parallel first requests', async () => {
    const { copy, sessions } = await start()
    const visitors = ['a', 'b', 'c', 'd'].map((name) => ({ name, browser: copy() }))
    await Promise.all(visitors.map(({ name, browser }) => browser.get(`/set/${name}`)))
    for (const { browser } of visitors) expect(JSON.parse((await browser.get('/')).body)).toEqual({ ...DATA, a: 1, b: 1, c: 1, d: 1 })
    expect(await sessions.users.list('ada')).toHaveLength(1)
  })

  it('a logout is final, also for a copy of its cookie', async () => {
    const { copy } = await start()
    await copy().get('/logout')
    expect((await copy().get('/')).body).toBe('{}')
  })

  it('the sessions of a user who was logged out everywhere before are not taken over', async () => {
    const { copy, sessions } = await start()
    await sessions.users.revoke('ada')
    expect((await copy().get('/')).body).toBe('{}')
  })

  it('a forged cookie leads to no session, and a logout with it stores nothing', async () => {
    const { copy, store, old } = await start()
    const visitor = copy()
    for (const name of old) visitor.cookies.set(name, `${visitor.cookies.get(name)?.slice(0, -3)}xyz`)
    expect((await visitor.get('/logout')).body).toBe('{}')
    expect((await store.list({ now: 0 })).entries).toEqual([])
    expect(JSON.parse((await copy().get('/')).body)).toEqual(DATA)
  })
})

it('an expired seal of iron-session leads to no session', async () => {
  const { reader } = await (libraries['iron-session'] as () => Promise<Library>)()
  const sessions = createMovedSessions({ store: new MemoryStore({ max: Number.POSITIVE_INFINITY }) }, reader)
  const visitor = new Browser(await serve(makeApp(sessions)))
  visitor.cookies.set('site', await expiredSeal())
  expect((await visitor.get('/')).body).toBe('{}')
})

function withCookies(browser: Browser, cookies: ReadonlyMap<string, string>): Browser {
  for (const [name, value] of cookies) browser.cookies.set(name, value)
  return browser
}

const passports = requireFrom<Record<string, (sessions: unknown) => Promise<RequestListener>>>(APPLICATION, './passport.cjs')
const { createSessions } = requireFrom<{ createSessions(options: object): Manager }>(APPLICATION, 'sojourn')

it.each([
  ['@fastify/passport', 'fastify'],
  ['koa-passport', 'koa'],
])('%s checks the password, and the session keeps the user', async (_, framework) => {
  const sessions = createSessions({ store: new MemoryStore({}) })
  const visitor = new Browser(await serve(await (passports[framework] as (typeof passports)[string])(sessions)))
  const login = (password: string): ReturnType<Browser['request']> =>
    visitor.request('POST', '/login', {
      body: `username=ada&password=${password}`,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    })
  expect((await login('wrong')).status).toBe(401)
  expect((await visitor.get('/')).body).toBe('null')
  expect((await login('lovelace')).status).toBe(302)
  expect((await visitor.get('/')).body).toBe('"ada"')
  expect(await sessions.users.list('ada')).toHaveLength(1)
  await visitor.request('POST', '/logout', {})
  expect((await visitor.get('/')).body).toBe('null')
})
