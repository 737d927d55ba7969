import { describe, expect, it } from 'vitest'
import { type CookieJar, createSessions, type JarCookieOptions, type SessionOptions, type Sessions } from '../../src/index.ts'
import { CookieStore } from '../../src/stores/cookie.ts'
import { MemoryStore } from '../../src/stores/memory.ts'

/** A cookie that was written. */
type Write = readonly [name: string, value: string, options: JarCookieOptions]

/** The cookies of a browser, and what requests have written to them. */
class Cookies {
  readonly values: Map<string, string> = new Map()
  readonly writes: Write[] = []

  /** The jar of the next request. */
  jar(request?: CookieJar['request']): CookieJar {
    return {
      read: (name) => this.values.get(name),
      write: (name, value, options) => {
        this.writes.push([name, value, options])
        if (options.maxAge === 0) this.values.delete(name)
        else this.values.set(name, value)
      },
      ...(request === undefined ? {} : { request }),
    }
  }
}

function createManager(options: Partial<SessionOptions> = {}): Sessions {
  return createSessions({ store: new MemoryStore(), ...options })
}

describe('a cookie jar', () => {
  it('gets the cookie of a new session when the request commits, and its next request finds the session', async () => {
    const sessions = createManager()
    const cookies = new Cookies()
    const session = await sessions.open(cookies.jar())
    session.set('name', 'ada')
    expect(cookies.writes).toEqual([])
    const headers = await sessions.commit(session, { status: 200 })
    expect(cookies.writes).toEqual([
      ['__Host-sid', session.id, { path: '/', httpOnly: true, secure: true, sameSite: 'lax', maxAge: 2_592_000 }],
    ])
    expect([...headers]).toEqual([['vary', 'Cookie']])
    expect((await sessions.open(cookies.jar())).get('name')).toBe('ada')
  })

  it('is written when an id begins or ends, and at no other commit', async () => {
    const sessions = createManager()
    const cookies = new Cookies()
    const visit = async (act: (session: Awaited<ReturnType<Sessions['open']>>) => void): Promise<number> => {
      const before = cookies.writes.length
      const session = await sessions.open(cookies.jar())
      act(session)
      await sessions.commit(session, { status: 200 })
      return cookies.writes.length - before
    }
    expect(await visit((session) => session.get('name'))).toBe(0)
    expect(await visit((session) => session.set('name', 'ada'))).toBe(1)
    expect(await visit((session) => session.set('name', 'bea'))).toBe(0)
    expect(await visit((session) => session.login('bea'))).toBe(1)
    expect(await visit((session) => session.logout())).toBe(1)
    expect(cookies.writes.at(-1)).toEqual([
      '__Host-sid',
      '',
      { path: '/', httpOnly: true, secure: true, sameSite: 'lax', maxAge: 0, expires: new Date(0) },
    ])
    expect(cookies.values.size).toBe(0)
  })

  it('is written by save() too, once', async () => {
    const sessions = createManager()
    const cookies = new Cookies()
    const session = await sessions.open(cookies.jar())
    await session.set('name', 'ada').save()
    expect(cookies.values.get('__Host-sid')).toBe(session.id)
    await sessions.commit(session, { status: 200 })
    expect(cookies.writes.length).toBe(1)
  })

  it('loses the cookie of a session that was flushed, although the request failed', async () => {
    const sessions = createManager()
    const cookies = new Cookies()
    await (await sessions.open(cookies.jar())).set('name', 'ada').save()
    const session = await sessions.open(cookies.jar())
    session.flush()
    session.set('name', 'bea')
    await sessions.commit(session, { status: 500 })
    expect(cookies.values.size).toBe(0)
  })

  it('carries a sealed session in several cookies, and loses those that it no longer needs', async () => {
    const sessions = createManager({ store: new CookieStore({ secrets: ['0123456789abcdef0123456789abcdef'] }) })
    const cookies = new Cookies()
    const text = Array.from({ length: 150 }, (_, index) => `${index}-${Math.sin(index)}`).join()
    const first = await sessions.open(cookies.jar())
    await sessions.commit(first.set('text', text) && first, { status: 200 })
    expect(cookies.values.size).toBeGreaterThan(1)
    const second = await sessions.open(cookies.jar())
    expect(second.get('text')).toBe(text)
    await sessions.commit(second.set('text', 'short') && second, { status: 200 })
    expect([...cookies.values.keys()]).toEqual(['__Host-sid'])
  })

  it('counts as HTTPS by itself, and is judged by its request where it has one', async () => {
    const sessions = createManager()
    const nameFor = async (request?: CookieJar['request']): Promise<string | undefined> => {
      const cookies = new Cookies()
      await (await sessions.open(cookies.jar(request))).set('a', 1).save()
      return cookies.writes[0]?.[0]
    }
    expect(await nameFor()).toBe('__Host-sid')
    expect(await nameFor(new Request('https://shop.example/'))).toBe('__Host-sid')
    expect(await nameFor(new Request('http://localhost:3000/'))).toBe('sid')
    await expect(nameFor(new Request('http://shop.example/'))).rejects.toMatchObject({ code: 'ERR_SESSION_CONFIG' })
  })

  it.each(['a; __Host-sid=x', ';', 'x', ''])('reads no session from the value %j', async (value) => {
    const cookies = new Cookies()
    cookies.values.set('__Host-sid', value)
    expect((await createManager().open(cookies.jar())).isNew).toBe(true)
  })

  it('rejects the commit with the error that it throws', async () => {
    const sessions = createManager()
    const write = (): never => {
      throw new TypeError('too late')
    }
    const session = await sessions.open({ read: () => undefined, write })
    session.set('a', 1)
    await expect(sessions.commit(session, { status: 200 })).rejects.toThrow('too late')
  })

  it.each<[string, (cookies: Cookies) => CookieJar['read']]>([
    [
      'the value',
      ({ values }) =>
        (name) =>
          values.get(name),
    ],
    [
      'an object with the value, as cookies() of Next does',
      ({ values }) =>
        (name) =>
          wrapped(values.get(name)),
    ],
  ])('may return %s', async (_, read) => {
    const sessions = createManager()
    const cookies = new Cookies()
    const jar = { ...cookies.jar(), read: read(cookies) }
    await (await sessions.open(jar)).set('name', 'ada').save()
    expect((await sessions.open(jar)).get('name')).toBe('ada')
  })

  it.each<[unknown, string]>([
    [Promise.resolve('x'), 'a promise'],
    [null, 'null'],
    [7, '7'],
    [{ name: 'sid' }, 'an object'],
  ])('is refused with a remedy if it reads %o', async (value, shown) => {
    const opened = createManager().open({ read: () => value as string, write: () => undefined })
    await expect(opened).rejects.toMatchObject({
      code: 'ERR_SESSION_CONFIG',
      message: expect.stringContaining(`returned ${shown}. Return`),
    })
  })

  it.each(['save', 'commit'] as const)('that writes asynchronously is awaited by %s', async (verb) => {
    const sessions = createManager()
    const seen: string[] = []
    const { promise, resolve } = Promise.withResolvers<void>()
    const session = await sessions.open({ read: () => undefined, write: () => promise.then(() => seen.push('written')) })
    session.set('a', 1)
    const done = (verb === 'save' ? session.save() : sessions.commit(session, { status: 200 })).then(() => seen.push('committed'))
    setImmediate(resolve)
    await done
    expect(seen).toEqual(['written', 'committed'])
  })

  it('rejects the commit with the error of an asynchronous write', async () => {
    const sessions = createManager()
    const session = await sessions.open({ read: () => undefined, write: () => Promise.reject(new TypeError('too late')) })
    session.set('a', 1)
    await expect(sessions.commit(session, { status: 200 })).rejects.toThrow('too late')
  })

  it.each<[string, CookieJar['request']]>([
    ['Request', new Request('https://shop.example/', { method: 'POST', headers: { 'Sec-Fetch-Site': 'cross-site' } })],
    ['Request with Origin only', new Request('https://shop.example/', { method: 'POST', headers: { Origin: 'https://evil.example' } })],
    [
      'request of Node',
      { method: 'POST', url: '/', headers: { host: 'shop.example', origin: 'https://evil.example' }, socket: { encrypted: true } },
    ],
  ])('has no session for a forged %s', async (_, request) => {
    const sessions = createManager()
    const cookies = new Cookies()
    await (await sessions.open(cookies.jar())).set('name', 'ada').save()
    const session = await sessions.open(cookies.jar(request))
    expect(session.get('name')).toBeUndefined()
    expect(() => session.set('name', 'eve')).toThrow(expect.objectContaining({ code: 'ERR_SESSION_CSRF' }))
  })

  it('has its session for a request of the same origin', async () => {
    const sessions = createManager()
    const cookies = new Cookies()
    await (await sessions.open(cookies.jar())).set('name', 'ada').save()
    const request = new Request('https://shop.example/', { method: 'POST', headers: { Origin: 'https://shop.example' } })
    expect((await sessions.open(cookies.jar(request))).get('name')).toBe('ada')
  })
})

function wrapped(value: string | undefined): { readonly name: string; readonly value: string } | undefined {
  return value === undefined ? undefined : { name: 'sid', value }
}
