import { describe, expect, it } from 'vitest'
import type { Entry, Session } from '../../../src/index.ts'
import { incoming } from '../../incoming.ts'
import { rejection, thrown, type World, worldWith } from '../fixture.ts'
import { forever, ScriptedStore } from '../scripted-store.ts'

describe('a response of 500 and above', () => {
  const lost: [string, (session: Session<any>) => unknown][] = [
    ['set', (session) => session.set('b', 1)],
    ['delete', (session) => session.delete('a')],
    ['clear', (session) => session.clear()],
    ['login', (session) => session.login(7)],
    ['cycleId', (session) => session.cycleId()],
    ['a change in place', (session) => session.get('list').push(1)],
    ['flash', (session) => session.flash('x', 1)],
  ]
  it.each(lost)('%s is not performed', async (_name, change) => {
    for (const status of [500, 503, 599]) {
      const world = await worldWith({ a: 1, list: [] })
      const before = await world.row()
      const { headers } = await world.visit(change, { status })
      expect([await world.row(), headers.getSetCookie()]).toEqual([before, []])
      expect(world.reasons('unchanged')).toEqual(['failed-response'])
    }
  })

  it.each(['flush', 'logout'] as const)('%s is performed, and what is set afterwards is not', async (end) => {
    const world = await worldWith({ a: 1 })
    const { headers } = await world.visit(
      (session) => {
        session[end]()
        session.set('b', 1)
      },
      { status: 500 },
    )
    expect([(await world.rows()).length, headers.getSetCookie()]).toEqual([0, [expect.stringContaining('__Host-sid=;')]])
  })

  it.each([200, 204, 302, 304, 400, 404, 409, 499])('%i is none: changes are saved', async (status) => {
    const world = await worldWith({ a: 1 })
    await world.visit((session) => void session.set('b', 1), { status })
    expect(await world.read()).toEqual({ a: 1, b: 1 })
  })

  it('with saveOnError changes are saved all the same', async () => {
    const world = await worldWith({ a: 1 }, { saveOnError: true })
    await world.visit((session) => session.login(7), { status: 500 })
    expect(await world.read()).toEqual({ a: 1, userId: 7 })
  })
})

describe('a load that failed', () => {
  async function down(
    options: ConstructorParameters<typeof World>[0] = {},
  ): Promise<{ world: World; store: ScriptedStore; session: Session<any> }> {
    const world = await worldWith({ a: 1 }, options, (memory) => new ScriptedStore(memory))
    const store = world.store as ScriptedStore
    store.on({
      load: () => {
        throw new Error('connection refused')
      },
    })
    return { world, store, session: await world.open() }
  }

  it('is raised at the first use, once; then reads behave as on an empty session', async () => {
    const { session } = await down()
    const error = thrown(() => session.get('a'))
    expect(error).toMatchObject({ code: 'ERR_SESSION_STORE', status: 503, statusCode: 503, operation: 'load' })
    expect((error.cause as Error).message).toBe('connection refused')
    expect([session.get('a'), session.has('a'), session.size, session.userId, session.toObject(), session.flashed('x')]).toEqual([
      undefined,
      false,
      0,
      undefined,
      {},
      undefined,
    ])
    expect(session.loadError).toBe(error)
  })

  it('is raised by every write', async () => {
    const { session } = await down()
    for (const write of [
      () => session.set('a', 1),
      () => session.clear(),
      () => session.login(1),
      () => session.delete('a'),
      () => session.increment('n'),
      () => session.cycleId(),
    ]) {
      expect(thrown(write).code).toBe('ERR_SESSION_STORE')
    }
    expect((await rejection(session.save())).code).toBe('ERR_SESSION_STORE')
    expect((await rejection(session.claim('a'))).code).toBe('ERR_SESSION_STORE')
  })

  it('is told by loadError without being raised', async () => {
    const { world, session } = await down()
    expect(session.loadError).toMatchObject({ code: 'ERR_SESSION_STORE' })
    const headers = await world.sessions.commit(session, { status: 200 })
    expect([...headers]).toEqual([])
  })

  it('never reaches a page that does not look, and touches no cookie', async () => {
    const { world } = await down()
    const { headers } = await world.visit(() => 'a page')
    expect([...headers]).toEqual([])
    expect(world.browser.cookie).toBeDefined()
  })

  it('does not keep a flush from ending the session', async () => {
    const { world, store, session } = await down()
    store.on({})
    await world.back()
    session.flush()
    world.browser.obey(await world.sessions.commit(session, { status: 200 }))
    expect([(await world.rows()).length, world.browser.cookie]).toEqual([0, undefined])
  })

  it('is over when reload works', async () => {
    const { world, store, session } = await down()
    thrown(() => session.get('a'))
    store.on({})
    await world.back()
    await session.reload()
    expect([session.get('a'), session.loadError]).toEqual([1, undefined])
    session.set('b', 1)
    await world.sessions.commit(session, { status: 200 })
    expect(await world.read()).toEqual({ a: 1, b: 1 })
  })

  it('comes after timeout.operation at the latest', async () => {
    const world = await worldWith({ a: 1 }, { timeout: { operation: '20ms', request: '100ms' } }, (memory) => new ScriptedStore(memory))
    ;(world.store as ScriptedStore).on({ load: forever })
    const session = await world.open()
    const error = thrown(() => session.get('a'))
    expect(error.code).toBe('ERR_SESSION_STORE')
    expect(error.message).toContain('timeout.operation')
  })

  it('is an event with the operation, and never “no session”', async () => {
    const { world } = await down()
    expect(world.types()).toEqual(['load-failed', 'store-down'])
    expect(world.events[0]).toMatchObject({ operation: 'load' })
  })
})

