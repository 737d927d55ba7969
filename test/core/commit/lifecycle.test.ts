// The moments in which other modules of this package take part: after a load, a write and an end.
import { describe, expect, it } from 'vitest'
import { SessionEndedError, StoreError } from '../../../src/core/base/errors.ts'
import type {
  EndedIndex,
  EndedSession,
  Lifecycle,
  LifecycleContext,
  Objection,
  WrittenSession,
} from '../../../src/core/config/lifecycle.ts'
import { ownProfile } from '../../../src/core/config/own-profile.ts'
import type { SessionProfile } from '../../../src/core/config/profile.ts'
import { Sessions } from '../../../src/core/manager/sessions.ts'
import { aliasIds } from '../../../src/core/store/alias-ids.ts'
import { isTombstone } from '../../../src/core/store/tombstone.ts'
import { CookieStore } from '../../../src/stores/cookie.ts'
import { MemoryStore } from '../../../src/stores/memory.ts'
import { Browser, DAY, rejection, TestApp } from '../fixture.ts'
import { failAfterEffect, type Script, ScriptedStore } from '../scripted-store.ts'

const withTombstones: SessionProfile = { ...ownProfile, tombstoneUntil: (now) => now + DAY }
const withGivenIds: SessionProfile = { ...withTombstones, ids: aliasIds, hasGivenIds: true }

const refused: Objection = { error: new SessionEndedError('ended'), retry: false, reason: 'revoked' }

type Make = (context: LifecycleContext) => Lifecycle

/** A check of users that fails until `fails` is set to `false`. */
function failingCheck(): Lifecycle & { fails: boolean } {
  return {
    fails: true,
    async afterAssign() {
      if (this.fails) throw new StoreError('load', new Error('down'))
      return undefined
    },
  }
}

function appOf(
  make: Make | readonly Make[],
  {
    profile = ownProfile,
    scripts = {},
  }: { profile?: SessionProfile; scripts?: Partial<Record<'create' | 'replace' | 'load', Script>> } = {},
): TestApp {
  const makers = typeof make === 'function' ? [make] : make
  return new TestApp(
    {},
    (memory) => new ScriptedStore(memory, scripts),
    (options) => new Sessions<any>(options, profile, makers),
  )
}

