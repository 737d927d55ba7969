import { describe, expect, it } from 'vitest'
import { HeadersSentError } from '../../../src/index.ts'
import { appWith, Browser, catchError, TestApp } from '../fixture.ts'

describe('property names', () => {
  const ordinary = [
    '__proto__',
    'constructor',
    'toString',
    'hasOwnProperty',
    'toJSON',
    '',
    '0',
    '\u00e9',
    'e\u0301',
    'a\0b',
    'a\nb',
    '$meta',
    '\ud800',
    '\u2028',
    '"',
    '\\',
    'then',
    'prototype',
  ]
  it.each(ordinary.map((name) => [JSON.stringify(name), name]))('%s is an ordinary name', async (_shown, name) => {
    const app = new TestApp()
    await app.request((session) => void session.set(name, { v: 1 }).set('other', 2))
    await app.request((session) => {
      expect([session.get(name), session.has(name), session.data[name], name in session.data]).toEqual([{ v: 1 }, true, { v: 1 }, true])
      expect([...session.keys()].sort()).toEqual([name, 'other'].sort())
      expect(session.delete(name)).toBe(true)
    })
    expect(await app.read()).toEqual({ other: 2 })
  })

  it('do not interfere with each other or with prototypes', async () => {
    const app = new TestApp()
    await app.request((session) => {
      for (const [index, name] of ordinary.entries()) session.set(name, index)
    })
    expect(new Map((await app.open()).entries())).toEqual(new Map(ordinary.map((name, index) => [name, index])))
    expect(Object.keys(Object.prototype)).toEqual([])
  })

  it.each(['_', '_x', '__proto', '_flash.x', '_expiry', '_lastUser', '_auth_user_id'])('%s is reserved for writing', async (name) => {
    const app = await appWith({ a: 1 })
    await app.request(async (session) => {
      const verbs = [
        () => session.set(name, 1),
        () => session.assign({ [name]: 1 }),
        () => session.delete(name),
        () => session.pop(name),
        () => session.setDefault(name, 1),
        () => session.update(name, () => 1),
        () => session.increment(name),
        () => session.push(name, 1),
      ]
      for (const verb of verbs) expect(catchError(verb)).toMatchObject({ code: 'ERR_SESSION_CODEC', property: name })
      await expect(session.claim(name)).rejects.toMatchObject({ code: 'ERR_SESSION_CODEC', property: name })
    })
    expect(app.eventTypes()).toEqual(['loaded', 'unchanged'])
  })

  it('must be strings', async () => {
    const app = new TestApp()
    const session = await app.open()
    for (const name of [1, Symbol('x'), undefined, {}])
      expect(catchError(() => session.set(name as string, 1)).code).toBe('ERR_SESSION_CODEC')
  })
})

describe('assignment to the session', () => {
  it.each(['cart', 'user', 'Data', '_x'])('of session.%s throws and names set and data', async (name) => {
    const session = await new TestApp().open()
    const error = catchError(() => Object.assign(session, { [name]: 1 }))
    expect(error).toBeInstanceOf(TypeError)
    expect(error.message).toContain(`session.set('${name}'`)
    expect(error.message).toContain(`session.data.${name}`)
  })

  it.each(['values', 'get', 'keys', 'update', 'data', 'userId', 'size'])('of the member session.%s throws', async (name) => {
    const session = await new TestApp().open()
    expect(() => Object.assign(session, { [name]: 1 })).toThrow(TypeError)
  })
})

describe('after the response has started', () => {
  it('every verb that changes something throws HeadersSentError', async () => {
    const app = await appWith({ a: 1, n: 1, list: [] })
    const { session } = await app.request(() => undefined)
    const verbs = [
      () => session.set('a', 2),
      () => session.assign({ a: 2 }),
      () => session.delete('a'),
      () => session.pop('a'),
      () => session.setDefault('b', 1),
      () => session.update('n', () => 2),
      () => session.increment('n'),
      () => session.push('list', 1),
      () => session.clear(),
      () => session.flush(),
      () => session.logout(),
      () => session.cycleId(),
      () => session.login(1),
      () => session.setExpiry('1h'),
      () => session.flash('a', 1),
      () => session.reflash(),
      () => (session.data['a'] = 2),
      () => delete session.data['a'],
    ]
    for (const verb of verbs) expect(verb, String(verb)).toThrow(HeadersSentError)
    await expect(session.claim('a')).rejects.toThrow(HeadersSentError)
    await expect(session.save()).rejects.toThrow(HeadersSentError)
    expect(await app.read(new Browser(app.browser.cookie))).toEqual({ a: 1, n: 1, list: [] })
  })

  it('a concurrent second commit waits for the first and returns the same headers', async () => {
    const app = new TestApp()
    const session = await app.open()
    session.set('a', 1)
    const both = await Promise.all([app.sessions.commit(session, { status: 200 }), app.sessions.commit(session, { status: 200 })])
    expect(both.map((headers) => headers.getSetCookie().length)).toEqual([1, 1])
    expect((await app.rows()).length).toBe(1)
  })

  it('a second commit does nothing and returns the same headers', async () => {
    const app = new TestApp()
    const session = await app.open()
    session.set('a', 1)
    const first = await app.sessions.commit(session, { status: 200 })
    const second = await app.sessions.commit(session, { status: 500 })
    expect(second.getSetCookie()).toEqual(first.getSetCookie())
    expect((await app.rows()).length).toBe(1)
  })
})