describe('a payload that cannot be read', () => {
  it.each<[string, string]>([
    ['nothing', ''],
    ['truncated', '{"a":1,'],
    ['an array', '[]'],
    ['a number', '5'],
    ['null', 'null'],
    ['a text', '"{}"'],
    ['a byte order mark', '\ufeff{}'],
    ['trailing garbage', '{}x'],
    ['Infinity', '{"a":Infinity}'],
    ['bytes', '\u00ff\u0000\u00fe'],
    ['pickle', '\u0080\u0004\u0095\u0005K\u0001.'],
    ['deep nonsense', '['.repeat(100_000)],
    ['ours, truncated', '{\t"a":1,\n"b":{"c":1'],
    ['ours, truncated behind a brace', '{\t"a":1,\n"b":{"c":{"d":1}'],
    ['ours, with garbage for a value', '{\t"a":garbage}'],
    ['ours, with two values', '{\t"a":1 2}'],
    ['ours, with a comma too many', '{\t"a":1,}'],
  ])('(%s) is an anonymous request plus an event; the row is kept', async (_name, payload) => {
    const world = await worldWith({ a: 1 })
    await world.plant(payload)
    const row = await world.row()
    const { result, headers } = await world.visit((session) => [session.size, session.userId, session.isNew])
    expect([result, headers.getSetCookie()]).toEqual([[0, undefined, true], []])
    expect(world.reasons('absent')).toEqual(['unreadable'])
    expect(await world.row()).toEqual(row)
  })

  it('what is set starts a session of its own; the row is never overwritten', async () => {
    const world = await worldWith({ a: 1 })
    await world.plant('{"a":1,')
    const [key, row] = await world.onlyRow()
    await world.visit((session) => void session.set('b', 1))
    expect(await world.read()).toEqual({ b: 1 })
    expect((await world.rows()).find(([each]) => each === key)?.[1]).toEqual(row)
  })

  it('flush ends it', async () => {
    const world = await worldWith({ a: 1 })
    await world.plant('nonsense')
    await world.visit((session) => session.flush())
    expect((await world.rows()).length).toBe(0)
  })

  it('one property whose text is unreadable reads as absent, with an event; its text is kept', async () => {
    const world = await worldWith({ a: 1 }, { codec: undefined as never })
    await world.plant('{"constructor":{"prototype":{"x":1}},"a":{"$rich":"nonsense"},"d":1,"d":2}')
    await world.visit((session) => {
      expect(session.get('constructor')).toEqual({ prototype: { x: 1 } })
      expect(session.get('a')).toEqual({ $rich: 'nonsense' })
      expect(session.get('d')).toBe(2)
      session.set('d', 3)
    })
    expect((await world.row()).payload).toContain('{"$rich":"nonsense"}')
  })
})

type Row = readonly [key: string, entry: Entry]

describe('an entry of another', () => {
  it('moved under this key is nobody’s: the proof does not fit', async () => {
    const world = await worldWith({ a: 'of A' })
    const other = world.browser.copy()
    other.cookie = undefined
    await world.visit((session) => void session.set('b', 'of B'), { browser: other })
    const [[first, one], [second, two]] = (await world.rows()) as [Row, Row]
    await world.memory.replace({ key: first, entry: { ...two, version: 'moved' }, expected: one.version, now: 0 })
    await world.memory.replace({ key: second, entry: { ...one, version: 'moved' }, expected: two.version, now: 0 })
    expect([await world.read(), await world.read(other)]).toEqual([{}, {}])
  })

  it.each(['key', 'proof'] as const)('the %s in the store is no way in', async (what) => {
    const world = await worldWith({ a: 1 })
    const [key, entry] = await world.onlyRow()
    const stolen = what === 'key' ? key : entry.proof
    for (const cookie of [
      stolen,
      `${stolen.slice(0, 16)}.${stolen.slice(0, 32)}`,
      `${world.browser.id?.slice(0, 16)}.${stolen.slice(0, 32)}`,
    ]) {
      const session = await world.sessions.open(incoming(`__Host-sid=${cookie}`))
      expect(session.size).toBe(0)
    }
  })
})
