import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { CookieStore } from '../../../src/stores/cookie.ts'
import { DAY, HOUR, rejection, START, thrown } from '../../core/fixture.ts'
import { CookieFixture, Jar } from './cookie-fixture.ts'
import { OLDER_SECRET, SECRET } from './cookie-secret.ts'
import { revocationRows } from './revocation-rows.ts'

const NAME = '__Host-sid'

describe('a session in a cookie', () => {
  it('is kept and changed, and deleted properties stay deleted', async () => {
    const fixture = new CookieFixture()
    await fixture.request((session) => session.assign({ darkMode: true, cart: ['bread'], birthday: new Date(0) }))
    expect(await fixture.read()).toEqual({ darkMode: true, cart: ['bread'], birthday: new Date(0) })
    await fixture.request((session) => {
      session.delete('darkMode')
      session.push('cart', 'milk')
    })
    expect(await fixture.read()).toEqual({ cart: ['bread', 'milk'], birthday: new Date(0) })
    await fixture.request((session) => session.clear())
    expect(await fixture.read()).toEqual({})
  })

  it('reveals no content in the cookie, the events or the handle', async () => {
    const fixture = new CookieFixture({ revocation: revocationRows() })
    await fixture.request((session) => session.set('name', 'Ada Lovelace'))
    await fixture.request((session) => session.login('ada'))
    const [token = ''] = fixture.jar.cookies.values()
    const { session } = await fixture.openRequest()
    expect([session.id, session.handle?.length]).toEqual([token, 16])
    await fixture.request((one) => one.flush())
    const events = JSON.stringify(fixture.events)
    for (const secret of [token, 'Ada', 'Lovelace']) expect(events).not.toContain(secret)
    expect(new Set(fixture.events.map(({ handle }) => handle).filter((handle) => handle !== undefined))).toEqual(new Set([session.handle]))
    expect(atob(token.replaceAll('-', '+').replaceAll('_', '/'))).not.toMatch(/Ada|Lovelace/)
  })

  it('sends a cookie with every change, and none for a read at any time', async () => {
    const fixture = new CookieFixture()
    expect((await fixture.request((session) => session.get('a'))).length).toBe(0)
    expect((await fixture.request((session) => session.set('a', 1))).length).toBe(1)
    for (const later of [0, HOUR, 13 * DAY]) {
      fixture.clock.at = START + later
      expect(await fixture.request((session) => session.get('a'))).toEqual([])
    }
    expect((await fixture.request((session) => session.set('a', 1))).length).toBe(1)
    expect(fixture.events.filter(({ type }) => type === 'cookie-set').map(({ reason }) => reason)).toEqual(['new-data', 'new-data'])
  })

  it('expires `idle` after its last change, and at the latest after `absolute`', async () => {
    const fixture = new CookieFixture({}, { idle: '2d', absolute: '3d' })
    await fixture.request((session) => session.set('a', 1))
    fixture.clock.advance(2 * DAY - 1)
    expect(await fixture.request((session) => session.get('a'))).toEqual([])
    expect(await fixture.read()).toEqual({ a: 1 })
    await fixture.request((session) => session.set('a', 2))
    fixture.clock.advance(DAY)
    expect(await fixture.read()).toEqual({ a: 2 })
    fixture.clock.advance(1)
    expect(await fixture.read()).toEqual({})
  })

  it('expires by an `absolute` that was shortened after it was sealed', async () => {
    const fixture = new CookieFixture()
    await fixture.request((session) => session.set('a', 1))
    fixture.clock.advance(DAY)
    expect(await fixture.read(fixture.jar, fixture.newManager({}, { idle: '1d', absolute: '1d' }))).toEqual({})
  })

  it('expires by `setExpiry`, also with the browser', async () => {
    const fixture = new CookieFixture()
    const [cookie] = await fixture.request((session) => {
      session.set('a', 1)
      session.setExpiry('browser')
    })
    expect(cookie).not.toContain('Max-Age')
    await fixture.request((session) => session.setExpiry(new Date(START + HOUR)))
    fixture.clock.advance(HOUR)
    expect(await fixture.read()).toEqual({})
  })

  it('is deleted by `flush`, and changes after it create a new session', async () => {
    const fixture = new CookieFixture()
    await fixture.request((session) => session.set('a', 1))
    const { session: before } = await fixture.openRequest()
    const handle = before.handle
    const cookies = await fixture.request((session) => {
      session.flush()
      session.set('b', 2)
    })
    expect(cookies.length).toBe(1)
    expect(await fixture.read()).toEqual({ b: 2 })
    expect((await fixture.openRequest()).session.handle).not.toBe(handle)
    await fixture.request((session) => session.flush())
    expect(fixture.jar.cookies.size).toBe(0)
  })

  it('drops the data of another user at login', async () => {
    const fixture = new CookieFixture()
    await fixture.request((session) => {
      session.login('ada')
      session.set('private', 1)
    })
    await fixture.request((session) => session.login('eve'))
    expect(await fixture.read()).toEqual({ userId: 'eve' })
  })

  it('is read by `load` with `lazy`', async () => {
    const fixture = new CookieFixture({}, { lazy: true })
    await fixture.request((session) => session.set('a', 1))
    await fixture.request(async (session) => {
      expect(thrown(() => session.get('a')).code).toBe('ERR_SESSION_NOT_LOADED')
      await session.load()
      expect(session.get('a')).toBe(1)
    })
    await fixture.request((session) => session.set('b', 2))
    await fixture.request(async (session) => {
      await session.load()
      expect(session.toObject()).toEqual({ a: 1, b: 2 })
    })
  })

  it('is sent once, in the state of the last change, after several saves', async () => {
    const fixture = new CookieFixture()
    const cookies = await fixture.request(async (session) => {
      session.set('a', 1)
      await session.save()
      session.set('b', 2)
      await session.save()
      session.set('c', 3)
    })
    expect(cookies.length).toBe(1)
    expect(await fixture.read()).toEqual({ a: 1, b: 2, c: 3 })
  })

  it('does not open for another manager with the same secret', async () => {
    const fixture = new CookieFixture()
    const admin = fixture.newManager({}, { as: 'adminSession', cookie: { name: 'admin' } })
    await fixture.request((session) => session.set('a', 1))
    const [token = ''] = fixture.jar.cookies.values()
    for (const [name, sessions] of [
      ['__Host-admin', admin],
      ['__Secure-sid', fixture.newManager({}, { cookie: { path: '/shop' } })],
      ['__Secure-sid', fixture.newManager({}, { cookie: { domain: 'example.com' } })],
    ] as const)
      expect(await fixture.read(new Jar([[name, token]]), sessions)).toEqual({})
    expect(await fixture.read(new Jar([[NAME, token]]), fixture.newManager())).toEqual({ a: 1 })
  })
})