describe('after a write', () => {
  it('is called with each write, after it was acknowledged and before its cookie is set', async () => {
    const seen: (Pick<WrittenSession, 'isCreated' | 'isNewId' | 'assignsUser'> & { readonly stored: unknown })[] = []
    const app: TestApp = appOf(({ store, now }) => ({
      async afterWrite({ identity: { key }, entry, isCreated, isNewId, assignsUser }) {
        const stored = await store.load({ key, now: now(), fresh: true })
        seen.push({ isCreated, isNewId, assignsUser, stored: stored?.version === entry.version })
        return undefined
      },
    }))
    await app.request((session) => session.set('cart', [1]))
    await app.request((session) => session.login('ada'))
    await app.request((session) => session.set('cart', [2]))
    await app.request((session) => session.login('ada'))
    expect(seen).toEqual([
      { isCreated: true, isNewId: true, assignsUser: false, stored: true },
      { isCreated: false, isNewId: true, assignsUser: true, stored: true },
      { isCreated: false, isNewId: false, assignsUser: false, stored: true },
      { isCreated: false, isNewId: true, assignsUser: true, stored: true },
    ])
  })

  it('gets the id that the write replaced', async () => {
    const seen: unknown[] = []
    const app = appOf(() => ({ afterWrite: ({ identity, replaced }) => void seen.push(replaced && replaced.id !== identity.id) }))
    await app.request((session) => session.set('cart', [1]))
    await app.request((session) => session.set('cart', [2]))
    await app.request((session) => session.login('ada'))
    expect(seen).toEqual([undefined, undefined, true])
  })

  it('gets the time at which the request was opened', async () => {
    const times: number[] = []
    const app = appOf(() => ({ afterWrite: ({ openedAt }) => void times.push(openedAt) }))
    const opened = app.clock.at
    await app.request((session) => {
      app.clock.advance(5000)
      session.login('ada')
    })
    expect(times).toEqual([opened])
  })

  it('an objection to a session that the commit created ends it, and no cookie is set', async () => {
    const app = appOf(objectingTo(({ assignsUser }) => assignsUser))
    const session = await app.open()
    session.login('ada')
    session.set('cart', [1])
    const error = await rejection(app.sessions.commit(session, { status: 200 }))
    expect(error).toMatchObject({ code: 'ERR_SESSION_ENDED' })
    expect(app.sessions.headers(session).getSetCookie()).toEqual([])
    expect(await app.rows()).toEqual([])
    expect(app.eventReasons('login-withdrawn')).toEqual(['revoked'])
    expect(app.eventReasons('ended')).toEqual(['revoked'])
    expect(session.userId).toBeUndefined()
  })

  it('after an objection the request can save other changes in a new session', async () => {
    const app = appOf(objectingTo(({ assignsUser }) => assignsUser))
    await app.request(async (session) => {
      session.login('ada')
      await rejection(session.save())
      session.set('message', 'Your login was refused.')
    })
    expect(await app.read()).toEqual({ message: 'Your login was refused.' })
  })

  it('an objection to another write restores the user before it, keeps the data and sends the new id', async () => {
    const app = appOf(objectingTo(({ assignsUser }) => assignsUser))
    await app.request((session) => session.set('cart', [1]))
    const before = app.browser.copy()
    const session = await app.open()
    session.login('ada')
    session.set('color', 'red')
    expect((await rejection(app.sessions.commit(session, { status: 200 }))).code).toBe('ERR_SESSION_ENDED')
    app.browser.applyCookies(app.sessions.headers(session))
    expect(app.browser.id).not.toBe(before.id)
    expect(await app.read()).toEqual({ cart: [1], color: 'red' })
    expect(await app.read(before)).toEqual({})
    expect((await app.row()).userId).toBeUndefined()
    expect(session.userId).toBeUndefined()
  })

  it('a withdrawn login leaves nothing that makes the next login of another user drop the data', async () => {
    let objects = true
    const app = appOf(objectingTo(({ assignsUser }) => assignsUser && objects))
    await app.request((session) => session.set('cart', [1]))
    const session = await app.open()
    session.login('ada')
    await rejection(app.sessions.commit(session, { status: 200 }))
    app.browser.applyCookies(app.sessions.headers(session))
    objects = false
    await app.request((next) => next.login('eve'))
    expect(await app.read()).toEqual({ userId: 'eve', cart: [1] })
  })

  it('an objection to an assigned user gives the session back to the user before', async () => {
    const app = appOf(objectingTo(({ texts }) => texts.get('userId') === '"ada"'))
    await app.request((session) => session.login('eve'))
    const session = await app.open()
    session.set('userId', 'ada')
    await rejection(app.sessions.commit(session, { status: 200 }))
    app.browser.applyCookies(app.sessions.headers(session))
    expect(await app.read()).toEqual({ userId: 'eve' })
  })

  it('with `retry` the commit runs again, and no change is applied twice', async () => {
    let objections = 2
    const app = appOf(() => ({
      afterWrite: ({ assignsUser }) => (assignsUser && objections-- > 0 ? { ...refused, retry: true } : undefined),
    }))
    await app.request((session) => session.set('visits', 1))
    await app.request((session) => {
      session.login('ada')
      session.update('visits', (visits: number) => visits + 1)
    })
    expect(await app.read()).toEqual({ userId: 'ada', visits: 2 })
  })

  it('with `retry` a session that the commit created starts again', async () => {
    let objections = 2
    const app = appOf(() => ({ afterWrite: () => (objections-- > 0 ? { ...refused, retry: true } : undefined) }))
    await app.request((session) => {
      session.login('ada')
      session.set('cart', [1])
    })
    expect(await app.read()).toEqual({ userId: 'ada', cart: [1] })
    expect(await app.rows()).toHaveLength(1)
  })

  it('with `retry` the commit runs again at most three times', async () => {
    let calls = 0
    const app = appOf(() => ({
      afterWrite() {
        calls += 1
        return { ...refused, retry: true }
      },
    }))
    const session = await app.open()
    session.login('ada')
    expect((await rejection(app.sessions.commit(session, { status: 200 }))).code).toBe('ERR_SESSION_ENDED')
    expect(calls).toBe(4)
    expect(await app.rows()).toEqual([])
  })

  it('if the check fails, no cookie is set until a later commit of the request has repeated it', async () => {
    let fails = true
    let calls = 0
    const app = appOf(() => ({
      async afterWrite() {
        calls += 1
        if (fails) throw new StoreError('load', new Error('down'))
        return undefined
      },
    }))
    const session = await app.open()
    session.login('ada')
    expect((await rejection(session.save())).code).toBe('ERR_SESSION_STORE')
    expect(app.sessions.headers(session).getSetCookie()).toEqual([])
    expect((await rejection(session.save())).code).toBe('ERR_SESSION_STORE')
    fails = false
    const headers = await app.sessions.commit(session, { status: 200 })
    expect(headers.getSetCookie()).toHaveLength(1)
    expect(calls).toBe(3)
    app.browser.applyCookies(headers)
    expect(await app.read()).toEqual({ userId: 'ada' })
  })

  it('if the check fails and then objects, the login is withdrawn, also when the response is a 5xx', async () => {
    let fails = true
    const app = appOf(() => ({
      async afterWrite() {
        if (fails) throw new StoreError('load', new Error('down'))
        return refused
      },
    }))
    const session = await app.open()
    session.login('ada')
    await rejection(session.save())
    fails = false
    await rejection(app.sessions.commit(session, { status: 500 }))
    expect(await app.rows()).toEqual([])
  })

  it('if the withdrawal fails, no cookie is set and the next commit withdraws again', async () => {
    const app = appOf(objectingTo(({ assignsUser }) => assignsUser))
    await app.request((session) => session.set('cart', [1]))
    const store = app.store as ScriptedStore
    const session = await app.open()
    session.login('ada')
    let writes = 0
    store.on({
      replace: () => {
        writes += 1
        if (writes > 1) throw new StoreError('replace', new Error('down'), { applied: false })
      },
    })
    expect((await rejection(session.save())).code).toBe('ERR_SESSION_STORE')
    expect(app.sessions.headers(session).getSetCookie()).toEqual([])
    store.on({})
    await rejection(session.save())
    app.browser.applyCookies(await app.sessions.commit(session, { status: 200 }))
    expect(await app.read()).toEqual({ cart: [1] })
  })

  it('a session that is flushed while it is checked is ended by the flush', async () => {
    const app: TestApp = appOf(() => ({
      async afterWrite() {
        session.flush()
        return refused
      },
    }))
    const session = await app.open()
    session.login('ada')
    await session.save()
    await app.sessions.commit(session, { status: 200 })
    expect(await app.rows()).toEqual([])
    expect(app.eventReasons('ended')).toEqual(['flush'])
    expect(app.eventTypes()).not.toContain('login-withdrawn')
  })

  it('is called for a claim too', async () => {
    const writes: boolean[] = []
    const app = appOf(() => ({ afterWrite: ({ texts }) => void writes.push(texts.has('token')) }))
    await app.request((session) => session.set('token', 't'))
    await app.request((session) => session.claim('token'))
    expect(writes).toEqual([true, false])
  })

  it('objections of several lifecycles: the first one decides, and the others are not asked', async () => {
    const asked: string[] = []
    const make =
      (name: string, objection?: Objection): Make =>
      () => ({
        afterWrite() {
          asked.push(name)
          return objection
        },
      })
    const app = appOf([make('one'), make('two', { ...refused, reason: 'limit' }), make('three', refused)])
    const session = await app.open()
    session.login('ada')
    await rejection(app.sessions.commit(session, { status: 200 }))
    expect(asked).toEqual(['one', 'two'])
    expect(app.eventReasons('login-withdrawn')).toEqual(['limit'])
  })
})

