import { describe, expect, it, vi } from 'vitest'
import type { Replace } from '../../../src/core/store/store.ts'
import { StoreError } from '../../../src/index.ts'
import { catchRejection } from '../fixture.ts'
import { createScriptedApp, hangAfterEffect, sendTwice } from '../scripted-app.ts'
import { failAfterEffect, failBeforeEffect, firstCalls, neverSettles, type Script, sleep } from '../scripted-store.ts'

describe('a replace', () => {
  const recoverable: [string, Script][] = [
    ['loses its response', firstCalls(1, failAfterEffect)],
    ['loses its response twice', firstCalls(2, failAfterEffect)],
    ['never reaches the store', firstCalls(1, failBeforeEffect)],
    ['never reaches the store, twice', firstCalls(2, failBeforeEffect)],
    ['hangs after its effect', firstCalls(1, hangAfterEffect)],
    ['hangs without effect', firstCalls(1, neverSettles)],
    ['is sent twice by the client library', firstCalls(1, sendTwice)],
    [
      'certainly fails twice',
      firstCalls(2, () => {
        throw new StoreError('replace', 'busy', { applied: false })
      }),
    ],
  ]
  it.each(recoverable)('that %s takes effect exactly once', async (_name, script) => {
    const { app, store } = await createScriptedApp({ n: 0 })
    store.on({ replace: script })
    await app.request((session) => session.increment('n'))
    store.on({})
    expect(await app.read()).toEqual({ n: 1 })
  })

  it('that arrives after its repetition has no effect', async () => {
    const { app, store } = await createScriptedApp({ n: 0 })
    let lateResult: unknown
    store.on({
      replace: firstCalls(1, (next) => {
        void sleep(60)
          .then(next)
          .then((result) => (lateResult = result))
        throw new Error('the connection was lost')
      }),
    })
    await app.request((session) => session.increment('n'))
    await sleep(80)
    expect(lateResult).toMatchObject({ ok: false })
    expect(await app.read()).toEqual({ n: 1 })
  })

  it('that arrives during the recovery load is found', async () => {
    const { app, store } = await createScriptedApp({ n: 0 })
    let sent = false
    store.on({
      replace: (next) => {
        if (sent) return undefined
        sent = true
        void sleep(5).then(next)
        throw new Error('the connection was lost')
      },
      load: async (next) => {
        await sleep(10)
        return next()
      },
    })
    const session = await app.open()
    session.increment('n')
    await app.sessions.commit(session, { status: 200 })
    store.on({})
    expect(await app.read()).toEqual({ n: 1 })
  })

  it('whose response was lost and that others overwrote is found by its receipt', async () => {
    const { app, store } = await createScriptedApp({ n: 0 })
    store.on({
      replace: firstCalls(1, async (next) => {
        await next()
        store.on({})
        const manager = app.createManager()
        for (let round = 0; round < 3; round++) {
          const other = await app.open(app.browser, manager)
          other.increment('n', 10)
          await manager.commit(other, { status: 200 })
        }
        throw new Error('the connection was lost')
      }),
    })
    await app.request((session) => session.increment('n'))
    expect(await app.read()).toEqual({ n: 31 })
  })

  it('that was lost while 32 other managers wrote rejects with CommitUnknownError', async () => {
    const { app, store } = await createScriptedApp({ n: 0 })
    store.on({
      replace: firstCalls(1, async (next) => {
        await next()
        store.on({})
        for (let round = 0; round < 32; round++) {
          const manager = app.createManager()
          const other = await app.open(app.browser, manager)
          other.increment('others')
          await manager.commit(other, { status: 200 })
        }
        throw new Error('the connection was lost')
      }),
    })
    const session = await app.open()
    session.increment('n')
    expect((await catchRejection(app.sessions.commit(session, { status: 200 }))).code).toBe('ERR_SESSION_COMMIT_UNKNOWN')
    expect(await app.read()).toEqual({ n: 1, others: 32 })
  })

  it.each([3_600_000, -3_600_000])('is found by its receipt when the clock of another process differs by %i ms', async (difference) => {
    const { app, store } = await createScriptedApp({ n: 0 })
    store.on({
      replace: firstCalls(1, async (next) => {
        await next()
        store.on({})
        const manager = app.createManager({ clock: () => app.clock.at + difference })
        const other = await app.open(app.browser, manager)
        other.increment('n', 10)
        await manager.commit(other, { status: 200 })
        throw new Error('the connection was lost')
      }),
    })
    await app.request((session) => session.increment('n'))
    expect(await app.read()).toEqual({ n: 11 })
  })

  it('is found by its receipt on Workers, where one manager has several writes in flight', async () => {
    vi.stubGlobal('navigator', { userAgent: 'Cloudflare-Workers' })
    const { app, store } = await createScriptedApp({ n: 0 })
    vi.unstubAllGlobals()
    store.on({
      replace: firstCalls(1, async (next) => {
        await next()
        store.on({})
        for (let round = 0; round < 3; round++) await app.request((session) => session.increment('n', 10))
        throw new Error('the connection was lost')
      }),
    })
    await app.request((session) => session.increment('n'))
    expect(await app.read()).toEqual({ n: 31 })
  })

  it('that was lost on a row that is now missing rejects with CommitUnknownError', async () => {
    const { app, store } = await createScriptedApp({ n: 0 })
    const [key] = await app.onlyRow()
    store.on({
      replace: firstCalls(1, async (next) => {
        await next()
        await app.memory.delete({ key })
        throw new Error('lost')
      }),
    })
    const session = await app.open()
    session.increment('n')
    expect((await catchRejection(app.sessions.commit(session, { status: 200 }))).code).toBe('ERR_SESSION_COMMIT_UNKNOWN')
    expect((await app.rows()).length).toBe(0)
  })

  it('without a response on an unreadable store rejects with CommitUnknownError at the deadline', async () => {
    const { app, store } = await createScriptedApp({ n: 0 })
    const session = await app.open()
    session.increment('n')
    store.on({ replace: neverSettles, load: neverSettles })
    expect(await catchRejection(app.sessions.commit(session, { status: 200 }))).toMatchObject({
      code: 'ERR_SESSION_COMMIT_UNKNOWN',
      status: 503,
    })
  })

  it('that certainly fails every time rejects with StoreError, and nothing is applied', async () => {
    const { app, store } = await createScriptedApp({ n: 0 })
    const session = await app.open()
    session.increment('n')
    store.on({
      replace: () => {
        throw new StoreError('replace', 'full', { applied: false })
      },
    })
    expect(await catchRejection(app.sessions.commit(session, { status: 200 }))).toMatchObject({
      code: 'ERR_SESSION_STORE',
      operation: 'replace',
      applied: false,
      status: 503,
    })
    expect(store.calls).not.toContain('delete')
    store.on({})
    expect(await app.read()).toEqual({ n: 0 })
  })

  it('is repeated with the same nonce', async () => {
    const { app, store } = await createScriptedApp({ n: 0 })
    const versions: string[] = []
    let failures = 2
    store.on({
      replace: (_next, operation) => {
        versions.push((operation as Replace).entry.version)
        failures -= 1
        if (failures >= 0) throw new Error('lost')
      },
    })
    await app.request((session) => session.increment('n'))
    expect([versions.length, new Set(versions).size]).toEqual([3, 1])
  })
})