describe('the limits of a session in a cookie', () => {
  it('of two concurrent requests, the last response replaces the whole session', async () => {
    const fixture = new CookieFixture()
    await fixture.request((session) => session.set('visits', 0))
    const [one, other] = [await fixture.openRequest(), await fixture.openRequest()]
    for (const { session } of [one, other]) session.update('visits', (visits: number) => visits + 1)
    one.session.set('one', 1)
    other.session.set('other', 1)
    await Promise.all([one.finish(), other.finish()])
    expect(await fixture.read()).toEqual({ visits: 1, other: 1 })
    expect(fixture.events.filter(({ type }) => type === 'merged')).toEqual([])
  })

  it('`claim`, `users` and `revoke` throw and name what is missing', async () => {
    const fixture = new CookieFixture()
    await fixture.request((session) => session.login('ada'))
    const { session } = await fixture.openRequest()
    const refusals = [
      await rejection(session.claim('userId')),
      await rejection(fixture.sessions.users.list('ada')),
      await rejection(fixture.sessions.users.revoke('ada')),
      await rejection(fixture.sessions.revoke(session.handle ?? '')),
      await rejection(fixture.sessions.clearExpired()),
    ]
    expect(refusals.map(({ code }) => code)).toEqual(refusals.map(() => 'ERR_SESSION_CONFIG'))
    expect(refusals[0]?.message).toContain('compareAndSwap')
    expect(refusals[3]?.message).toContain('revocation')
    expect(session.get('userId')).toBe('ada')
  })

  it('without `revocation` a copy of the cookie stays valid after the logout', async () => {
    const fixture = new CookieFixture()
    await fixture.request((session) => session.login('ada'))
    const copy = fixture.jar.copy()
    await fixture.request((session) => session.logout())
    expect([await fixture.read(), await fixture.read(copy)]).toEqual([{}, { userId: 'ada' }])
  })

  it('outside of a request it can only be read', async () => {
    const fixture = new CookieFixture()
    await fixture.request((session) => session.set('a', 1))
    const session = await fixture.sessions.load([...fixture.jar.cookies.values()][0] ?? '')
    expect(session.toObject()).toEqual({ a: 1 })
    const refused = [thrown(() => session.set('a', 2)), thrown(() => session.delete('a')), await rejection(session.save())]
    for (const { code, message } of refused)
      expect([code, message]).toEqual(['ERR_SESSION_CONFIG', expect.stringContaining('only a request')])
    expect(fixture.events.at(-1)).toMatchObject({ type: 'cookie-refused', reason: 'outside' })
  })

  it('`id` of a created session is its cookie, for tests that start logged in', async () => {
    const fixture = new CookieFixture()
    const visitor = fixture.sessions.create()
    visitor.login('ada')
    await visitor.save()
    expect(await fixture.read(new Jar([[NAME, visitor.id ?? '']]))).toEqual({ userId: 'ada' })
  })
})

