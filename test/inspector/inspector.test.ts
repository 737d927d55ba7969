import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { inspector, type Operator } from '../../src/inspector/inspector.ts'
import { CookieStore } from '../../src/stores/cookie.ts'
import { MemoryStore } from '../../src/stores/memory.ts'
import { catchError, catchRejection, HOUR, TestApp } from '../core/fixture.ts'
import { ScriptedStore } from '../core/scripted-store.ts'
import { SECRET } from '../stores/cookie/cookie-secret.ts'
import { ADA, InspectedApp, URL_OF_INSPECTOR } from './inspector-fixture.ts'

const READER: Operator = { name: 'grace' }

describe('authorize', () => {
  it('is required', () => {
    const { sessions } = new TestApp()
    const error = catchError(() => inspector({ sessions } as never))
    expect(error.code).toBe('ERR_SESSION_CONFIG')
    expect(error.message).toContain('`authorize`')
  })

  it('without an operator the response is an empty 404, whatever the request', async () => {
    const { sessions } = new TestApp()
    const handler = inspector({ sessions, authorize: () => undefined })
    for (const request of [
      new Request(URL_OF_INSPECTOR),
      new Request(`${URL_OF_INSPECTOR}?session=x&confirm=revoke`, { method: 'POST' }),
    ]) {
      const response = await handler(request)
      expect([response.status, await response.text()]).toEqual([404, ''])
    }
  })

  it('can send another response, such as a redirect to a login page', async () => {
    const { sessions } = new TestApp()
    const handler = inspector({ sessions, authorize: async () => new Response(null, { status: 303, headers: { Location: '/login' } }) })
    expect((await handler(new Request(URL_OF_INSPECTOR))).headers.get('location')).toBe('/login')
  })

  it('gets the request of the framework too', async () => {
    const { sessions } = new TestApp()
    const authorize = vi.fn(() => undefined)
    const request = new Request(URL_OF_INSPECTOR)
    await inspector({ sessions, authorize })(request, { of: 'the framework' })
    expect(authorize).toHaveBeenCalledWith(request, { of: 'the framework' })
  })

  it.each([true, 'ada', {}, { name: '' }, { name: 'ada', value: true }])(
    'that returns %o is a ConfigError and shows nothing',
    async (wrong) => {
      const { sessions } = new TestApp()
      const error = await catchRejection(inspector({ sessions, authorize: () => wrong as never })(new Request(URL_OF_INSPECTOR)))
      expect(error.code).toBe('ERR_SESSION_CONFIG')
    },
  )
})