describe('after an end', () => {
  it('is called for every way to end a session', async () => {
    const ended: (EndedSession | EndedIndex)[] = []
    const app = appOf(() => ({ afterEnd: (each) => void ended.push(each) }))
    const handles: (string | undefined)[] = []
    const login = async (user: string): Promise<void> => {
      app.browser.cookie = undefined
      const { session } = await app.request((opened) => opened.login(user))
      handles.push(session.handle)
    }
    await login('ada')
    await app.request((session) => session.flush())
    await login('ada')
    await app.request((session) => session.login('eve'))
    await login('ada')
    await app.sessions.revoke(handles[2] ?? '')
    await login('ada')
    await app.sessions.users.revoke('ada')
    expect(ended.map((each) => ('handle' in each ? [each.reason, each.handle] : [each.reason, each.index]))).toEqual([
      ['flush', handles[0]],
      ['other-user', handles[1]],
      ['revoked', handles[2]],
      ['revoked', 'userId'],
    ])
    expect(ended.map((each) => 'identity' in each && each.identity !== undefined)).toEqual([true, true, false, false])
  })

  it('an error fails the commit, the cookie is not deleted, and a later commit repeats the end', async () => {
    let fails = true
    let calls = 0
    const app = appOf(() => ({
      async afterEnd() {
        calls += 1
        if (fails) throw new StoreError('delete', new Error('down'))
      },
    }))
    await app.request((session) => session.login('ada'))
    const session = await app.open()
    session.flush()
    expect((await rejection(session.save())).code).toBe('ERR_SESSION_STORE')
    expect(app.sessions.headers(session).getSetCookie()).toEqual([])
    expect(await app.rows()).toEqual([])
    fails = false
    const headers = await app.sessions.commit(session, { status: 200 })
    expect(headers.getSetCookie()[0]).toMatch(/^__Host-sid=;/)
    expect(calls).toBe(2)
  })

  it('an error of one lifecycle keeps no other from being called', async () => {
    const called: string[] = []
    const app = appOf([
      () => ({
        afterEnd() {
          throw new StoreError('delete', new Error('down'))
        },
      }),
      () => ({ afterEnd: () => void called.push('two') }),
    ])
    const { session } = await app.request((opened) => opened.login('ada'))
    expect((await rejection(app.sessions.revoke(session.handle ?? ''))).code).toBe('ERR_SESSION_STORE')
    expect(called).toEqual(['two'])
  })
})