describe('secrets', () => {
  it('rotate: an older secret still opens, and the first one seals the next write', async () => {
    const fixture = new CookieFixture({ secrets: OLDER_SECRET })
    await fixture.request((session) => session.set('a', 1))
    const [rotating, after] = [fixture.newManager({ secrets: [SECRET, OLDER_SECRET] }), fixture.newManager({ secrets: [SECRET] })]
    expect(await fixture.request((session) => session.get('a'), fixture.jar, rotating)).toEqual([])
    expect([await fixture.read(fixture.jar, rotating), await fixture.read(fixture.jar, after)]).toEqual([{ a: 1 }, {}])
    await fixture.request((session) => session.set('b', 2), fixture.jar, rotating)
    expect([await fixture.read(fixture.jar, after), await fixture.read()]).toEqual([{ a: 1, b: 2 }, {}])
  })

  it.each<[string, unknown]>([
    ['none', undefined],
    ['an empty one', ''],
    ['an empty list', []],
    ['a list with a hole', [SECRET, undefined]],
    ['a number', 42],
    ['31 characters', SECRET.slice(0, 31)],
    ['a placeholder', 'keyboard cat'],
    ['one that is not random', 'x'.repeat(64)],
    ['the same twice', [SECRET, SECRET]],
    ['a good and a short one', [SECRET, 'short secret']],
  ])('%s is refused with a remedy and without the secret', (_, secrets) => {
    const { code, message } = thrown(() => new CookieStore({ secrets: secrets as string }))
    expect([code, message]).toEqual(['ERR_SESSION_CONFIG', expect.stringContaining('openssl rand -base64 32')])
    expect(message).toContain('`secrets`')
    for (const secret of [SECRET.slice(0, 10), 'keyboard', 'xxx', 'short']) expect(message).not.toContain(secret)
  })

  it('are not visible in the inspected store', () => {
    const shown = inspect(new CookieStore({ secrets: SECRET }), { depth: 10, showHidden: true })
    expect(shown).not.toContain(SECRET.slice(0, 8))
    expect(shown).not.toMatch(/Uint8Array/)
  })
})

describe('options', () => {
  it.each<[string, object, RegExp]>([
    ['an unknown name', { secret: SECRET }, /option `secret` does not exist.*secrets/],
    ['a size over the maximum', { secrets: SECRET, maxSize: 12_289 }, /maxSize.*12289.*12288/],
    ['a size too small', { secrets: SECRET, maxSize: 100 }, /maxSize/],
    ['a size that is not a number', { secrets: SECRET, maxSize: '4kb' }, /maxSize/],
    ['compress that is not a boolean', { secrets: SECRET, compress: 1 }, /compress/],
    ['a revocation that is not a store', { secrets: SECRET, revocation: {} }, /revocation.*compare-and-swap/],
    ['a revocation in cookies', { secrets: SECRET, revocation: new CookieStore({ secrets: OLDER_SECRET }) }, /revocation/],
  ])('reject %s', (_, options, message) => {
    expect(thrown(() => new CookieStore(options as { secrets: string }))).toMatchObject({
      code: 'ERR_SESSION_CONFIG',
      message: expect.stringMatching(message),
    })
  })

  it('are required', () => {
    expect(thrown(() => new (CookieStore as unknown as new () => CookieStore)()).message).toContain('`secrets`')
  })
})
