import { describe, expect, it } from 'vitest'
import { MemoryStore } from '../../../src/stores/memory.ts'
import { rejection } from '../../core/fixture.ts'
import { incoming } from '../../incoming.ts'
import { CookieWorld, Jar, rowsOf } from './cookie-fixture.ts'

const NAME = '__Host-sid'
/** Text that does not get shorter. */
const noise = (length: number): string =>
  Array.from({ length: Math.ceil(length / 36) }, () => crypto.randomUUID())
    .join('')
    .slice(0, length)
const pieces = (jar: Jar): string[] => [...jar.cookies.keys()]

describe('a session that one cookie cannot hold', () => {
  it('travels in several, none over what browsers take, and comes back', async () => {
    const world = new CookieWorld({ maxSize: 12_288 })
    const text = noise(8000)
    const cookies = await world.visit((session) => session.set('text', text))
    expect(pieces(world.jar)).toEqual([NAME, `${NAME}.1`, `${NAME}.2`])
    for (const cookie of cookies) {
      expect(cookie.length).toBeLessThanOrEqual(4096)
      expect(cookie).toMatch(/; Max-Age=2592000; Path=\/; HttpOnly; Secure; SameSite=Lax$/)
    }
    expect(await world.read()).toEqual({ text })
    expect(await world.read(new Jar([...world.jar.cookies].toReversed()))).toEqual({ text })
  })

  it('fills its cookies whatever attributes they have', async () => {
    const cookie = {
      path: `/${'p'.repeat(1000)}`,
      domain: `${'d'.repeat(60)}.example.com`,
      secure: true,
      sameSite: 'none',
      partitioned: true,
    } as const
    const world = new CookieWorld({ maxSize: 12_288 }, { cookie })
    const cookies = await world.visit((session) => session.set('text', noise(8000)))
    for (const each of cookies) expect(each.length).toBeLessThanOrEqual(4096)
    expect((await world.read())['text']).toHaveLength(8000)
  })

  it('gives back the cookies it does not need any more', async () => {
    const world = new CookieWorld({ maxSize: 12_288 })
    await world.visit((session) => session.set('text', noise(8000)))
    await world.visit((session) => session.set('text', noise(4000)))
    expect(pieces(world.jar)).toEqual([NAME, `${NAME}.1`])
    await world.visit((session) => session.set('text', 'short'))
    expect([pieces(world.jar), await world.read()]).toEqual([[NAME], { text: 'short' }])
    await world.visit((session) => session.set('text', noise(8000)))
    await world.visit((session) => session.flush())
    expect(pieces(world.jar)).toEqual([])
  })

  it('is none when a piece is missing, of another answer, of another session, or there twice', async () => {
    const world = new CookieWorld({ maxSize: 12_288 })
    const [first, second, other] = [new Jar(), new Jar(), new Jar()]
    await world.visit((session) => session.set('text', noise(8000)), first)
    second.obey(await world.visit((session) => session.set('text', noise(8000)), first.copy()))
    await world.visit((session) => session.set('text', noise(8000)), other)
    for (const name of pieces(first)) {
      const without = first.copy()
      without.cookies.delete(name)
      expect(await world.read(without), `without ${name}`).toEqual({})
      for (const from of [second, other]) {
        const mixed = new Jar([...first.cookies, [name, from.cookies.get(name) ?? '']])
        expect(await world.read(mixed), `another ${name}`).toEqual({})
      }
    }
    const session = await world.sessions.open(incoming(`${first.header}; ${NAME}.1=${second.cookies.get(`${NAME}.1`)}`))
    expect(session.size).toBe(0)
    const both = await world.sessions.open(incoming(`${NAME}=a; ${first.header}; ${NAME}.9=b`))
    expect(both.size).toBe(1)
  })

  it('two different sessions under one name are none', async () => {
    const world = new CookieWorld()
    const other = new Jar()
    await world.visit((session) => session.set('a', 1))
    await world.visit((session) => session.set('a', 2), other)
    const session = await world.sessions.open(incoming(`${world.jar.header}; ${other.header}`))
    expect(session.size).toBe(0)
    expect(world.events.at(-1)).toMatchObject({ type: 'absent', reason: 'two-cookies' })
  })

  it('what is over `maxSize` is refused before anything is sent, and names the largest property; the cookie there is stays good', async () => {
    const world = new CookieWorld()
    await world.visit((session) => session.set('small', 1))
    const { session, finish } = await world.begin()
    session.set('medium', noise(500))
    session.set('large', noise(7000))
    const error = await rejection(finish())
    expect(error).toMatchObject({ code: 'ERR_SESSION_COOKIE_TOO_LARGE', status: 500, limit: 6144, property: 'large' })
    expect(error.message).toContain('"large"')
    expect(world.sessions.headers(session).getSetCookie()).toEqual([])
    expect(await world.read()).toEqual({ small: 1 })
  })

  it('what does not fit renews and ends nothing either', async () => {
    const revocation = new MemoryStore()
    const world = new CookieWorld({ revocation })
    await world.visit((session) => session.set('small', 1))
    const { session, finish } = await world.begin()
    session.login('ada')
    session.set('large', noise(7000))
    expect((await rejection(finish())).code).toBe('ERR_SESSION_COOKIE_TOO_LARGE')
    expect([await world.read(), await rowsOf(revocation)]).toEqual([{ small: 1 }, 0])
  })

  it('fits more when it is compressed', async () => {
    const world = new CookieWorld({ compress: true })
    await world.visit((session) => session.set('text', 'again and again '.repeat(2000)))
    expect([(await world.read())['text'], world.jar.size < 1000]).toEqual(['again and again '.repeat(2000), true])
    const plain = world.manager()
    expect(Object.keys(await world.read(world.jar, plain))).toEqual(['text'])
  })

  it('another manager cannot be named like a piece', async () => {
    const world = new CookieWorld()
    expect(() => world.manager({}, { cookie: { name: 'sid.1' } })).toThrow(expect.objectContaining({ code: 'ERR_SESSION_CONFIG' }))
  })
})
