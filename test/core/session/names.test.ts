import { compileFunction } from 'node:vm'
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
    await app.request((session) => {
      const verbs = [
        () => session.set(name, 1),
        () => session.assign({ [name]: 1 }),
        () => session.delete(name),
        () => session.pop(name),
        () => session.setDefault(name, 1),
        () => session.update(name, () => 1),
        () => session.increment(name),
        () => session.push(name, 1),
        () => session.claim(name),
      ]
      for (const verb of verbs) expect(catchError(verb)).toMatchObject({ code: 'ERR_SESSION_CODEC', property: name })
    })
    expect(app.eventTypes()).toEqual(['loaded', 'unchanged'])
  })

  const noNames: unknown[] = [1, Symbol('x'), undefined, null, {}, ['a', 'b'], { toString: 1 }, Object.create(null)]
  it('must be strings where something is written', async () => {
    const session = await new TestApp().open()
    for (const name of noNames as never[]) {
      const verbs = [
        () => session.set(name, 1),
        () => session.delete(name),
        () => session.pop(name),
        () => session.setDefault(name, 1),
        () => session.update(name, () => 1),
        () => session.increment(name),
        () => session.increment(name, Number.NaN),
        () => session.push(name, 1),
        () => session.claim(name),
      ]
      for (const verb of verbs) expect(catchError(verb).code, String(verb)).toBe('ERR_SESSION_CODEC')
    }
  })

  it('that are not strings read as absent, because a client can send them: ?k=a&k=b', async () => {
    const session = await (await appWith({ a: 1, 'a,b': 2 })).open()
    for (const name of noNames as never[])
      expect([session.get(name), session.get(name, 'fallback'), session.has(name)]).toEqual([undefined, 'fallback', false])
  })
})

describe('assignment to the session', () => {
  /** Assigns in code that is not strict, such as most of CommonJS, where a read-only property ignores it. */
  const assignSloppily = compileFunction('object[name] = value', ['object', 'name', 'value']) as (
    object: object,
    name: string | symbol,
    value: unknown,
  ) => void

  it('is possible where nothing forbids it, in the sloppy code of these tests', () => {
    const target = Object.freeze({ a: 1 })
    assignSloppily(target, 'a', 2)
    expect(target.a).toBe(1)
  })

  const prototype = Object.getPrototypeOf(new TestApp().sessions.create()) as object
  const members = [...Reflect.ownKeys(prototype), ...Reflect.ownKeys(Object.getPrototypeOf(prototype) as object)]
  const others = ['cart', 'user', 'Data', '_x', '', '__proto__', 'toString', 'hasOwnProperty', 'cookie', 'destroy', 'a b']

  it.each([...members, ...others].map((name) => [String(name), name]))(
    'of %s throws, in sloppy and in strict code',
    async (_shown, name) => {
      const app = await appWith({ a: 1 })
      await app.request((session) => {
        for (const assign of [() => assignSloppily(session, name, 'x'), () => Reflect.set(session, name, 'x')]) {
          const error = catchError(assign)
          expect(error.code).toBe('ERR_SESSION_CONFIG')
          expect(error.message).toContain('would be lost')
        }
      })
      expect(app.eventReasons('unchanged')).toEqual(['not-used'])
    },
  )

  it.each([
    ['cart', "session.set('cart', …) or session.data.cart = …"],
    ['keys', "session.set('keys', …) or session.data.keys = …"],
    ['save', "session.set('save', …) or session.data.save = …"],
    ['a b', "session.set('a b', …) or session.data['a b'] = …"],
    ['userId', 'session.login(user.id)'],
    ['flash', 'session.flash('],
    ['data', 'session.assign('],
    ['id', 'session.cycleId()'],
    ['expiresAt', 'session.setExpiry('],
    ['cookie', 'session.setExpiry('],
    ['_csrf', "session.set('csrf', …)"],
    ['_', "session.set('name', …)"],
  ])('of %s says what works: %s', async (name, remedy) => {
    expect(catchError(() => assignSloppily(new TestApp().sessions.create(), name, 1)).message).toContain(remedy)
  })

  it('of a reserved name suggests a call that works', async () => {
    const session = await new TestApp().open()
    const { message } = catchError(() => assignSloppily(session, '_csrf', 'token'))
    const [, name = ''] = /session\.set\('([^']*)'/.exec(message) ?? []
    expect(session.set(name, 'token').get(name)).toBe('token')
  })

  it('to what all sessions share is impossible, so that no visitor sees it', async () => {
    const session = await new TestApp().open()
    expect(members.length).toBeGreaterThan(40)
    for (const object of [prototype, Object.getPrototypeOf(prototype) as object]) {
      expect(Object.isFrozen(object)).toBe(true)
      for (const name of Reflect.ownKeys(object)) {
        const { get, set } = Object.getOwnPropertyDescriptor(object, name) as PropertyDescriptor
        const member: unknown = name === 'then' ? undefined : readMember(session, name)
        expect([get, set, member].filter((each) => typeof each === 'function').every(Object.isFrozen), String(name)).toBe(true)
      }
    }
  })

  it('leaves symbols to tools', async () => {
    const session = await new TestApp().open()
    const key = Symbol('of a tool')
    assignSloppily(session, key, 1)
    expect(Reflect.get(session, key)).toBe(1)
  })
})

function readMember(session: object, name: string | symbol): unknown {
  return Reflect.get(session, name)
}

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
