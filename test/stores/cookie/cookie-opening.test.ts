import { describe, expect, it } from 'vitest'
import { jsonCodec } from '../../../src/codecs/json.ts'
import { NotLoadedError, type Session } from '../../../src/index.ts'
import { MemoryStore } from '../../../src/stores/memory.ts'
import { DAY, rejection, thrown } from '../../core/fixture.ts'
import { CookieWorld, Jar } from './cookie-fixture.ts'

const NAME = '__Host-sid'

/** A world whose browser has a session, and that has told nothing yet. */
async function begun(...options: ConstructorParameters<typeof CookieWorld>): Promise<CookieWorld> {
  const world = new CookieWorld(...options)
  await world.visit((session) => session.set('a', 1))
  world.events.length = 0
  return world
}

const told = (world: CookieWorld): string[] => world.events.splice(0).map(({ type, reason }) => `${type}:${reason}`)

describe('a session in a cookie is opened', () => {
  it('when its request first looks at it, and once', async () => {
    const world = await begun()
    const { session, finish } = await world.begin()
    expect(told(world)).toEqual([])
    expect([session.get('a'), session.get('a'), session.isNew]).toEqual([1, 1, false])
    expect(told(world)).toEqual(['loaded:found'])
    await finish()
    expect(told(world)).toEqual(['unchanged:read-only'])
  })

  it('once, though a listener looks at it while it is told', async () => {
    const seen: unknown[] = []
    const world = await begun({}, { onEvent: ({ type }) => type === 'loaded' && seen.push(type, session.get('a')) })
    const { session } = await world.begin()
    expect([session.get('a'), seen]).toEqual([1, ['loaded', undefined]])
  })

  it('not at all by a request that does not look', async () => {
    const world = await begun()
    const { session, finish } = await world.begin()
    expect([session.accessed, session.modified]).toEqual([false, false])
    expect(await finish()).toEqual([])
    expect(world.sessions.headers(session).has('Vary')).toBe(false)
    expect(world.events).toEqual([{ type: 'unchanged', reason: 'not-used' }])
  })

  it('to be changed without having been read', async () => {
    const world = await begun()
    await world.visit((session) => session.set('b', 2))
    expect(told(world)).toEqual(['loaded:found', 'saved:changed', 'cookie-set:new-data'])
    expect(await world.read()).toEqual({ a: 1, b: 2 })
  })

  it.each<[string, (session: Session<any>) => unknown, unknown]>([
    ['in', (session) => 'a' in session.data, true],
    ['keys', (session) => [...session.keys()], ['a']],
    ['isNew', (session) => session.isNew, false],
    ['loadError', (session) => session.loadError, undefined],
    ['endsWithBrowser', (session) => session.endsWithBrowser, false],
    ['pop', (session) => session.pop('a'), 1],
    ['flashed', (session) => session.flashed('none'), undefined],
  ])('by whatever asks first: %s', async (_, ask, answer) => {
    const world = await begun()
    const { session } = await world.begin()
    expect(ask(session)).toEqual(answer)
    expect(told(world)).toEqual(['loaded:found'])
  })

  it('by a flush, which deletes the cookie and starts anew', async () => {
    const world = await begun()
    const setCookies = await world.visit((session) => {
      session.flush()
      expect([session.isNew, session.get('a')]).toEqual([false, undefined])
    })
    expect(setCookies.join()).toMatch(/^__Host-sid=;/)
    expect(world.jar.size).toBe(0)
  })

  it('after the response has started too, to be read', async () => {
    const world = await begun()
    const { session, finish } = await world.begin()
    await finish()
    expect(session.get('a')).toBe(1)
    expect(thrown(() => session.set('a', 2))).toMatchObject({ code: 'ERR_SESSION_HEADERS_SENT' })
  })

  it('as it was when its request came, though it be looked at later', async () => {
    const world = await begun({}, { idle: '1d' })
    const { session, finish } = await world.begin()
    world.clock.advance(DAY)
    expect(session.get('a')).toBe(1)
    session.set('a', 2)
    expect(await rejection(finish())).toMatchObject({ code: 'ERR_SESSION_ENDED' })
    expect(await world.read()).toEqual({})
  })

  it.each([
    ['malformed-cookie', new Jar([[NAME, '1nonsense']])],
    ['malformed-cookie', new Jar([[NAME, 'a.2']])],
    ['no-cookie', new Jar()],
  ])('where there is none, that is told: %s', async (reason, jar) => {
    const world = await begun()
    const { session, finish } = await world.begin(jar)
    expect([session.isNew, session.get('a')]).toEqual([true, undefined])
    await finish()
    expect(told(world)).toEqual([`absent:${reason}`, 'unchanged:read-only'])
  })

  it('and has failed where its codec throws: nothing takes its place', async () => {
    const world = await begun()
    const decode = (): never => {
      throw new Error('no key to read it with')
    }
    const failing = world.manager({}, { codec: { ...jsonCodec, decode } })
    const { session, finish } = await world.begin(world.jar, failing)
    const refusal = { code: 'ERR_SESSION_STORE', cause: { message: 'no key to read it with' } }
    expect(thrown(() => session.get('a'))).toMatchObject(refusal)
    expect(thrown(() => session.set('a', 2))).toMatchObject(refusal)
    expect(session.loadError).toMatchObject(refusal)
    expect(await finish()).toEqual([])
    expect(await world.read()).toEqual({ a: 1 })
  })

  it('at once where its revocations have to be asked', async () => {
    const world = await begun({ revocation: new MemoryStore() })
    await world.begin()
    expect(told(world)).toEqual(['loaded:found'])
  })

  it('with `lazy` only by `load`, and is then not new', async () => {
    const world = await begun({}, { lazy: true })
    const { session } = await world.begin()
    expect(thrown(() => session.get('a'))).toBeInstanceOf(NotLoadedError)
    await session.load()
    expect([session.get('a'), session.isNew]).toEqual([1, false])
  })
})
