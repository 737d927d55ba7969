import { describe, expect, it } from 'vitest'
import { appWith, catchRejection, type TestApp } from '../fixture.ts'
import { createScriptedApp, hangAfterEffect, sendTwice, TIMEOUT } from '../scripted-app.ts'
import { failAfterEffect, failBeforeEffect, firstCalls, neverSettles, type Script, ScriptedStore } from '../scripted-store.ts'

describe('after a CommitUnknownError', () => {
  async function createUnknownCommit(): Promise<{ app: TestApp; store: ScriptedStore; session: Awaited<ReturnType<TestApp['open']>> }> {
    const { app, store } = await createScriptedApp({ n: 0, coupon: 1 })
    const session = await app.open()
    session.increment('n')
    store.on({ replace: failAfterEffect, load: failBeforeEffect })
    expect((await catchRejection(session.save())).code).toBe('ERR_SESSION_COMMIT_UNKNOWN')
    store.on({})
    await app.waitForStore()
    return { app, store, session }
  }

  it('only flush is still possible', async () => {
    const { app, session } = await createUnknownCommit()
    expect(() => session.set('b', 1)).toThrow(expect.objectContaining({ code: 'ERR_SESSION_COMMIT_UNKNOWN' }))
    expect((await catchRejection(session.claim('coupon'))).code).toBe('ERR_SESSION_COMMIT_UNKNOWN')
    expect((await catchRejection(session.save())).code).toBe('ERR_SESSION_COMMIT_UNKNOWN')
    session.flush()
    app.browser.applyCookies(await app.sessions.commit(session, { status: 200 }))
    expect([(await app.rows()).length, app.browser.cookie]).toEqual([0, undefined])
  })

  it('the commit of the request rejects too, and no change is applied twice', async () => {
    const { app, session } = await createUnknownCommit()
    expect((await catchRejection(app.sessions.commit(session, { status: 200 }))).code).toBe('ERR_SESSION_COMMIT_UNKNOWN')
    expect(await app.read()).toEqual({ n: 1, coupon: 1 })
  })

  it('reload does not allow further changes', async () => {
    const { app, session } = await createUnknownCommit()
    await session.reload().catch(() => undefined)
    await app.sessions.commit(session, { status: 200 }).catch(() => undefined)
    expect(await app.read()).toEqual({ n: 1, coupon: 1 })
  })

  it('a claim returns the value at most once', async () => {
    const { app, store } = await createScriptedApp({ coupon: 1 })
    const session = await app.open()
    store.on({ replace: failAfterEffect, load: failBeforeEffect })
    expect((await catchRejection(session.claim('coupon'))).code).toBe('ERR_SESSION_COMMIT_UNKNOWN')
    store.on({})
    await app.waitForStore()
    expect((await catchRejection(session.claim('coupon'))).code).toBe('ERR_SESSION_COMMIT_UNKNOWN')
    const { result } = await app.request((other) => other.claim('coupon'))
    expect(result).toBeUndefined()
  })
})

describe('a claim', () => {
  it.each<[string, Script]>([
    ['loses its response', firstCalls(1, failAfterEffect)],
    ['never reaches the store', firstCalls(1, failBeforeEffect)],
    ['hangs after its effect', firstCalls(1, hangAfterEffect)],
    ['is sent twice by the client library', firstCalls(1, sendTwice)],
  ])('returns the value once if its write %s', async (_name, script) => {
    const { app, store } = await createScriptedApp({ coupon: 'c', a: 1 })
    store.on({ replace: script })
    const { result } = await app.request((session) => session.claim('coupon'))
    expect(result).toBe('c')
    store.on({})
    expect(await app.read()).toEqual({ a: 1 })
  })
})

describe('a store call that fails', () => {
  const modes: [string, Script][] = [
    ['before its effect', failBeforeEffect],
    ['after its effect', failAfterEffect],
    ['by hanging before its effect', neverSettles],
    ['by hanging after its effect', hangAfterEffect],
    ['by being sent twice', sendTwice],
  ]
  it.each(modes)('%s adds the increment once, returns the claim once and creates no second row', async (_name, script) => {
    for (let failing = 1; failing <= 6; failing++) {
      const app = await appWith({ n: 0, coupon: 'c' }, { timeout: TIMEOUT }, (memory) => new ScriptedStore(memory))
      const store = app.store as ScriptedStore
      let calls = 0
      const once: Script = (next, ...args) => ((calls += 1) === failing ? script(next, ...args) : undefined)
      store.on({ load: once, replace: once, touch: once })
      const session = await app.open()
      const outcome = await (async () => {
        session.increment('n')
        const coupon = await session.claim('coupon')
        await session.save()
        session.cycleId()
        app.browser.applyCookies(await app.sessions.commit(session, { status: 200 }))
        return coupon
      })().catch((error: unknown) => error)
      store.on({})
      expect((await app.rows()).length).toBe(1)
      const row = JSON.parse((await app.row()).payload) as { n: number; coupon?: string }
      if (outcome === 'c') expect(row).toEqual({ n: 1 })
      else expect(outcome, `call ${failing}`).toMatchObject({ code: 'ERR_SESSION_STORE', operation: 'load' })
      if (outcome === 'c') expect(await app.read()).toEqual({ n: 1 })
      else expect(row).toEqual({ n: 0, coupon: 'c' })
    }
  })
})
