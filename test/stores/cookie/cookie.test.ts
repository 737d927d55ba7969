import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { CookieStore } from '../../../src/stores/cookie.ts'
import { MemoryStore } from '../../../src/stores/memory.ts'
import { DAY, HOUR, rejection, START, thrown } from '../../core/fixture.ts'
import { CookieWorld, Jar } from './cookie-fixture.ts'
import { OLDER_SECRET, SECRET } from './cookie-secret.ts'

const NAME = '__Host-sid'

describe('a session in a cookie', () => {
  it('is kept, changed, and what was deleted stays deleted', async () => {
    const world = new CookieWorld()
    await world.visit((session) => session.assign({ darkMode: true, cart: ['bread'], born: new Date(0) }))
    expect(await world.read()).toEqual({ darkMode: true, cart: ['bread'], born: new Date(0) })
    await world.visit((session) => {
      session.delete('darkMode')
      session.push('cart', 'milk')
    })
    expect(await world.read()).toEqual({ cart: ['bread', 'milk'], born: new Date(0) })
    await world.visit((session) => session.clear())
    expect(await world.read()).toEqual({})
  })

  it('shows nothing of itself in the cookie, in events, or in its handle', async () => {
    const world = new CookieWorld({ revocation: new MemoryStore() })
    await world.visit((session) => session.set('name', 'Ada Lovelace'))
    await world.visit((session) => session.login('ada'))
    const [token = ''] = world.jar.cookies.values()
    const { session } = await world.begin()
    expect([session.id, session.handle?.length]).toEqual([token, 16])
    await world.visit((one) => one.flush())
    const told = JSON.stringify(world.events)
    for (const secret of [token, 'Ada', 'Lovelace']) expect(told).not.toContain(secret)
    expect(new Set(world.events.map(({ handle }) => handle).filter((handle) => handle !== undefined))).toEqual(new Set([session.handle]))
    expect(atob(token.replaceAll('-', '+').replaceAll('_', '/'))).not.toMatch(/Ada|Lovelace/)
  })

  it('sends a cookie with every change and none to who only reads, however late', async () => {
    const world = new CookieWorld()
    expect((await world.visit((session) => session.get('a'))).length).toBe(0)
    expect((await world.visit((session) => session.set('a', 1))).length).toBe(1)
    for (const later of [0, HOUR, 13 * DAY]) {
      world.clock.at = START + later
      expect(await world.visit((session) => session.get('a'))).toEqual([])
    }
    expect((await world.visit((session) => session.set('a', 1))).length).toBe(1)
    expect(world.events.filter(({ type }) => type === 'cookie-set').map(({ reason }) => reason)).toEqual(['new-data', 'new-data'])
  })

  it('lives `idle` from its last change, and never longer than `absolute`', async () => {
    const world = new CookieWorld({}, { idle: '2d', absolute: '3d' })
    await world.visit((session) => session.set('a', 1))
    world.clock.advance(2 * DAY - 1)
    expect(await world.visit((session) => session.get('a'))).toEqual([])
    expect(await world.read()).toEqual({ a: 1 })
    await world.visit((session) => session.set('a', 2))
    world.clock.advance(DAY)
    expect(await world.read()).toEqual({ a: 2 })
    world.clock.advance(1)
    expect(await world.read()).toEqual({})
  })

  it('does not outlive an `absolute` that was shortened since', async () => {
    const world = new CookieWorld()
    await world.visit((session) => session.set('a', 1))
    world.clock.advance(DAY)
    expect(await world.read(world.jar, world.manager({}, { idle: '1d', absolute: '1d' }))).toEqual({})
  })

  it('ends with its own expiry, and with the browser where it says so', async () => {
    const world = new CookieWorld()
    const [cookie] = await world.visit((session) => {
      session.set('a', 1)
      session.setExpiry('browser')
    })
    expect(cookie).not.toContain('Max-Age')
    await world.visit((session) => session.setExpiry(new Date(START + HOUR)))
    world.clock.advance(HOUR)
    expect(await world.read()).toEqual({})
  })

  it('after `flush` the cookie is deleted, and what is set afterwards is a session of its own', async () => {
    const world = new CookieWorld()
    await world.visit((session) => session.set('a', 1))
    const { session: before } = await world.begin()
    const handle = before.handle
    const cookies = await world.visit((session) => {
      session.flush()
      session.set('b', 2)
    })
    expect(cookies.length).toBe(1)
    expect(await world.read()).toEqual({ b: 2 })
    expect((await world.begin()).session.handle).not.toBe(handle)
    await world.visit((session) => session.flush())
    expect(world.jar.cookies.size).toBe(0)
  })

  it('drops another user’s data at login', async () => {
    const world = new CookieWorld()
    await world.visit((session) => {
      session.login('ada')
      session.set('private', 1)
    })
    await world.visit((session) => session.login('eve'))
    expect(await world.read()).toEqual({ userId: 'eve' })
  })

  it('is read when it is asked for, with `lazy`', async () => {
    const world = new CookieWorld({}, { lazy: true })
    await world.visit((session) => session.set('a', 1))
    await world.visit(async (session) => {
      expect(thrown(() => session.get('a')).code).toBe('ERR_SESSION_NOT_LOADED')
      await session.load()
      expect(session.get('a')).toBe(1)
    })
    await world.visit((session) => session.set('b', 2))
    await world.visit(async (session) => {
      await session.load()
      expect(session.toObject()).toEqual({ a: 1, b: 2 })
    })
  })

  it('saved by hand in the middle of a request, goes out as the last save left it', async () => {
    const world = new CookieWorld()
    const cookies = await world.visit(async (session) => {
      session.set('a', 1)
      await session.save()
      session.set('b', 2)
      await session.save()
      session.set('c', 3)
    })
    expect(cookies.length).toBe(1)
    expect(await world.read()).toEqual({ a: 1, b: 2, c: 3 })
  })

  it('opens for no other manager, though secret and data are the same', async () => {
    const world = new CookieWorld()
    const admin = world.manager({}, { as: 'adminSession', cookie: { name: 'admin' } })
    await world.visit((session) => session.set('a', 1))
    const [token = ''] = world.jar.cookies.values()
    for (const [name, sessions] of [
      ['__Host-admin', admin],
      ['__Secure-sid', world.manager({}, { cookie: { path: '/shop' } })],
      ['__Secure-sid', world.manager({}, { cookie: { domain: 'example.com' } })],
    ] as const)
      expect(await world.read(new Jar([[name, token]]), sessions)).toEqual({})
    expect(await world.read(new Jar([[NAME, token]]), world.manager())).toEqual({ a: 1 })
  })
})

