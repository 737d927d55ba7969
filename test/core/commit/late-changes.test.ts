import { describe, expect, it } from 'vitest'
import type { SessionOptions } from '../../../src/core/config/options.ts'
import type { StartedResponse } from '../../../src/core/draft/started-response.ts'
import type { Exchange } from '../../../src/core/manager/adapter-port.ts'
import { adapterOf } from '../../../src/core/manager/sessions.ts'
import { type Session, StoreError } from '../../../src/index.ts'
import { CookieStore } from '../../../src/stores/cookie.ts'
import { incoming } from '../../helpers/incoming.ts'
import { appWith, type Browser, catchError, catchRejection, TestApp } from '../fixture.ts'
import { type Script, ScriptedStore } from '../scripted-store.ts'

/** Opens a session of a response that is streamed and can wait for a second commit. */
async function openStream(app: TestApp, browser: Browser = app.browser): Promise<Exchange<any>> {
  return adapterOf<any>(app.sessions).open(incoming(browser.cookie), { issues: true, late: true })
}

/** Commits for the start of a stream, after the session was used. */
async function startStream(app: TestApp, change: (session: Session<any>) => unknown = () => undefined): Promise<Exchange<any>> {
  const exchange = await openStream(app)
  exchange.session.toObject()
  await change(exchange.session)
  await exchange.commit(200)
  return exchange
}

/** The store had no room, for example. */
const refuse: Script = () => {
  throw new StoreError('replace', undefined, { applied: false })
}

const refused: readonly (readonly [name: string, change: (session: Session<any>) => unknown])[] = [
  ['login', (session) => session.login(1)],
  ['cycleId', (session) => session.cycleId()],
  ["setExpiry('browser')", (session) => session.setExpiry('browser')],
  ['another user', (session) => session.set('userId', 7)],
]

