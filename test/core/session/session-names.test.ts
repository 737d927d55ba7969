import { describe, expect, it } from 'vitest'
import { HeadersSentError } from '../../../src/index.ts'
import { Browser, thrown, World, worldWith } from '../fixture.ts'

describe('names', () => {
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
    const world = new World()
    await world.visit((session) => void session.set(name, { v: 1 }).set('other', 2))
    await world.visit((session) => {
      expect([session.get(name), session.has(name), session.data[name], name in session.data]).toEqual([{ v: 1 }, true, { v: 1 }, true])
      expect([...session.keys()].sort()).toEqual([name, 'other'].sort())
      expect(session.delete(name)).toBe(true)
    })
    expect(await world.read()).toEqual({ other: 2 })
  })

  it('all of them live side by side, and pollute nothing', async () => {
    const world = new World()
    await world.visit((session) => {
      for (const [index, name] of ordinary.entries()) session.set(name, index)
    })
    expect(new Map((await world.open()).entries())).toEqual(new Map(ordinary.map((name, index) => [name, index])))
    expect(Object.keys(Object.prototype)).toEqual([])
  })

  it.each(['_', '_x', '__proto', '_flash.x', '_expiry', '_lastUser', '_auth_user_id'])('%s is reserved for writing', async (name) => {
    const world = await worldWith({ a: 1 })
    await world.visit(async (session) => {
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
      for (const verb of verbs) expect(thrown(verb)).toMatchObject({ code: 'ERR_SESSION_CODEC', property: name })
      await expect(session.claim(name)).rejects.toMatchObject({ code: 'ERR_SESSION_CODEC', property: name })
    })
    expect(world.types()).toEqual(['loaded', 'unchanged'])
  })

  it('what is no text is no name', async () => {
    const world = new World()
    const session = await world.open()
    for (const name of [1, Symbol('x'), undefined, {}]) expect(thrown(() => session.set(name as string, 1)).code).toBe('ERR_SESSION_CODEC')
  })
})

describe('assigning to the session itself', () => {
  it.each(['cart', 'user', 'Data', '_x'])('session.%s = … throws and says set or data', async (name) => {
    const session = await new World().open()
    const error = thrown(() => Object.assign(session, { [name]: 1 }))
    expect(error).toBeInstanceOf(TypeError)
    expect(error.message).toContain(`session.set('${name}'`)
    expect(error.message).toContain(`session.data.${name}`)
  })

  it.each(['values', 'get', 'keys', 'update', 'data', 'userId', 'size'])('session.%s = … throws too: it would be lost', async (name) => {
    const session = await new World().open()
    expect(() => Object.assign(session, { [name]: 1 })).toThrow(TypeError)
  })
})

describe('when the response has started', () => {
  it('every verb that changes something throws HeadersSentError', async () => {
    const world = await worldWith({ a: 1, n: 1, list: [] })
    const { session } = await world.visit(() => undefined)
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
    expect(await world.read(new Browser(world.browser.cookie))).toEqual({ a: 1, n: 1, list: [] })
  })

  it('a second commit at the same time waits for the first and owes the same', async () => {
    const world = new World()
    const session = await world.open()
    session.set('a', 1)
    const both = await Promise.all([world.sessions.commit(session, { status: 200 }), world.sessions.commit(session, { status: 200 })])
    expect(both.map((headers) => headers.getSetCookie().length)).toEqual([1, 1])
    expect((await world.rows()).length).toBe(1)
  })

  it('a second commit does nothing and answers the same headers', async () => {
    const world = new World()
    const session = await world.open()
    session.set('a', 1)
    const first = await world.sessions.commit(session, { status: 200 })
    const second = await world.sessions.commit(session, { status: 500 })
    expect(second.getSetCookie()).toEqual(first.getSetCookie())
    expect((await world.rows()).length).toBe(1)
  })
})
