import { describe, expect, it } from 'vitest'
import { rejection } from '../../core/fixture.ts'
import { incoming } from '../../helpers/incoming.ts'
import { CookieFixture, countRows, Jar } from './cookie-fixture.ts'
import { revocationRows } from './revocation-rows.ts'

const NAME = '__Host-sid'
/** Returns text that does not compress. */
const randomText = (length: number): string =>
  Array.from({ length: Math.ceil(length / 36) }, () => crypto.randomUUID())
    .join('')
    .slice(0, length)
const cookieNames = (jar: Jar): string[] => [...jar.cookies.keys()]

describe('a session that does not fit in one cookie', () => {
  it('is sent in several cookies of at most 4096 bytes, and read again', async () => {
    const fixture = new CookieFixture({ maxSize: 12_288 })
    const text = randomText(8000)
    const cookies = await fixture.request((session) => session.set('text', text))
    expect(cookieNames(fixture.jar)).toEqual([NAME, `${NAME}.1`, `${NAME}.2`])
    for (const cookie of cookies) {
      expect(cookie.length).toBeLessThanOrEqual(4096)
      expect(cookie).toMatch(/; Max-Age=2592000; Path=\/; HttpOnly; Secure; SameSite=Lax$/)
    }
    expect(await fixture.read()).toEqual({ text })
    expect(await fixture.read(new Jar([...fixture.jar.cookies].toReversed()))).toEqual({ text })
  })

  it('is split with respect to the attributes of the cookies', async () => {
    const cookie = {
      path: `/${'p'.repeat(1000)}`,
      domain: `${'d'.repeat(60)}.example.com`,
      secure: true,
      sameSite: 'none',
      partitioned: true,
    } as const
    const fixture = new CookieFixture({ maxSize: 12_288 }, { cookie })
    const cookies = await fixture.request((session) => session.set('text', randomText(8000)))
    for (const each of cookies) expect(each.length).toBeLessThanOrEqual(4096)
    expect((await fixture.read())['text']).toHaveLength(8000)
  })

  it('deletes the cookies it no longer needs', async () => {
    const fixture = new CookieFixture({ maxSize: 12_288 })
    await fixture.request((session) => session.set('text', randomText(8000)))
    await fixture.request((session) => session.set('text', randomText(4000)))
    expect(cookieNames(fixture.jar)).toEqual([NAME, `${NAME}.1`])
    await fixture.request((session) => session.set('text', 'short'))
    expect([cookieNames(fixture.jar), await fixture.read()]).toEqual([[NAME], { text: 'short' }])
    await fixture.request((session) => session.set('text', randomText(8000)))
    await fixture.request((session) => session.flush())
    expect(cookieNames(fixture.jar)).toEqual([])
  })

  it('is not accepted when a chunk is missing, duplicated, or from another response or session', async () => {
    const fixture = new CookieFixture({ maxSize: 12_288 })
    const [first, second, other] = [new Jar(), new Jar(), new Jar()]
    await fixture.request((session) => session.set('text', randomText(8000)), first)
    second.apply(await fixture.request((session) => session.set('text', randomText(8000)), first.copy()))
    await fixture.request((session) => session.set('text', randomText(8000)), other)
    for (const name of cookieNames(first)) {
      const without = first.copy()
      without.cookies.delete(name)
      expect(await fixture.read(without), `without ${name}`).toEqual({})
      for (const from of [second, other]) {
        const mixed = new Jar([...first.cookies, [name, from.cookies.get(name) ?? '']])
        expect(await fixture.read(mixed), `another ${name}`).toEqual({})
      }
    }
    const session = await fixture.sessions.open(incoming(`${first.header}; ${NAME}.1=${second.cookies.get(`${NAME}.1`)}`))
    expect(session.size).toBe(0)
    const both = await fixture.sessions.open(incoming(`${NAME}=a; ${first.header}; ${NAME}.9=b`))
    expect(both.size).toBe(1)
  })

  it('is not accepted when the request has another session under the same name', async () => {
    const fixture = new CookieFixture()
    const other = new Jar()
    await fixture.request((session) => session.set('a', 1))
    await fixture.request((session) => session.set('a', 2), other)
    const session = await fixture.sessions.open(incoming(`${fixture.jar.header}; ${other.header}`))
    expect(session.size).toBe(0)
    expect(fixture.events.at(-1)).toMatchObject({ type: 'absent', reason: 'two-cookies' })
  })

  it('over `maxSize` is refused before anything is sent, with its largest property, and the old cookie stays valid', async () => {
    const fixture = new CookieFixture()
    await fixture.request((session) => session.set('small', 1))
    const { session, finish } = await fixture.openRequest()
    session.set('medium', randomText(500))
    session.set('large', randomText(7000))
    const error = await rejection(finish())
    expect(error).toMatchObject({ code: 'ERR_SESSION_COOKIE_TOO_LARGE', status: 500, limit: 6144, property: 'large' })
    expect(error.message).toContain('"large"')
    expect(fixture.sessions.headers(session).getSetCookie()).toEqual([])
    expect(await fixture.read()).toEqual({ small: 1 })
  })

  it('over `maxSize` renews no id and ends no session', async () => {
    const revocation = revocationRows()
    const fixture = new CookieFixture({ revocation })
    await fixture.request((session) => session.set('small', 1))
    const { session, finish } = await fixture.openRequest()
    session.login('ada')
    session.set('large', randomText(7000))
    expect((await rejection(finish())).code).toBe('ERR_SESSION_COOKIE_TOO_LARGE')
    expect([await fixture.read(), await countRows(revocation)]).toEqual([{ small: 1 }, 0])
  })

  it('holds more data with `compress`', async () => {
    const fixture = new CookieFixture({ compress: true })
    await fixture.request((session) => session.set('text', 'again and again '.repeat(2000)))
    expect([(await fixture.read())['text'], fixture.jar.size < 1000]).toEqual(['again and again '.repeat(2000), true])
    const plain = fixture.newManager()
    expect(Object.keys(await fixture.read(fixture.jar, plain))).toEqual(['text'])
  })

  it('prevents another manager from having the name of a chunk', async () => {
    const fixture = new CookieFixture()
    expect(() => fixture.newManager({}, { cookie: { name: 'sid.1' } })).toThrow(expect.objectContaining({ code: 'ERR_SESSION_CONFIG' }))
  })
})