describe('after a load', () => {
  const guest = new Map([['cart', '[1]']])
  const old = new Map([
    ['old-id', guest],
    ['of-ada', new Map([...guest, ['userId', '"ada"']])],
  ])
  const cookie = (id: string): Browser => new Browser(`__Host-sid=${id}`)

  /** Carries sessions over from the old store. */
  const carryOver: Make = ({ create }) => ({
    async afterLoad({ identity, entry, deadline }) {
      const texts = old.get(identity.id)
      if (entry !== undefined || texts === undefined) return undefined
      return { entry: (await create(identity, texts, deadline))?.entry }
    },
  })

  it('may supply a session that it created under the given id, which keeps its cookie', async () => {
    const app = appOf(carryOver, { profile: withGivenIds })
    const browser = cookie('old-id')
    const { headers, result } = await app.request((session) => session.get('cart'), { browser })
    expect(result).toEqual([1])
    expect(headers.getSetCookie()).toEqual([])
    await app.request((session) => session.set('color', 'red'), { browser })
    expect(await app.read(browser)).toEqual({ cart: [1], color: 'red' })
    expect(JSON.stringify(await app.rows())).not.toContain('old-id')
  })

  it('parallel requests create one session, and all see it', async () => {
    const app = appOf(carryOver, { profile: withGivenIds })
    const requests = Array.from({ length: 10 }, (_, index) =>
      app.request((session) => session.set(`p${index}`, index), { browser: cookie('old-id') }),
    )
    await Promise.all(requests)
    expect(Object.keys(await app.read(cookie('old-id')))).toHaveLength(11)
    expect(await app.rows()).toHaveLength(1)
  })

  it('a session that has ended is not created again', async () => {
    const app = appOf(carryOver, { profile: withGivenIds })
    await app.request((session) => session.get('cart'), { browser: cookie('old-id') })
    await app.request((session) => session.flush(), { browser: cookie('old-id') })
    expect(await app.read(cookie('old-id'))).toEqual({})
    expect(isTombstone(await app.row())).toBe(true)
  })

  it('a session without a row is ended by a tombstone, so that it is not created later', async () => {
    const app = appOf(carryOver, { profile: withGivenIds })
    await app.request((session) => session.flush(), { browser: cookie('unknown') })
    expect(isTombstone(await app.row())).toBe(true)
  })

  it('an expired row in the way is replaced', async () => {
    const app = appOf(carryOver, { profile: withGivenIds })
    await app.request((session) => session.setExpiry('1s'), { browser: cookie('old-id') })
    app.clock.advance(2000)
    expect(await app.read(cookie('old-id'))).toEqual({ cart: [1] })
    expect(await app.rows()).toHaveLength(1)
  })

  it('a `create` whose response was lost is repeated under the same id', async () => {
    const app = appOf(carryOver, { profile: withGivenIds })
    ;(app.store as ScriptedStore).on({ create: failAfterEffect })
    expect(await app.read(cookie('old-id'))).toEqual({ cart: [1] })
    expect(await app.rows()).toHaveLength(1)
  })

  it('a user of a session that it creates is checked like a login, and an objection ends it', async () => {
    const opened: number[] = []
    const object: Make = () => ({
      afterAssign({ openedAt }) {
        opened.push(openedAt)
        return refused
      },
    })
    const app = appOf([carryOver, object], { profile: withGivenIds })
    expect(await app.read(cookie('of-ada'))).toEqual({})
    expect(opened).toEqual([0])
    expect(isTombstone(await app.row())).toBe(true)
  })

  it('if the check of a session that it created fails, no request uses it before another check', async () => {
    const check = failingCheck()
    const app = appOf([carryOver, () => check], { profile: withGivenIds })
    for (let requests = 0; requests < 2; requests++) {
      const session = await app.open(cookie('of-ada'))
      expect(() => session.get('cart')).toThrow(expect.objectContaining({ code: 'ERR_SESSION_STORE' }))
    }
    check.fails = false
    expect(await app.read(cookie('of-ada'))).toEqual({ cart: [1], userId: 'ada' })
    check.fails = true
    expect(await app.read(cookie('of-ada'))).toEqual({ cart: [1], userId: 'ada' })
  })

  it('may say that the request has no session, with a reason', async () => {
    const app = appOf(() => ({ afterLoad: ({ texts }) => (texts?.has('locked') === true ? { absent: 'unreadable' } : undefined) }))
    await app.request((session) => session.set('locked', true))
    app.clearEvents()
    expect(await app.read()).toEqual({})
    expect(app.eventReasons('absent')).toEqual(['unreadable'])
  })

  it('may replace the properties of the session, unless it was changed in between', async () => {
    let results: unknown[] = []
    const app = appOf(({ replace }) => ({
      async afterLoad({ identity, entry, texts, deadline }) {
        if (entry === undefined || texts?.has('imported') !== false) return undefined
        const imported = new Map([...texts, ['imported', 'true']])
        const replaced = await replace(identity, entry, imported, deadline)
        const stale = await replace(identity, entry, imported, deadline)
        results = [replaced?.version === entry.version, stale]
        return { entry: replaced }
      },
    }))
    await app.request((session) => session.set('cart', [1]))
    expect(await app.read()).toEqual({ cart: [1], imported: true })
    expect(results).toEqual([false, undefined])
  })

  describe('a user that it assigns by replacing the properties', () => {
    /** Assigns ada to a session without a user. */
    const assign: Make = ({ replace }) => ({
      async afterLoad({ identity, entry, texts, deadline }) {
        if (entry === undefined || texts === undefined || texts.has('userId')) return undefined
        const replaced = await replace(identity, entry, new Map([...texts, ['userId', '"ada"']]), deadline)
        return replaced === undefined ? { absent: 'unknown-or-expired' } : { entry: replaced }
      },
    })

    /** An application with a session without a user. */
    async function appWithCart(check: Lifecycle): Promise<TestApp> {
      const app = appOf([assign, () => check], { profile: withGivenIds })
      await app.request((session) => session.set('cart', [1]))
      return app
    }

    it('is checked before and after the write, as an authentication at an unknown time', async () => {
      const times: number[] = []
      const app = await appWithCart({
        beforeAssign: ({ authenticatedAt }) => void times.push(authenticatedAt),
        afterAssign: (_, { authenticatedAt }) => void times.push(authenticatedAt),
      })
      expect(await app.read()).toEqual({ cart: [1], userId: 'ada' })
      expect(times).toEqual([0, 0])
      expect(await app.read()).toEqual({ cart: [1], userId: 'ada' })
      expect(times).toEqual([0, 0])
    })

    it.each<[string, Lifecycle]>([
      [
        'before',
        {
          beforeAssign() {
            throw new SessionEndedError('revoked')
          },
        },
      ],
      ['after', { afterAssign: () => refused }],
    ])('ends the session if the check %s the write refuses it', async (_, check) => {
      const app = await appWithCart(check)
      expect(await app.read()).toEqual({})
      expect(isTombstone(await app.row())).toBe(true)
    })

    it('is not used if the check after the write fails, and the next request repeats the check', async () => {
      const check = failingCheck()
      const app = await appWithCart(check)
      const session = await app.open()
      expect(() => session.get('cart')).toThrow(expect.objectContaining({ code: 'ERR_SESSION_STORE' }))
      expect((await app.row()).userId).toBeDefined()
      check.fails = false
      expect(await app.read()).toEqual({ cart: [1], userId: 'ada' })
    })
  })

  it('several lifecycles see the decisions of those before them', async () => {
    const seen: unknown[] = []
    const app = appOf([carryOver, () => ({ afterLoad: ({ texts }) => void seen.push(texts?.get('cart')) })], { profile: withGivenIds })
    await app.read(cookie('old-id'))
    expect(seen).toEqual(['[1]'])
  })

  it('is not called without a load', async () => {
    let calls = 0
    const app = appOf(() => ({ afterLoad: () => void (calls += 1) }))
    await app.request((session) => session.set('cart', [1]))
    expect(calls).toBe(0)
    await app.read()
    expect(calls).toBe(1)
  })
})

