// Profiles with tombstones: the row of an ended session stays and refuses what arrives late.
import { describe, expect, it } from 'vitest'
import { StoreError } from '../../../src/core/base/errors.ts'
import { ownProfile } from '../../../src/core/config/own-profile.ts'
import type { SessionProfile } from '../../../src/core/config/profile.ts'
import { Sessions } from '../../../src/core/manager/sessions.ts'
import type { Entry } from '../../../src/core/store/store.ts'
import { isTombstone } from '../../../src/core/store/tombstone.ts'
import { DAY, rejection, TestApp } from '../fixture.ts'
import { failAfterEffect, failBeforeEffect, firstCalls, ScriptedStore } from '../scripted-store.ts'

const profile: SessionProfile = { ...ownProfile, tombstoneUntil: (now) => now + DAY }

function appWithTombstones(): TestApp & { readonly store: ScriptedStore } {
  const app = new TestApp(
    {},
    (memory) => new ScriptedStore(memory),
    (options) => new Sessions<any>(options, profile),
  )
  return app as TestApp & { readonly store: ScriptedStore }
}

describe('an end leaves a tombstone', () => {
  it('by a flush, which keeps nothing of the session and stays for the time of the profile', async () => {
    const app = appWithTombstones()
    await app.request((session) => session.login('ada'))
    const copy = app.browser.copy()
    await app.request((session) => session.flush())
    const row = await app.row()
    expect(row).toMatchObject({ payload: '', proof: '', commits: '', expiresAt: app.clock.at + DAY })
    expect(row.userId).toBeUndefined()
    expect(await app.read(copy)).toEqual({})
    expect(app.store.calls).not.toContain('delete')
  })

  it('by `revoke`, `users.revoke` and the login of another user', async () => {
    const app = appWithTombstones()
    const { session } = await app.request((opened) => opened.login('ada'))
    expect(await app.sessions.revoke(session.handle ?? '')).toBe(true)
    expect(await app.sessions.revoke(session.handle ?? '')).toBe(false)
    await app.request((opened) => opened.login('ada'))
    expect(await app.sessions.users.revoke('ada')).toBe(1)
    expect(await app.sessions.users.revoke('ada')).toBe(0)
    app.clock.advance(1)
    await app.request((opened) => opened.login('ada'))
    await app.request((opened) => opened.login('eve'))
    const rows = (await app.rows()).filter(([key]) => !key.startsWith('mark.')).map(([, entry]) => entry)
    expect(rows.filter(isTombstone)).toHaveLength(3)
    expect(rows).toHaveLength(4)
    expect(app.store.calls).not.toContain('delete')
  })

  it('which no list shows', async () => {
    const app = appWithTombstones()
    await app.request((session) => session.login('ada'))
    await app.request((session) => session.flush())
    expect(await app.sessions.users.list('ada')).toEqual([])
  })

  it('which is deleted with the expired sessions when its time is over', async () => {
    const app = appWithTombstones()
    await app.request((session) => session.login('ada'))
    await app.request((session) => session.flush())
    app.clock.advance(DAY - 1)
    expect(await app.sessions.clearExpired()).toBe(0)
    app.clock.advance(1)
    expect(await app.sessions.clearExpired()).toBe(1)
  })

  it('also in place of an expired row', async () => {
    const app = appWithTombstones()
    await app.request((session) => session.login('ada'))
    const session = await app.open()
    app.clock.advance(1000 * DAY)
    session.flush()
    await app.sessions.commit(session, { status: 200 })
    expect(isTombstone(await app.row())).toBe(true)
  })
})

describe('a request that runs while the session ends', () => {
  it('finds that it has ended', async () => {
    const app = appWithTombstones()
    await app.request((session) => session.set('cart', [1]))
    const slow = await app.open()
    slow.set('cart', [2])
    await app.request((session) => session.flush(), { browser: app.browser.copy() })
    expect(await rejection(app.sessions.commit(slow, { status: 200 }))).toMatchObject({ code: 'ERR_SESSION_ENDED', reason: 'ended' })
    expect(isTombstone(await app.row())).toBe(true)
  })

  it('and logs in starts a new session', async () => {
    const app = appWithTombstones()
    await app.request((session) => session.set('cart', [1]))
    const slow = await app.open()
    slow.login('ada')
    await app.request((session) => session.flush(), { browser: app.browser.copy() })
    app.browser.applyCookies(await app.sessions.commit(slow, { status: 200 }))
    expect(await app.read()).toEqual({ userId: 'ada' })
    expect(await app.rows()).toHaveLength(2)
  })

  it.each([
    ['after', failAfterEffect],
    ['before', failBeforeEffect],
  ] as const)('and whose write was lost %s its effect does not know whether it was saved', async (_, fail) => {
    const app = appWithTombstones()
    await app.request((session) => session.set('cart', [1]))
    const slow = await app.open()
    slow.set('cart', [2])
    app.store.on({
      replace: firstCalls(1, async (next, operation) => {
        app.store.on({})
        const error = await rejection(Promise.resolve().then(() => fail(next, operation)))
        await app.request((session) => session.flush(), { browser: app.browser.copy() })
        throw error
      }),
    })
    expect((await rejection(app.sessions.commit(slow, { status: 200 }))).code).toBe('ERR_SESSION_COMMIT_UNKNOWN')
    expect(isTombstone(await app.row())).toBe(true)
  })
})

describe('an end whose write', () => {
  it.each([
    ['took effect and whose response was lost', failAfterEffect],
    ['did not reach the store', failBeforeEffect],
  ])('%s is repeated and leaves one tombstone', async (_, script) => {
    const app = appWithTombstones()
    await app.request((session) => session.login('ada'))
    app.store.on({ replace: firstCalls(1, script) })
    const { session } = await app.request((opened) => opened.flush())
    expect(session.userId).toBeUndefined()
    expect(isTombstone(await app.row())).toBe(true)
    expect(app.eventReasons('ended')).toEqual(['flush'])
  })

  it('lost against another write is repeated on the newer row', async () => {
    const app = appWithTombstones()
    const { session } = await app.request((opened) => opened.login('ada'))
    const row = await app.row()
    app.store.on({ replace: firstCalls(1, () => ({ ok: false, reason: 'stale', current: row })) })
    expect(await app.sessions.revoke(session.handle ?? '')).toBe(true)
    expect(isTombstone(await app.row())).toBe(true)
  })

  it('fails is an error of the store, and a later commit ends the session', async () => {
    const app = appWithTombstones()
    await app.request((session) => session.login('ada'))
    const session = await app.open()
    session.flush()
    app.store.on({
      replace: () => {
        throw new StoreError('replace', new Error('down'), { applied: false })
      },
    })
    expect((await rejection(session.save())).code).toBe('ERR_SESSION_STORE')
    app.store.on({})
    await app.sessions.commit(session, { status: 200 })
    expect(isTombstone(await app.row())).toBe(true)
  })
})

describe('a row with an empty proof', () => {
  it('is no session, whatever else is in it', async () => {
    const app = appWithTombstones()
    await app.request((session) => session.login('ada'))
    const [key, entry] = await app.onlyRow()
    const marked: Entry = { ...entry, proof: '', version: 'marked' }
    await app.memory.replace({ key, entry: marked, expected: entry.version, now: 0 })
    expect(await app.read()).toEqual({})
    expect(await app.sessions.users.list('ada')).toEqual([])
  })
})
