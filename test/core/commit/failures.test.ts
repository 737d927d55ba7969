import { describe, expect, it } from 'vitest'
import type { Entry, Session } from '../../../src/index.ts'
import { incoming } from '../../helpers/incoming.ts'
import { appWith, catchError, catchRejection, type TestApp } from '../fixture.ts'
import { neverSettles, ScriptedStore } from '../scripted-store.ts'

describe('a response with status 500 and above', () => {
  const lost: [string, (session: Session<any>) => unknown][] = [
    ['set', (session) => session.set('b', 1)],
    ['delete', (session) => session.delete('a')],
    ['clear', (session) => session.clear()],
    ['login', (session) => session.login(7)],
    ['cycleId', (session) => session.cycleId()],
    ['a change in place', (session) => session.get('list').push(1)],
    ['flash', (session) => session.flash('x', 1)],
  ]
  it.each(lost)('does not save %s', async (_name, change) => {
    for (const status of [500, 503, 599]) {
      const app = await appWith({ a: 1, list: [] })
      const before = await app.row()
      const { headers } = await app.request(change, { status })
      expect([await app.row(), headers.getSetCookie()]).toEqual([before, []])
      expect(app.eventReasons('unchanged')).toEqual(['failed-response'])
    }
  })

  it.each(['flush', 'logout'] as const)('performs %s, and saves nothing that is set after it', async (end) => {
    const app = await appWith({ a: 1 })
    const { headers } = await app.request(
      (session) => {
        session[end]()
        session.set('b', 1)
      },
      { status: 500 },
    )
    expect([(await app.rows()).length, headers.getSetCookie()]).toEqual([0, [expect.stringContaining('__Host-sid=;')]])
  })

  it.each([200, 204, 302, 304, 400, 404, 409, 499])('does not include %i, whose changes are saved', async (status) => {
    const app = await appWith({ a: 1 })
    await app.request((session) => void session.set('b', 1), { status })
    expect(await app.read()).toEqual({ a: 1, b: 1 })
  })

  it('saves changes with saveOnError', async () => {
    const app = await appWith({ a: 1 }, { saveOnError: true })
    await app.request((session) => session.login(7), { status: 500 })
    expect(await app.read()).toEqual({ a: 1, userId: 7 })
  })
})

describe('a change in place that cannot be stored', () => {
  it('fails the commit, and is not reported as unchanged', async () => {
    const app = await appWith({ list: [] })
    const before = await app.row()
    const error = await catchRejection(app.request((session) => void session.get('list').push(() => 1)))
    expect(error).toMatchObject({ code: 'ERR_SESSION_CODEC', property: 'list' })
    expect(await app.row()).toEqual(before)
    expect(app.eventTypes()).toContain('commit-failed')
    expect(app.eventTypes()).not.toContain('unchanged')
  })
})

describe('a load that failed', () => {
  async function openWithFailedLoad(
    options: ConstructorParameters<typeof TestApp>[0] = {},
  ): Promise<{ app: TestApp; store: ScriptedStore; session: Session<any> }> {
    const app = await appWith({ a: 1 }, options, (memory) => new ScriptedStore(memory))
    const store = app.store as ScriptedStore
    store.on({
      load: () => {
        throw new Error('connection refused')
      },
    })
    return { app, store, session: await app.open() }
  }

  it('throws at the first use, once, and then reads as an empty session', async () => {
    const { session } = await openWithFailedLoad()
    const error = catchError(() => session.get('a'))
    expect(error).toMatchObject({ code: 'ERR_SESSION_STORE', status: 503, statusCode: 503, operation: 'load' })
    expect((error.cause as Error).message).toBe('connection refused')
    expect([session.get('a'), session.has('a'), session.size, session.userId, session.toObject(), session.flashed('x')]).toEqual([
      undefined,
      false,
      0,
      undefined,
      {},
      [],
    ])
    expect(session.loadError).toBe(error)
  })

  it('throws for every write', async () => {
    const { session } = await openWithFailedLoad()
    for (const write of [
      () => session.set('a', 1),
      () => session.clear(),
      () => session.login(1),
      () => session.delete('a'),
      () => session.increment('n'),
      () => session.cycleId(),
    ]) {
      expect(catchError(write).code).toBe('ERR_SESSION_STORE')
    }
    expect((await catchRejection(session.save())).code).toBe('ERR_SESSION_STORE')
    expect((await catchRejection(session.claim('a'))).code).toBe('ERR_SESSION_STORE')
  })

  it('is available as loadError, which does not throw', async () => {
    const { app, session } = await openWithFailedLoad()
    expect(session.loadError).toMatchObject({ code: 'ERR_SESSION_STORE' })
    const headers = await app.sessions.commit(session, { status: 200 })
    expect([...headers]).toEqual([])
  })

  it('does not affect a page without a session access, nor the cookie', async () => {
    const { app } = await openWithFailedLoad()
    const { headers } = await app.request(() => 'a page')
    expect([...headers]).toEqual([])
    expect(app.browser.cookie).toBeDefined()
  })

  it('does not prevent a flush', async () => {
    const { app, store, session } = await openWithFailedLoad()
    store.on({})
    await app.waitForStore()
    session.flush()
    app.browser.applyCookies(await app.sessions.commit(session, { status: 200 }))
    expect([(await app.rows()).length, app.browser.cookie]).toEqual([0, undefined])
  })

  it('is cleared by a reload that succeeds', async () => {
    const { app, store, session } = await openWithFailedLoad()
    catchError(() => session.get('a'))
    store.on({})
    await app.waitForStore()
    await session.reload()
    expect([session.get('a'), session.loadError]).toEqual([1, undefined])
    session.set('b', 1)
    await app.sessions.commit(session, { status: 200 })
    expect(await app.read()).toEqual({ a: 1, b: 1 })
  })

  it('happens after timeout.operation at the latest', async () => {
    const app = await appWith({ a: 1 }, { timeout: { operation: '20ms', request: '100ms' } }, (memory) => new ScriptedStore(memory))
    ;(app.store as ScriptedStore).on({ load: neverSettles })
    const session = await app.open()
    const error = catchError(() => session.get('a'))
    expect(error.code).toBe('ERR_SESSION_STORE')
    expect(error.message).toContain('timeout.operation')
  })

  it('emits an event with the operation, and no absent event', async () => {
    const { app } = await openWithFailedLoad()
    expect(app.eventTypes()).toEqual(['load-failed', 'store-down'])
    expect(app.events[0]).toMatchObject({ operation: 'load' })
  })
})

