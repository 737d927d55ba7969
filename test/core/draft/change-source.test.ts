import { describe, expect, it } from 'vitest'
import type { ChangeSource } from '../../../src/core/draft/change-sources.ts'
import type { Exchange } from '../../../src/core/manager/adapter-port.ts'
import { adapterOf } from '../../../src/core/manager/sessions.ts'
import { CookieStore } from '../../../src/stores/cookie.ts'
import { incoming } from '../../helpers/incoming.ts'
import { appWith, catchRejection, TestApp } from '../fixture.ts'

/** A plain object whose properties become those of the session, and the source that compares it. */
function plainObject(exchange: Exchange<any>): Record<string, unknown> {
  const object: Record<string, unknown> = exchange.session.toObject()
  let known = textsOf(object)
  exchange.addSource({
    collect(recorder) {
      const texts = textsOf(object)
      for (const [name, text] of texts) if (known.get(name) !== text) recorder.record({ kind: 'set', name, text })
      for (const name of known.keys()) if (!texts.has(name)) recorder.record({ kind: 'remove', name })
      known = texts
    },
  })
  return object
}

function textsOf(object: Record<string, unknown>): Map<string, string> {
  return new Map(Object.entries(object).map(([name, value]) => [name, JSON.stringify(value)]))
}

async function openOn(app: TestApp): Promise<{ exchange: Exchange<any>; object: Record<string, unknown> }> {
  const exchange = await adapterOf<any>(app.sessions).open(incoming(app.browser.cookie))
  return { exchange, object: plainObject(exchange) }
}

describe('a change source', () => {
  it('has its changes committed, and merged with those of other requests', async () => {
    const app = await appWith({ a: 1, b: 1, c: { n: 1 } })
    const { exchange, object } = await openOn(app)
    await app.request((session) => session.set('other', 1).delete('b'))
    object['a'] = 2
    delete object['c']
    await exchange.commit(200)
    expect(await app.read()).toEqual({ a: 2, other: 1 })
  })

  it('starts a session, and without changes it starts none', async () => {
    const app = new TestApp()
    const first = await openOn(app)
    await first.exchange.commit(200)
    expect(await app.rows()).toEqual([])
    const second = await openOn(app)
    second.object['a'] = 1
    const { cookies } = await second.exchange.commit(200)
    expect(cookies).toHaveLength(1)
  })

  it('is asked before save and claim, and records a change once', async () => {
    const app = await appWith({ a: 1, ticket: 1 })
    const { exchange, object } = await openOn(app)
    object['a'] = 2
    await exchange.session.save()
    expect(await app.read()).toEqual({ a: 2, ticket: 1 })
    await app.request((session) => session.set('a', 3))
    object['ticket'] = 2
    expect(await exchange.session.claim('ticket')).toBe(2)
    await exchange.commit(200)
    expect(await app.read()).toEqual({ a: 3 })
  })

  it('is asked before a verb, which sees the change', async () => {
    const app = await appWith({ visits: 1 })
    const { exchange, object } = await openOn(app)
    object['visits'] = 10
    expect(exchange.session.increment('visits')).toBe(11)
    await exchange.commit(200)
    expect(await app.read()).toEqual({ visits: 11 })
  })

  it('counts as modified', async () => {
    const { exchange, object } = await openOn(await appWith({ a: 1 }))
    expect(exchange.session.modified).toBe(false)
    object['a'] = 2
    expect(exchange.session.modified).toBe(true)
  })

  it('is replayed on the newest state by an update', async () => {
    const app = await appWith({ list: [1] })
    const { exchange } = await openOn(app)
    let isRecorded = false
    exchange.addSource({
      collect(recorder) {
        if (isRecorded) return
        isRecorded = true
        recorder.record({ kind: 'update', name: 'list', change: (text = '[]') => JSON.stringify([...JSON.parse(text), 2]) })
      },
    })
    await app.request((session) => session.push('list', 3))
    await exchange.commit(200)
    expect(await app.read()).toEqual({ list: [1, 3, 2] })
  })

  it('that throws fails the commit, and nothing but a flush is performed', async () => {
    const app = await appWith({ a: 1 })
    const failing: ChangeSource = {
      collect() {
        throw new RangeError('circular')
      },
    }
    const first = await openOn(app)
    first.exchange.session.set('a', 2)
    first.exchange.addSource(failing)
    expect(await catchRejection(first.exchange.commit(200))).toBeInstanceOf(RangeError)
    expect(await app.read()).toEqual({ a: 1 })

    const second = await openOn(app)
    second.exchange.session.flush()
    second.exchange.addSource(failing)
    expect(await catchRejection(second.exchange.commit(200))).toBeInstanceOf(RangeError)
    expect(await app.rows()).toEqual([])
  })

  it('is not asked for a 5xx', async () => {
    const app = await appWith({ a: 1 })
    const { exchange, object } = await openOn(app)
    object['a'] = 2
    await exchange.commit(503)
    expect(await app.read()).toEqual({ a: 1 })
  })

  it('is dropped by a flush, so that its changes do not become those of the next session', async () => {
    const app = await appWith({ a: 1 })
    const { exchange, object } = await openOn(app)
    object['a'] = 2
    exchange.session.flush()
    exchange.session.set('b', 1)
    app.browser.cookie = undefined
    const { cookies } = await exchange.commit(200)
    expect(cookies).toHaveLength(1)
    expect((await app.row()).payload).not.toContain('"a"')
  })

  it('stays after an explicit save, and after the session ended', async () => {
    const app = await appWith({ a: 1 })
    const { exchange, object } = await openOn(app)
    await exchange.session.save()
    await app.request((session) => session.flush(), { browser: app.browser.copy() })
    object['a'] = 2
    expect((await catchRejection(exchange.session.save())).code).toBe('ERR_SESSION_ENDED')
    object['a'] = 3
    expect((await catchRejection(exchange.commit(200))).code).toBe('ERR_SESSION_ENDED')
  })

  it('is refused where nothing can be changed', async () => {
    const app = new TestApp()
    const exchange = await adapterOf<any>(app.sessions).open(incoming(undefined, { secure: false }))
    plainObject(exchange)['a'] = 1
    expect((await catchRejection(exchange.commit(200))).code).toBe('ERR_SESSION_CONFIG')
    expect(app.eventReasons('cookie-refused')).toEqual(['insecure'])
  })

  it('works with a session that is in its cookie', async () => {
    const app = new TestApp({ store: new CookieStore({ secrets: ['a secret of at least 32 characters!!'] }) })
    await app.request((session) => session.set('a', 1))
    const exchange = await adapterOf<any>(app.sessions).open(incoming(app.browser.cookie))
    let isRecorded = false
    exchange.addSource({
      collect(recorder) {
        if (!isRecorded) recorder.record({ kind: 'set', name: 'b', text: '2' })
        isRecorded = true
      },
    })
    const { cookies } = await exchange.commit(200)
    app.browser.cookie = `${cookies[0]?.name}=${cookies[0]?.value}`
    expect(await app.read()).toEqual({ a: 1, b: 2 })
  })
})