describe('what a session in a cookie cannot do', () => {
  it('of two requests at once the last answer wins, with all it has', async () => {
    const world = new CookieWorld()
    await world.visit((session) => session.set('visits', 0))
    const [one, other] = [await world.begin(), await world.begin()]
    for (const { session } of [one, other]) session.update('visits', (visits: number) => visits + 1)
    one.session.set('one', 1)
    other.session.set('other', 1)
    await Promise.all([one.finish(), other.finish()])
    expect(await world.read()).toEqual({ visits: 1, other: 1 })
    expect(world.events.filter(({ type }) => type === 'merged')).toEqual([])
  })

  it('`claim`, the sessions of a user and a handle are refused, naming what is missing', async () => {
    const world = new CookieWorld()
    await world.visit((session) => session.login('ada'))
    const { session } = await world.begin()
    const refusals = [
      await rejection(session.claim('userId')),
      await rejection(world.sessions.users.list('ada')),
      await rejection(world.sessions.users.revoke('ada')),
      await rejection(world.sessions.revoke(session.handle ?? '')),
      await rejection(world.sessions.clearExpired()),
    ]
    expect(refusals.map(({ code }) => code)).toEqual(refusals.map(() => 'ERR_SESSION_CONFIG'))
    expect(refusals[0]?.message).toContain('compareAndSwap')
    expect(refusals[3]?.message).toContain('revocation')
    expect(session.get('userId')).toBe('ada')
  })

  it('without `revocation` a copy outlives the logout, as the documentation says', async () => {
    const world = new CookieWorld()
    await world.visit((session) => session.login('ada'))
    const copy = world.jar.copy()
    await world.visit((session) => session.logout())
    expect([await world.read(), await world.read(copy)]).toEqual([{}, { userId: 'ada' }])
  })

  it('outside of a request it can be read and not changed', async () => {
    const world = new CookieWorld()
    await world.visit((session) => session.set('a', 1))
    const session = await world.sessions.load([...world.jar.cookies.values()][0] ?? '')
    expect(session.toObject()).toEqual({ a: 1 })
    const refused = [thrown(() => session.set('a', 2)), thrown(() => session.delete('a')), await rejection(session.save())]
    for (const { code, message } of refused)
      expect([code, message]).toEqual(['ERR_SESSION_CONFIG', expect.stringContaining('only a request')])
    expect(world.events.at(-1)).toMatchObject({ type: 'cookie-refused', reason: 'outside' })
  })

  it('one made by hand has its cookie in `id`, for tests that begin logged in', async () => {
    const world = new CookieWorld()
    const visitor = world.sessions.create()
    visitor.login('ada')
    await visitor.save()
    expect(await world.read(new Jar([[NAME, visitor.id ?? '']]))).toEqual({ userId: 'ada' })
  })
})