describe('an unreadable payload', () => {
  it.each<[string, string]>([
    ['nothing', ''],
    ['truncated', '{"a":1,'],
    ['an array', '[]'],
    ['a number', '5'],
    ['null', 'null'],
    ['a text', '"{}"'],
    ['a byte order mark', '\ufeff{}'],
    ['trailing text', '{}x'],
    ['Infinity', '{"a":Infinity}'],
    ['bytes', '\u00ff\u0000\u00fe'],
    ['pickle', '\u0080\u0004\u0095\u0005K\u0001.'],
    ['deeply nested brackets', '['.repeat(100_000)],
    ['ours, truncated', '{\t"a":1,\n"b":{"c":1'],
    ['ours, truncated after a brace', '{\t"a":1,\n"b":{"c":{"d":1}'],
    ['ours, with an invalid value', '{\t"a":garbage}'],
    ['ours, with two values', '{\t"a":1 2}'],
    ['ours, with a trailing comma', '{\t"a":1,}'],
  ])('(%s) reads as an anonymous request with an event, and the row is kept', async (_name, payload) => {
    const app = await appWith({ a: 1 })
    await app.replacePayload(payload)
    const row = await app.row()
    const { result, headers } = await app.request((session) => [session.size, session.userId, session.isNew])
    expect([result, headers.getSetCookie()]).toEqual([[0, undefined, true], []])
    expect(app.eventReasons('absent')).toEqual(['unreadable'])
    expect(await app.row()).toEqual(row)
  })

  it('is not overwritten by a new session', async () => {
    const app = await appWith({ a: 1 })
    await app.replacePayload('{"a":1,')
    const [key, row] = await app.onlyRow()
    await app.request((session) => void session.set('b', 1))
    expect(await app.read()).toEqual({ b: 1 })
    expect((await app.rows()).find(([each]) => each === key)?.[1]).toEqual(row)
  })

  it('is deleted by flush', async () => {
    const app = await appWith({ a: 1 })
    await app.replacePayload('not JSON')
    await app.request((session) => session.flush())
    expect((await app.rows()).length).toBe(0)
  })

  it('of one property reads as absent with an event, and its text is kept', async () => {
    const app = await appWith({ a: 1 }, { codec: undefined as never })
    await app.replacePayload('{"constructor":{"prototype":{"x":1}},"a":{"$rich":"invalid"},"d":1,"d":2}')
    await app.request((session) => {
      expect(session.get('constructor')).toEqual({ prototype: { x: 1 } })
      expect(session.get('a')).toEqual({ $rich: 'invalid' })
      expect(session.get('d')).toBe(2)
      session.set('d', 3)
    })
    expect((await app.row()).payload).toContain('{"$rich":"invalid"}')
  })
})

type Row = readonly [key: string, entry: Entry]

describe('a foreign entry', () => {
  it('under the key of another session is rejected by its proof', async () => {
    const app = await appWith({ a: 'of A' })
    const other = app.browser.copy()
    other.cookie = undefined
    await app.request((session) => void session.set('b', 'of B'), { browser: other })
    const [[first, one], [second, two]] = (await app.rows()) as [Row, Row]
    await app.memory.replace({ key: first, entry: { ...two, version: 'moved' }, expected: one.version, now: 0 })
    await app.memory.replace({ key: second, entry: { ...one, version: 'moved' }, expected: two.version, now: 0 })
    expect([await app.read(), await app.read(other)]).toEqual([{}, {}])
  })

  it.each(['key', 'proof'] as const)('is not reachable with its %s', async (what) => {
    const app = await appWith({ a: 1 })
    const [key, entry] = await app.onlyRow()
    const stolen = what === 'key' ? key : entry.proof
    for (const cookie of [
      stolen,
      `${stolen.slice(0, 16)}.${stolen.slice(0, 32)}`,
      `${app.browser.id?.slice(0, 16)}.${stolen.slice(0, 32)}`,
    ]) {
      const session = await app.sessions.open(incoming(`__Host-sid=${cookie}`))
      expect(session.size).toBe(0)
    }
  })
})