describe('changes after the start of a response', () => {
  it('are committed before its end', async () => {
    const app = await appWith({ a: 1, n: 1 })
    const exchange = await startStream(app, (opened) => opened.set('a', 2))
    const { session } = exchange
    session.set('b', 1).delete('a')
    session.increment('n')
    await exchange.commitLate()
    expect(await app.read()).toEqual({ b: 1, n: 2 })
  })

  it('cost nothing if there are none', async () => {
    const app = await appWith({ a: 1 })
    const exchange = await startStream(app, (session) => session.set('a', 2))
    app.clearEvents()
    expect(exchange.isLate).toBe(true)
    expect(exchange.commitLate()).toBeUndefined()
    expect(exchange.isLate).toBe(false)
    expect(app.eventTypes()).toEqual([])
  })

  it('are merged with those of other requests, and compared with what this request had', async () => {
    const app = await appWith({ list: ['old'], box: { v: 1 } })
    const exchange = await startStream(app, (session) => session.push('list', 'mine1'))
    await app.request((session) => session.set('x', 1).push('list', 'other'), { browser: app.browser.copy() })
    exchange.session.push('list', 'mine2')
    exchange.session.get('box').v = 2
    await exchange.commitLate()
    expect(await app.read()).toEqual({ list: ['old', 'mine1', 'other', 'mine2'], box: { v: 2 }, x: 1 })
  })

  it('of change sources do not undo what others have added in between', async () => {
    const app = await appWith({ list: ['old'] })
    const exchange = await openStream(app)
    const list: string[] = exchange.session.get('list').slice()
    let known = 1
    exchange.addSource({
      collect(recorder) {
        const added = list.slice(known)
        known = list.length
        if (added.length === 0) return
        const change = (text = '[]'): string => JSON.stringify([...JSON.parse(text), ...added])
        recorder.record({ kind: 'update', name: 'list', change })
      },
    })
    list.push('mine1')
    await exchange.commit(200)
    await app.request((session) => session.push('list', 'other'), { browser: app.browser.copy() })
    list.push('mine2')
    await exchange.commitLate()
    expect(await app.read()).toEqual({ list: ['old', 'mine1', 'other', 'mine2'] })
  })

  it('that are made while the first commit runs are committed too', async () => {
    const app = await appWith({ n: 0 })
    const exchange = await openStream(app)
    exchange.session.increment('n')
    const first = exchange.commit(200)
    exchange.session.increment('n')
    await first
    await exchange.commitLate()
    expect(await app.read()).toEqual({ n: 2 })
  })

  it('are saved at once by save() and claim()', async () => {
    const app = await appWith({ a: 1, ticket: 'one' })
    const exchange = await startStream(app)
    await exchange.session.set('a', 2).save()
    expect(await app.read()).toEqual({ a: 2, ticket: 'one' })
    expect(await exchange.session.claim('ticket')).toBe('one')
    expect(exchange.commitLate()).toBeUndefined()
    expect(await app.read()).toEqual({ a: 2 })
  })

  it('wait for a save() that is under way', async () => {
    const app = await appWith({ a: 1 })
    const exchange = await startStream(app)
    const saved = exchange.session.set('a', 2).save()
    const late = exchange.commitLate()
    expect(late).toBeInstanceOf(Promise)
    await Promise.all([saved, late])
    expect(await app.read()).toEqual({ a: 2 })
  })

  it.each(refused)('that need a new cookie are refused, and nothing is recorded: %s', async (_name, change) => {
    const app = await appWith({ a: 1 })
    const exchange = await startStream(app)
    expect(catchError(() => change(exchange.session)).code).toBe('ERR_SESSION_HEADERS_SENT')
    expect(app.eventReasons('cookie-refused')).toEqual(['headers-sent'])
    expect(exchange.commitLate()).toBeUndefined()
  })

  it('start no session', async () => {
    const app = new TestApp()
    const exchange = await startStream(app)
    expect(catchError(() => exchange.session.set('a', 1)).code).toBe('ERR_SESSION_HEADERS_SENT')
    expect(exchange.commitLate()).toBeUndefined()
    expect(await app.rows()).toEqual([])
  })

  it('start no session if it was not loaded before', async () => {
    const app = new TestApp({ lazy: true })
    app.browser.cookie = (await appWith({ a: 1 })).browser.cookie
    const exchange = await openStream(app)
    await exchange.commit(200)
    exchange.session.set('a', 1)
    expect((await catchRejection(exchange.commitLate() as Promise<void>)).code).toBe('ERR_SESSION_HEADERS_SENT')
    expect(await app.rows()).toEqual([])
  })

  it('follow a session that the first commit has created', async () => {
    const app = new TestApp()
    const exchange = await openStream(app)
    exchange.session.set('a', 1)
    const { cookies } = await exchange.commit(200)
    exchange.session.set('b', 2)
    await exchange.commitLate()
    app.browser.cookie = `${cookies[0]?.name}=${cookies[0]?.value}`
    expect(await app.read()).toEqual({ a: 1, b: 2 })
  })

  it('include a flush, which is final', async () => {
    const app = await appWith({ a: 1 })
    const exchange = await startStream(app)
    exchange.session.flush()
    expect(catchError(() => exchange.session.set('a', 2)).code).toBe('ERR_SESSION_HEADERS_SENT')
    await exchange.commitLate()
    expect(await app.rows()).toEqual([])
  })

  it('are refused if the session has ended, unless the option discards them', async () => {
    for (const whenEnded of ['error', 'discard'] as const) {
      const app = await appWith({ a: 1 }, { whenEnded })
      const exchange = await startStream(app)
      await app.request((session) => session.flush(), { browser: app.browser.copy() })
      exchange.session.set('a', 2)
      const late = exchange.commitLate() as Promise<void>
      if (whenEnded === 'discard') await late
      else expect((await catchRejection(late)).code).toBe('ERR_SESSION_ENDED')
      expect(await app.rows()).toEqual([])
    }
  })

  it('are refused after the end', async () => {
    const app = await appWith({ a: 1 })
    const exchange = await startStream(app)
    expect(exchange.commitLate()).toBeUndefined()
    for (const change of [() => exchange.session.set('a', 2), () => exchange.session.flush()])
      expect(catchError(change).code).toBe('ERR_SESSION_HEADERS_SENT')
    expect(await app.read()).toEqual({ a: 1 })
  })
})