describe('a manager', () => {
  it('whose lifecycle needs lasting rows refuses a store that drops rows when it is full', () => {
    const make: Make = () => ({ lastingRowsFor: 'carryOver' })
    expect(() => new Sessions({ store: new MemoryStore() }, withTombstones, [make])).toThrow(
      expect.objectContaining({ code: 'ERR_SESSION_CONFIG', message: expect.stringContaining('`carryOver`') }),
    )
    expect(() => new Sessions({ store: new MemoryStore({ max: Infinity }) }, withTombstones, [make])).not.toThrow()
  })

  it('whose profile has given ids needs tombstones', () => {
    const profile = { ...ownProfile, ids: aliasIds, hasGivenIds: true }
    expect(() => new Sessions({ store: new MemoryStore() }, profile)).toThrow(expect.objectContaining({ code: 'ERR_SESSION_CONFIG' }))
  })

  it('with tombstones refuses a store without rows', () => {
    const store = new CookieStore({ secrets: 'V9x2mQ7rT4bK8nW3zL6pJ1sD5fG0hYcA' })
    expect(() => new Sessions({ store }, withTombstones)).toThrow(expect.objectContaining({ code: 'ERR_SESSION_CONFIG' }))
  })
})

function objectingTo(condition: (written: WrittenSession) => boolean): Make {
  return () => ({ afterWrite: (written) => (condition(written) ? refused : undefined) })
}