describe('the list', () => {
  it('has a link to every session, and never an id', async () => {
    const inspected = await InspectedApp.create({ cart: [1], userId: 'ada' })
    const { response, text } = await inspected.get()
    expect(response.status).toBe(200)
    expect(text).toContain(`href="?session=${inspected.handle}"`)
    expect(text).toContain('ada')
    expect(text).not.toContain(String(inspected.app.browser.id).split('.').at(-1))
  })

  it('searches by user, property, age and handle', async () => {
    const inspected = await InspectedApp.create({ cart: [1], userId: 'ada' })
    const { app, handle } = inspected
    app.clock.advance(2 * HOUR)
    const finds = async (query: Record<string, string>): Promise<boolean> =>
      (await inspected.get({ view: 'sessions', ...query })).text.includes(handle)
    for (const query of [{ user: 'ada' }, { has: 'cart' }, { olderThan: '1h' }, { idleFor: '1h' }, { handle }])
      expect([query, await finds(query)]).toEqual([query, true])
    for (const query of [{ user: 'grace' }, { has: 'theme' }, { olderThan: '3h' }, { idleFor: '3h' }])
      expect([query, await finds(query)]).toEqual([query, false])
  })

  it('has pages', async () => {
    const inspected = await InspectedApp.create({ a: 1 })
    for (let count = 0; count < 60; count++) await inspected.app.sessions.create().set('a', 1).save()
    const { text } = await inspected.get()
    const next = /href="([^"]*cursor=[^"]*)"/.exec(text)?.[1]?.replaceAll('&amp;', '&') ?? ''
    const { text: second } = await inspected.get(next.slice(1))
    const handles = [text, second].map((page) => new Set(page.match(/\?session=[^"]+/g)))
    expect(handles.map(({ size }) => size)).toEqual([50, 11])
    expect(new Set(handles.flatMap((page) => [...page])).size).toBe(61)
  })

  it.each([{ olderThan: 'soon' }, { idleFor: '5' }, { cursor: 'x' }])('answers the mistake %o with 400 and what to do', async (query) => {
    const { response, text } = await (await InspectedApp.create({ a: 1 })).get({ view: 'sessions', ...query })
    expect(response.status).toBe(400)
    expect(text).toContain('<h1>This is not possible</h1>')
  })

  it('escapes what visitors store', async () => {
    const markup = '<img src=x onerror="alert(1)">'
    const inspected = await InspectedApp.create({ [markup]: markup, userId: markup })
    for (const query of [{}, { session: inspected.handle }, { view: 'overview' }, { view: 'sessions', user: markup, has: markup }])
      expect((await inspected.get(query)).text).not.toContain('<img')
  })
})

describe('one session', () => {
  it('shows properties with values, and of a secret property only that it exists', async () => {
    const inspected = await InspectedApp.create({ cart: [{ sku: 'lamp' }], otp: '123456', since: new Date(0), tags: new Set(['a']) })
    const { text } = await inspected.get({ session: inspected.handle })
    for (const shown of ['lamp', 'otp', 'secret', '1970-01-01', 'Set']) expect(text).toContain(shown)
    expect(text).not.toContain('123456')
  })

  it('shows no value to an operator without `values`', async () => {
    const inspected = await InspectedApp.create({ cart: [{ sku: 'lamp' }] }, { operator: READER })
    const { text } = await inspected.get({ session: inspected.handle })
    expect(text).toContain('cart')
    expect(text).not.toContain('lamp')
  })

  it('that does not exist is a 404 with a page', async () => {
    const { response, text } = await (await InspectedApp.create({ a: 1 })).get({ session: 'nothing' })
    expect([response.status, text.includes('No such session')]).toEqual([404, true])
  })

  it('shows its latest events with the option `history`, and not those of another session', async () => {
    const inspected = await InspectedApp.create({ n: 1 }, { history: 5 })
    await inspected.app.sessions.create().set('elsewhere', 1).save()
    await inspected.app.request((session) => session.increment('n'))
    for (let count = 0; count < 2; count++) {
      const { text } = await inspected.get({ session: inspected.handle })
      expect(text.match(/<strong>[^<]*<\/strong>/g)).toEqual(['saved', 'loaded', 'loaded'].map((type) => `<strong>${type}</strong>`))
    }
  })

  it('keeps only as many events as the option says', async () => {
    const inspected = await InspectedApp.create({ n: 1 }, { history: 3 })
    for (let count = 0; count < 10; count++) await inspected.app.request((session) => session.increment('n'))
    const { text } = await inspected.get({ session: inspected.handle })
    expect(text.match(/<strong>/g)).toHaveLength(3)
  })
})

describe('the overview', () => {
  it('has charts with their values in tables', async () => {
    const inspected = await InspectedApp.create({ cart: [1, 2, 3] }, { history: 100 })
    const other = await inspected.app.open(inspected.app.browser, inspected.app.createManager())
    await inspected.app.request((session) => session.push('cart', 4))
    await other.set('theme', 'dark').save()
    const { text } = await inspected.get({ view: 'overview' })
    expect(text.match(/<svg[^>]*role="img"/g)).toHaveLength(4)
    expect(text).toContain('Sessions by age')
    expect(text).toMatch(/Merged conflicts[^]*<td>1<\/td>/)
    expect(text).toMatch(/Latency of commits[^]*<td>[\d.]+ ms<\/td>/)
    expect(text).not.toContain('NaN')
  })

  it('is collected again after a change', async () => {
    const inspected = await InspectedApp.create({ a: 1 })
    const sessionsOf = async (): Promise<string | undefined> =>
      /<dt>Sessions<\/dt><dd>(\d+)/.exec((await inspected.get({ view: 'overview' })).text)?.[1]
    expect(await sessionsOf()).toBe('1')
    await inspected.app.sessions.create().set('a', 1).save()
    expect(await sessionsOf()).toBe('1') // from 15 seconds ago
    await inspected.confirm({ session: inspected.handle, confirm: 'revoke' })
    expect(await sessionsOf()).toBe('1')
    inspected.app.clock.advance(16_000)
    await inspected.app.sessions.create().set('a', 1).save()
    expect(await sessionsOf()).toBe('2')
  })
})

describe('the statistics of the overview', () => {
  it('are collected once for requests at the same time', async () => {
    const inspected = await InspectedApp.create({ a: 1 })
    const list = vi.spyOn(inspected.app.memory, 'list')
    await Promise.all([inspected.get({ view: 'overview' }), inspected.get({ view: 'overview' })])
    expect(list).toHaveBeenCalledTimes(1)
  })

  it('say so if there was no time for all rows', async () => {
    const inspected = await InspectedApp.create({ a: 1 })
    vi.spyOn(AbortSignal, 'timeout').mockReturnValue(AbortSignal.abort())
    const { response, text } = await inspected.get({ view: 'overview' })
    expect(response.status).toBe(200)
    expect(text).toContain('Only the first 0 rows were read')
  })
})

describe('a second manager', () => {
  it('has its events and sessions in another inspector', async () => {
    const store = new MemoryStore()
    const [app, staff] = [new TestApp({ store }), new TestApp({ store, as: 'staff', cookie: { name: 'staff' } })]
    const handlers = [app, staff].map(({ sessions }) => inspector({ sessions, authorize: () => ADA, history: 10 }))
    const handles: string[] = []
    for (const { sessions } of [app, staff]) {
      const session = sessions.create()
      await session.set('userId', 'ada').save()
      handles.push(session.handle ?? '')
    }
    const textOf = async (index: number, query: string): Promise<string> =>
      (await handlers[index]?.(new Request(`${URL_OF_INSPECTOR}${query}`)))?.text() ?? ''
    expect(await textOf(0, '')).toContain(handles[0])
    expect(await textOf(0, '')).not.toContain(handles[1])
    expect(await textOf(1, `?session=${handles[1]}`)).toContain('<strong>created</strong>')
  })
})

describe('a change', () => {
  it('ends a session, after a page that asks, and names the operator in its event', async () => {
    const inspected = await InspectedApp.create({ a: 1 })
    const { handle, app } = inspected
    const response = await inspected.confirm({ session: handle, confirm: 'revoke' })
    expect([response.status, response.headers.get('location')]).toEqual([303, '?view=sessions&done=revoked'])
    expect((await inspected.get({ view: 'sessions', done: 'revoked' })).text).toContain('The session has ended.')
    expect(await app.read()).toEqual({})
    expect(app.events).toContainEqual(expect.objectContaining({ type: 'audit', reason: 'revoked', operator: 'ada', handle }))
  })

  it('deletes a property', async () => {
    const inspected = await InspectedApp.create({ a: 1, otp: 2 })
    const response = await inspected.confirm({ session: inspected.handle, property: 'otp', confirm: 'delete-property' })
    expect(response.headers.get('location')).toBe(`?session=${inspected.handle}&done=property-deleted`)
    const session = await inspected.app.open()
    expect([session.has('a'), session.has('otp')]).toEqual([true, false])
  })

  it('ends all sessions of a user', async () => {
    const inspected = await InspectedApp.create({ userId: 'ada' })
    await inspected.app.sessions.create().set('userId', 'ada').save()
    await inspected.confirm({ user: 'ada', confirm: 'revoke-user' })
    expect(await inspected.app.sessions.users.list('ada')).toEqual([])
    expect(await inspected.app.read()).toEqual({})
  })

  it.each([
    ['of another site', { 'sec-fetch-site': 'cross-site' }],
    ['of a sibling host', { 'sec-fetch-site': 'same-site' }],
    ['without the cookie', { cookie: '' }],
    ['with two cookies', { cookie: `sojourn-inspector=${'a'.repeat(32)}; sojourn-inspector=${'b'.repeat(32)}` }],
    ['with the cookie of another browser', { cookie: `sojourn-inspector=${'a'.repeat(32)}` }],
  ])('%s is refused', async (_name, headers) => {
    const inspected = await InspectedApp.create({ a: 1 })
    const response = await inspected.confirm({ session: inspected.handle, confirm: 'revoke' }, headers)
    expect(response.status).toBe(403)
    expect(await inspected.app.read()).toEqual({ a: 1 })
  })

  it.each([
    ['https://evil.example', 403],
    ['https://evil.shop.example.com', 403],
    ['null', 403],
    ['https://shop.example.com', 303],
  ])('of a browser without Sec-Fetch-Site and with the origin %s: %i', async (origin, status) => {
    const inspected = await InspectedApp.create({ a: 1 })
    const token = 'a'.repeat(32)
    const url = `${URL_OF_INSPECTOR}?session=${inspected.handle}&confirm=revoke`
    const headers = { origin, cookie: `sojourn-inspector=${token}` }
    expect((await inspected.handler(new Request(url, { method: 'POST', headers, body: new URLSearchParams({ token }) }))).status).toBe(
      status,
    )
    expect((await inspected.app.open()).isNew).toBe(status === 303)
  })

  it('without the token is refused, and a GET changes nothing', async () => {
    const inspected = await InspectedApp.create({ a: 1 })
    const query = { session: inspected.handle, confirm: 'revoke' }
    await inspected.get(query)
    expect((await inspected.post(query, '')).status).toBe(403)
    expect((await inspected.post(query, `token=${'x'.repeat(32)}`)).status).toBe(403)
    expect(await inspected.app.read()).toEqual({ a: 1 })
  })

  it('is refused to an operator without `changes`, and no page offers it', async () => {
    const inspected = await InspectedApp.create({ a: 1, userId: 'ada' }, { operator: READER })
    const query = { session: inspected.handle, confirm: 'revoke' }
    expect((await inspected.get(query)).response.status).toBe(403)
    const cookie = `sojourn-inspector=${'a'.repeat(32)}`
    expect((await inspected.post(query, `token=${'a'.repeat(32)}`, { cookie })).status).toBe(403)
    for (const page of [{ session: inspected.handle }, { user: 'ada' }]) expect((await inspected.get(page)).text).not.toContain('confirm=')
    expect((await inspected.app.open()).get('a')).toBe(1)
  })

  it('with a form that is too large is a 413, and one that does not exist a 400', async () => {
    const inspected = await InspectedApp.create({ a: 1 })
    expect((await inspected.post({ confirm: 'revoke' }, 'x'.repeat(20_000))).status).toBe(413)
    const { text } = await inspected.get({ session: inspected.handle, confirm: 'revoke' })
    const token = /value="([\w-]{32})"/.exec(text)?.[1] ?? ''
    expect((await inspected.post({ confirm: 'everything' }, `token=${token}`)).status).toBe(400)
  })
})

describe('every response', () => {
  it('has a strict policy, and is neither cached nor framed', async () => {
    const inspected = await InspectedApp.create({ a: 1 })
    for (const query of [{}, { session: inspected.handle }, { view: 'overview' }, { session: 'nothing' }]) {
      const { headers } = (await inspected.get(query)).response
      expect(headers.get('content-security-policy')).toMatch(/^default-src 'none'; style-src 'self'; /)
      expect(headers.get('content-security-policy')).not.toMatch(/unsafe|script-src/)
      expect([headers.get('cache-control'), headers.get('x-frame-options'), headers.get('x-content-type-options')]).toEqual([
        'no-store',
        'DENY',
        'nosniff',
      ])
    }
  })

  it('has only links that begin with a query, so it works under any prefix', async () => {
    const inspected = await InspectedApp.create({ a: 1, userId: 'ada' })
    for (const query of [
      {},
      { session: inspected.handle },
      { view: 'overview' },
      { session: inspected.handle, confirm: 'revoke' },
      { user: 'ada' },
    ]) {
      const { text } = await inspected.get(query)
      const targets = [...text.matchAll(/ (?:href|action|src)="([^"]*)"/g)].map(([, target = '']) => target)
      expect(targets.length).toBeGreaterThan(3)
      expect(targets.filter((target) => !target.startsWith('?') && target !== '#main' && target !== 'data:,')).toEqual([])
    }
  })

  it('has the style sheet under an address that changes with it', async () => {
    const inspected = await InspectedApp.create({ a: 1 })
    const { text } = await inspected.get()
    const address = /rel="stylesheet" href="\?([^"]*)"/.exec(text)?.[1] ?? ''
    const { response } = await inspected.get(address)
    expect([response.headers.get('content-type'), response.headers.get('cache-control')]).toEqual([
      'text/css; charset=utf-8',
      expect.stringContaining('immutable'),
    ])
  })

  it('refuses other methods with 405', async () => {
    const inspected = await InspectedApp.create({ a: 1 })
    const { status, headers } = await inspected.handler(new Request(URL_OF_INSPECTOR, { method: 'DELETE' }))
    expect([status, headers.get('allow')]).toEqual([405, 'GET, HEAD, POST'])
  })
})

describe('a store that fails', () => {
  beforeEach(() => void vi.spyOn(console, 'error').mockImplementation(() => undefined))
  afterEach(() => vi.restoreAllMocks())

  it('is a 503, with its error only in the log', async () => {
    const app = new TestApp({}, (memory) => new ScriptedStore(memory))
    await app.request((session) => session.set('a', 1))
    const { handle = '' } = await app.open()
    ;(app.store as ScriptedStore).on({
      load() {
        throw new Error('password authentication failed for user "shop"')
      },
    })
    const response = await inspector({ sessions: app.sessions, authorize: () => ADA })(new Request(`${URL_OF_INSPECTOR}?session=${handle}`))
    expect(response.status).toBe(503)
    expect(await response.text()).not.toContain('password authentication')
    expect(console.error).toHaveBeenCalled()
  })

  it('without a list is explained', async () => {
    const app = new TestApp({ store: new CookieStore({ secrets: [SECRET] }) })
    const response = await inspector({ sessions: app.sessions, authorize: () => ADA })(new Request(URL_OF_INSPECTOR))
    expect(response.status).toBe(400)
    expect(await response.text()).toContain('stored in the cookies')
  })
})
