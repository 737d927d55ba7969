import { describe, expect, it } from 'vitest'
import { StoreError } from '../../../src/index.ts'
import { appWith, Browser, catchRejection, TestApp } from '../fixture.ts'
import { createScriptedApp, hangAfterEffect, sendTwice, TIMEOUT } from '../scripted-app.ts'
import { failAfterEffect, failBeforeEffect, firstCalls, neverSettles, type Script, ScriptedStore } from '../scripted-store.ts'

describe('a create', () => {
  const recoverable: [string, Script][] = [
    ['loses its response', firstCalls(1, failAfterEffect)],
    ['never reaches the store', firstCalls(1, failBeforeEffect)],
    ['hangs after its effect', firstCalls(1, hangAfterEffect)],
    ['hangs without effect', firstCalls(1, neverSettles)],
    ['is sent twice by the client library', firstCalls(1, sendTwice)],
    [
      'certainly fails once',
      firstCalls(1, () => {
        throw new StoreError('create', 'busy', { applied: false })
      }),
    ],
  ]
  it.each(recoverable)('creates one row if it %s, and the cookie leads to it', async (_name, script) => {
    const app = new TestApp({ timeout: TIMEOUT }, (memory) => new ScriptedStore(memory))
    const store = app.store as ScriptedStore
    store.on({ create: script })
    await app.request((session) => void session.set('a', 1))
    store.on({})
    expect([(await app.rows()).length, await app.read()]).toEqual([1, { a: 1 }])
  })

  it('rejects with CommitUnknownError and sends no cookie if the response is lost and the store cannot be read', async () => {
    const app = new TestApp({ timeout: TIMEOUT }, (memory) => new ScriptedStore(memory))
    ;(app.store as ScriptedStore).on({ create: neverSettles, load: neverSettles })
    const session = await app.open()
    session.set('a', 1)
    expect((await catchRejection(app.sessions.commit(session, { status: 200 }))).code).toBe('ERR_SESSION_COMMIT_UNKNOWN')
    expect(app.sessions.headers(session).getSetCookie()).toEqual([])
  })

  it('uses another id if the id is taken, and does not change the other session', async () => {
    const app = await appWith({ victim: true })
    const [before, family] = [await app.rows(), app.browser.id?.slice(0, 16) ?? '']
    const plannedBytes = [Buffer.from(family, 'base64url')]
    let calls = 0
    const random = (size: number): Uint8Array => {
      calls += 1
      return size === 12 && calls > 3 && plannedBytes.length > 0
        ? (plannedBytes.shift() as Uint8Array)
        : crypto.getRandomValues(new Uint8Array(size))
    }
    const manager = app.createManager({ random })
    const browser = new Browser()
    const session = await app.open(browser, manager)
    session.set('mine', 1)
    browser.applyCookies(await manager.commit(session, { status: 200 }))
    expect(await app.read()).toEqual({ victim: true })
    expect(await app.read(browser)).toEqual({ mine: 1 })
    expect((await app.rows()).length).toBe(before.length + 1)
  })

  it('rejects soon if every id is taken', async () => {
    const app = new TestApp({ timeout: TIMEOUT }, (memory) => new ScriptedStore(memory))
    const store = app.store as ScriptedStore
    store.on({ create: () => (store.calls.length > 500 ? neverSettles() : { ok: false, reason: 'taken' }) })
    const session = await app.open()
    session.set('a', 1)
    expect((await catchRejection(app.sessions.commit(session, { status: 200 }))).code).toMatch(/^ERR_SESSION_/)
    expect(store.calls.length).toBeLessThan(100)
  })
})

describe('a delete', () => {
  it.each<[string, Script]>([
    ['loses its response', firstCalls(1, failAfterEffect)],
    ['never reaches the store', firstCalls(2, failBeforeEffect)],
    ['hangs', firstCalls(1, neverSettles)],
    [
      'certainly fails once',
      firstCalls(1, () => {
        throw new StoreError('delete', 'busy', { applied: false })
      }),
    ],
  ])('is repeated if it %s', async (_name, script) => {
    const { app, store } = await createScriptedApp({ a: 1 })
    store.on({ delete: script })
    const { headers } = await app.request((session) => session.flush())
    expect([(await app.rows()).length, headers.getSetCookie().length]).toEqual([0, 1])
  })

  it('rejects if there is no response, and the cookie stays', async () => {
    const { app, store } = await createScriptedApp({ a: 1 })
    store.on({ delete: neverSettles })
    const session = await app.open()
    session.flush()
    expect((await catchRejection(app.sessions.commit(session, { status: 200 }))).code).toBe('ERR_SESSION_COMMIT_UNKNOWN')
    expect(app.sessions.headers(session).getSetCookie()).toEqual([])
  })

  it('rejects with StoreError if every attempt fails, and the cookie stays', async () => {
    const { app, store } = await createScriptedApp({ a: 1 })
    store.on({
      delete: () => {
        throw new StoreError('delete', 'read-only', { applied: false })
      },
    })
    const session = await app.open()
    session.flush()
    expect((await catchRejection(app.sessions.commit(session, { status: 200 }))).code).toBe('ERR_SESSION_STORE')
    expect(app.sessions.headers(session).getSetCookie()).toEqual([])
  })
})