describe('the first commit', () => {
  it.each([500, 503])('of a response with status %i keeps its dropped changes dropped', async (status) => {
    const app = await appWith({ a: 1 })
    const exchange = await openStream(app)
    exchange.session.set('a', 2)
    await exchange.commit(status)
    expect(catchError(() => exchange.session.set('a', 3)).code).toBe('ERR_SESSION_HEADERS_SENT')
    expect([exchange.isLate, exchange.commitLate()]).toEqual([false, undefined])
    expect(await app.read()).toEqual({ a: 1 })
  })

  it('that failed is not repeated, neither by the end of the response nor by save()', async () => {
    const app = await appWith({ a: 1 }, {}, (memory) => new ScriptedStore(memory, { replace: refuse }))
    const exchange = await openStream(app)
    exchange.session.set('a', 2)
    const first = catchRejection(exchange.commit(200))
    const saved = catchRejection(exchange.session.set('b', 1).save())
    expect([(await first).code, (await saved).code]).toEqual(['ERR_SESSION_STORE', 'ERR_SESSION_STORE'])
    ;(app.store as ScriptedStore).on({})
    expect([exchange.isLate, exchange.commitLate()]).toEqual([false, undefined])
    expect(await app.read()).toEqual({ a: 1 })
  })

  it.each<[string, (session: Session<any>) => unknown]>([
    ['a new session', (session) => session.set('a', 1)],
    ['a login', (session) => session.login(1)],
  ])('still creates %s, and a save() that was called before too', async (_name, change) => {
    const app = new TestApp()
    const exchange = await openStream(app)
    change(exchange.session)
    const saved = exchange.session.save()
    change(exchange.session)
    const { cookies } = await exchange.commit(200)
    await saved
    expect(cookies).toHaveLength(1)
    expect(await app.rows()).toHaveLength(1)
  })

  it('of a response that is complete leaves nothing to change', async () => {
    const app = await appWith({ a: 1 })
    const exchange = await openStream(app)
    const response: StartedResponse = { isComplete: true, isStreaming: false }
    await exchange.commit(200, response)
    expect(exchange.isLate).toBe(false)
    expect(catchError(() => exchange.session.set('a', 2)).code).toBe('ERR_SESSION_HEADERS_SENT')
  })
})

describe('a connection that closes before the end of its response', () => {
  it('loses what was not saved, which an event reports; a handler that still ends the response saves it', async () => {
    const app = await appWith({ a: 1 })
    const exchange = await startStream(app)
    await exchange.abandon()
    expect(app.eventReasons('uncommitted')).toEqual([])
    exchange.session.set('a', 2)
    await exchange.abandon()
    expect(app.eventReasons('uncommitted')).toEqual(['closed'])
    expect(await app.read()).toEqual({ a: 1 })
    await exchange.commitLate()
    expect(await app.read()).toEqual({ a: 2 })
  })
})

describe('a late read', () => {
  it('is refused after late writes too, because the response has no Vary', async () => {
    const app = await appWith({ a: 1 })
    const exchange = await openStream(app)
    await exchange.commit(200, { isComplete: false, isStreaming: true })
    exchange.session.set('a', 2)
    expect(catchError(() => exchange.session.get('a')).code).toBe('ERR_SESSION_HEADERS_SENT')
    await exchange.commitLate()
    expect(await app.read()).toEqual({ a: 2 })
  })
})

describe('ten parallel streams', () => {
  it('lose none of their increments', async () => {
    const app = await appWith({ n: 0 })
    const stream = async (): Promise<void> => {
      const exchange = await startStream(app, (session) => void session.increment('n'))
      for (let step = 0; step < 3; step++) {
        exchange.session.increment('n')
        await new Promise(setImmediate)
      }
      await exchange.commitLate()
    }
    await Promise.all(Array.from({ length: 10 }, stream))
    expect(await app.read()).toEqual({ n: 40 })
  })
})

describe('without the option', () => {
  it('a session can only be read after the start, and the adapter does not wait', async () => {
    const app = await appWith({ a: 1 })
    const exchange = await adapterOf<any>(app.sessions).open(incoming(app.browser.cookie))
    exchange.session.toObject()
    await exchange.commit(200)
    expect([adapterOf(app.sessions).saveOnEnd, exchange.isLate, exchange.commitLate()]).toEqual([false, false, undefined])
    expect(catchError(() => exchange.session.set('a', 2)).code).toBe('ERR_SESSION_HEADERS_SENT')
  })
})

describe('a session in its cookie', () => {
  const store = (): CookieStore => new CookieStore({ secrets: ['a secret of at least 32 characters!!'] })

  it('cannot be changed late', async () => {
    const app = new TestApp({ store: store() })
    await app.request((session) => session.set('a', 1))
    const exchange = await startStream(app)
    expect(exchange.isLate).toBe(false)
    expect(catchError(() => exchange.session.set('a', 2)).code).toBe('ERR_SESSION_HEADERS_SENT')
  })

  it('refuses the option', () => {
    const options: SessionOptions = { store: store(), saveOnEnd: true }
    expect(catchError(() => new TestApp(options)).code).toBe('ERR_SESSION_CONFIG')
  })
})
