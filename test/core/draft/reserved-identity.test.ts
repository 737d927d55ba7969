import { describe, expect, it } from 'vitest'
import { draftOf } from '../../../src/core/session/dictionary.ts'
import { appWith, catchRejection, TestApp } from '../fixture.ts'
import { failBeforeEffect, firstCalls, ScriptedStore } from '../scripted-store.ts'

describe('a reserved identity', () => {
  it('is that of the session that the first commit creates, and not shown before', async () => {
    const app = new TestApp()
    const { result, session } = await app.request((opened) => {
      const reserved = draftOf(opened).reserveIdentity()
      opened.set('a', 1)
      expect(draftOf(opened).reserveIdentity()).toBe(reserved)
      expect([opened.id, opened.handle]).toEqual([undefined, undefined])
      return reserved
    })
    expect(session.id).toBe(result.id)
    expect(app.browser.id).toBe(result.id)
    expect(await app.read()).toEqual({ a: 1 })
  })

  it('is used by save, and by the session after a flush', async () => {
    const app = await appWith({ a: 1 })
    await app.request(async (session) => {
      const stored = draftOf(session).reserveIdentity()
      expect(stored.id).toBe(session.id)
      session.flush()
      const { id } = draftOf(session).reserveIdentity()
      expect(id).not.toBe(stored.id)
      await session.set('b', 1).save()
      expect(session.id).toBe(id)
    })
    expect(await app.read()).toEqual({ b: 1 })
  })

  it('creates nothing by itself, and is forgotten by a flush', async () => {
    const app = new TestApp()
    const { headers } = await app.request((session) => void draftOf(session).reserveIdentity())
    expect([headers.getSetCookie(), await app.rows()]).toEqual([[], []])
    const reserved: string[] = []
    await app.request((session) => {
      reserved.push(draftOf(session).reserveIdentity().id)
      session.flush()
      session.set('a', 1)
    })
    expect(reserved).not.toContain(app.browser.id)
  })

  it('is replaced if the outcome of the create is lost', async () => {
    const app = new TestApp({}, (memory) => new ScriptedStore(memory, { create: firstCalls(1, failBeforeEffect) }))
    const { result } = await app.request((session) => {
      session.set('a', 1)
      return draftOf(session).reserveIdentity().id
    })
    expect(app.browser.id).not.toBe(result)
    expect(await app.read()).toEqual({ a: 1 })
  })
})

describe('leave', () => {
  it('starts a new session and keeps the old one, without its uncommitted changes', async () => {
    const app = await appWith({ a: 1 })
    const old = app.browser.copy()
    await app.request((session) => {
      session.set('a', 2)
      draftOf(session).leave()
      expect([session.toObject(), session.id]).toEqual([{}, undefined])
      session.set('b', 1)
    })
    expect(await app.read()).toEqual({ b: 1 })
    expect(await app.read(old)).toEqual({ a: 1 })
    expect(app.eventReasons('ended')).toEqual([])
  })

  it('without further changes writes nothing and sends no cookie', async () => {
    const app = await appWith({ a: 1 })
    const { headers } = await app.request((session) => draftOf(session).leave())
    expect(headers.getSetCookie()).toEqual([])
    expect(await app.read()).toEqual({ a: 1 })
  })

  it('does not end a session whose write is under way', async () => {
    const app = await appWith({ a: 1 })
    const old = app.browser.copy()
    await app.request(async (session) => {
      const saved = session.set('a', 2).save()
      draftOf(session).leave()
      await saved
      session.set('b', 1)
    })
    expect(await app.read(old)).toEqual({ a: 2 })
    expect(await app.read()).toEqual({ b: 1 })
  })

  it('is refused once the response has started', async () => {
    const app = await appWith({ a: 1 })
    const { session } = await app.request(() => undefined)
    expect((await catchRejection((async () => draftOf(session).leave())())).code).toBe('ERR_SESSION_HEADERS_SENT')
  })
})