describe('secrets', () => {
  it('a new one is put in front of the old: what was sealed before opens, and is sealed anew when it is written', async () => {
    const world = new CookieWorld({ secrets: OLDER_SECRET })
    await world.visit((session) => session.set('a', 1))
    const [rotating, after] = [world.manager({ secrets: [SECRET, OLDER_SECRET] }), world.manager({ secrets: [SECRET] })]
    expect(await world.visit((session) => session.get('a'), world.jar, rotating)).toEqual([])
    expect([await world.read(world.jar, rotating), await world.read(world.jar, after)]).toEqual([{ a: 1 }, {}])
    await world.visit((session) => session.set('b', 2), world.jar, rotating)
    expect([await world.read(world.jar, after), await world.read()]).toEqual([{ a: 1, b: 2 }, {}])
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
  ])('%s is refused at once, told how to make one, and never shown', (_, secrets) => {
    const { code, message } = thrown(() => new CookieStore({ secrets: secrets as string }))
    expect([code, message]).toEqual(['ERR_SESSION_CONFIG', expect.stringContaining('openssl rand -base64 32')])
    expect(message).toContain('`secrets`')
    for (const secret of [SECRET.slice(0, 10), 'keyboard', 'xxx', 'short']) expect(message).not.toContain(secret)
  })

  it('are not shown by whoever prints the store', () => {
    const shown = inspect(new CookieStore({ secrets: SECRET }), { depth: 10, showHidden: true })
    expect(shown).not.toContain(SECRET.slice(0, 8))
    expect(shown).not.toMatch(/Uint8Array/)
  })
})

describe('options', () => {
  it.each<[string, object, RegExp]>([
    ['a name that is none', { secret: SECRET }, /option `secret` does not exist.*secrets/],
    ['a size over what servers take', { secrets: SECRET, maxSize: 12_289 }, /maxSize.*12289.*12288/],
    ['a size too small', { secrets: SECRET, maxSize: 100 }, /maxSize/],
    ['a size that is none', { secrets: SECRET, maxSize: '4kb' }, /maxSize/],
    ['compress that is neither', { secrets: SECRET, compress: 1 }, /compress/],
    ['a revocation that is no store', { secrets: SECRET, revocation: {} }, /revocation.*compare-and-swap/],
    ['a revocation in cookies', { secrets: SECRET, revocation: new CookieStore({ secrets: OLDER_SECRET }) }, /revocation/],
  ])('%s is refused', (_, options, message) => {
    expect(thrown(() => new CookieStore(options as { secrets: string }))).toMatchObject({
      code: 'ERR_SESSION_CONFIG',
      message: expect.stringMatching(message),
    })
  })

  it('none at all is refused', () => {
    expect(thrown(() => new (CookieStore as unknown as new () => CookieStore)()).message).toContain('`secrets`')
  })
})
