import { describe, expect, it } from 'vitest'
import { jsonCodec } from '../../../src/codecs/json.ts'
import { NotLoadedError, type Session } from '../../../src/index.ts'
import { DAY, rejection, thrown } from '../../core/fixture.ts'
import { CookieFixture, Jar } from './cookie-fixture.ts'
import { revocationRows } from './revocation-rows.ts'

const NAME = '__Host-sid'

/** Returns a fixture whose browser has a session, without its events. */
async function newFixture(...options: ConstructorParameters<typeof CookieFixture>): Promise<CookieFixture> {
  const fixture = new CookieFixture(...options)
  await fixture.request((session) => session.set('a', 1))
  fixture.events.length = 0
  return fixture
}

const takeEvents = (fixture: CookieFixture): string[] => fixture.events.splice(0).map(({ type, reason }) => `${type}:${reason}`)

describe('a session in a cookie', () => {
  it('decodes the cookie once, when the request first uses the session', async () => {
    const fixture = await newFixture()
    const { session, finish } = await fixture.openRequest()
    expect(takeEvents(fixture)).toEqual([])
    expect([session.get('a'), session.get('a'), session.isNew]).toEqual([1, 1, false])
    expect(takeEvents(fixture)).toEqual(['loaded:found'])
    await finish()
    expect(takeEvents(fixture)).toEqual(['unchanged:read-only'])
  })

  it('decodes the cookie once, even if a listener uses the session during the event', async () => {
    const seen: unknown[] = []
    const fixture = await newFixture({}, { onEvent: ({ type }) => type === 'loaded' && seen.push(type, session.get('a')) })
    const { session } = await fixture.openRequest()
    expect([session.get('a'), seen]).toEqual([1, ['loaded', undefined]])
  })

  it('does not decode an unused cookie', async () => {
    const fixture = await newFixture()
    const { session, finish } = await fixture.openRequest()
    expect([session.accessed, session.modified]).toEqual([false, false])
    expect(await finish()).toEqual([])
    expect(fixture.sessions.headers(session).has('Vary')).toBe(false)
    expect(fixture.events).toEqual([{ type: 'unchanged', reason: 'not-used' }])
  })

  it('decodes the cookie for a change without a read', async () => {
    const fixture = await newFixture()
    await fixture.request((session) => session.set('b', 2))
    expect(takeEvents(fixture)).toEqual(['loaded:found', 'saved:changed', 'cookie-set:new-data'])
    expect(await fixture.read()).toEqual({ a: 1, b: 2 })
  })

  it.each<[string, (session: Session<any>) => unknown, unknown]>([
    ['in', (session) => 'a' in session.data, true],
    ['keys', (session) => [...session.keys()], ['a']],
    ['isNew', (session) => session.isNew, false],
    ['loadError', (session) => session.loadError, undefined],
    ['endsWithBrowser', (session) => session.endsWithBrowser, false],
    ['pop', (session) => session.pop('a'), 1],
    ['flashed', (session) => session.flashed('none'), []],
  ])('by any first use: %s', async (_, use, result) => {
    const fixture = await newFixture()
    const { session } = await fixture.openRequest()
    expect(use(session)).toEqual(result)
    expect(takeEvents(fixture)).toEqual(['loaded:found'])
  })

  it('decodes the cookie for a flush, which deletes it', async () => {
    const fixture = await newFixture()
    const setCookies = await fixture.request((session) => {
      session.flush()
      expect([session.isNew, session.get('a')]).toEqual([false, undefined])
    })
    expect(setCookies.join()).toMatch(/^__Host-sid=;/)
    expect(fixture.jar.size).toBe(0)
  })

  it('decodes the cookie for a read after the response has started', async () => {
    const fixture = await newFixture()
    const { session, finish } = await fixture.openRequest()
    await finish()
    expect(session.get('a')).toBe(1)
    expect(thrown(() => session.set('a', 2))).toMatchObject({ code: 'ERR_SESSION_HEADERS_SENT' })
  })

  it('has the state at the start of its request, even if it is used later', async () => {
    const fixture = await newFixture({}, { idle: '1d' })
    const { session, finish } = await fixture.openRequest()
    fixture.clock.advance(DAY)
    expect(session.get('a')).toBe(1)
    session.set('a', 2)
    expect(await rejection(finish())).toMatchObject({ code: 'ERR_SESSION_ENDED' })
    expect(await fixture.read()).toEqual({})
  })

  it.each([
    ['malformed-cookie', new Jar([[NAME, '1nonsense']])],
    ['malformed-cookie', new Jar([[NAME, 'a.2']])],
    ['no-cookie', new Jar()],
  ])('or reported as absent: %s', async (reason, jar) => {
    const fixture = await newFixture()
    const { session, finish } = await fixture.openRequest(jar)
    expect([session.isNew, session.get('a')]).toEqual([true, undefined])
    await finish()
    expect(takeEvents(fixture)).toEqual([`absent:${reason}`, 'unchanged:read-only'])
  })

  it('fails if the codec throws, and is not replaced by a new session', async () => {
    const fixture = await newFixture()
    const decode = (): never => {
      throw new Error('the key is missing')
    }
    const failing = fixture.newManager({}, { codec: { ...jsonCodec, decode } })
    const { session, finish } = await fixture.openRequest(fixture.jar, failing)
    const refusal = { code: 'ERR_SESSION_STORE', cause: { message: 'the key is missing' } }
    expect(thrown(() => session.get('a'))).toMatchObject(refusal)
    expect(thrown(() => session.set('a', 2))).toMatchObject(refusal)
    expect(session.loadError).toMatchObject(refusal)
    expect(await finish()).toEqual([])
    expect(await fixture.read()).toEqual({ a: 1 })
  })

  it('at once with `revocation`', async () => {
    const fixture = await newFixture({ revocation: revocationRows() })
    await fixture.openRequest()
    expect(takeEvents(fixture)).toEqual(['loaded:found'])
  })

  it('is decoded only by `load` with `lazy`, and is then not new', async () => {
    const fixture = await newFixture({}, { lazy: true })
    const { session } = await fixture.openRequest()
    expect(thrown(() => session.get('a'))).toBeInstanceOf(NotLoadedError)
    await session.load()
    expect([session.get('a'), session.isNew]).toEqual([1, false])
  })
})
