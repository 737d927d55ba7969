import { describe, expect, it } from 'vitest'
import { createSessions, type Sessions } from '../../src/index.ts'
import { cookieSession, createMovedSessions, fastifySession, ironSession, koaSession, type OldSessions } from '../../src/move/move.ts'
import { MemoryStore } from '../../src/stores/memory.ts'
import { catchError, rejection } from '../core/fixture.ts'
import { FailingRows } from '../helpers/failing-rows.ts'

const newStore = (): MemoryStore => new MemoryStore({ max: Number.POSITIVE_INFINITY })

/** A library whose cookie `old` names a session in `rows`. */
function library(rows: Record<string, object>, read = (value: string): object | undefined => rows[value]): OldSessions {
  return { cookie: 'old', read: (value) => read(value) as Record<string, unknown>, destroy: (value) => delete rows[value] }
}

/** Sends a request with this `Cookie` header, and returns the session and the cookies of the response. */
async function visit(sessions: Sessions<any>, cookie: string, handler: (session: any) => unknown = () => undefined) {
  const session = await sessions.open(new Request('http://localhost/', { headers: { cookie } }))
  handler(session)
  const data = session.toObject()
  const headers = await sessions.commit(session, { status: 200 })
  return { data, cookies: headers.getSetCookie() }
}

const idIn = (cookies: readonly string[]): string => cookies.find((cookie) => cookie.startsWith('sid='))?.split(';')[0] ?? ''

describe('a session of another library', () => {
  it('is found by the cookie that replaced the old one, also after the move', async () => {
    const store = newStore()
    const rows = { a: { userId: 7, cart: ['tea'] } }
    const sessions = createMovedSessions({ store }, library(rows))
    const { data, cookies } = await visit(sessions, 'old=a')
    expect(data).toEqual({ userId: 7, cart: ['tea'] })
    expect(cookies.some((cookie) => cookie.startsWith('old=;'))).toBe(true)
    expect(rows).toEqual({})
    expect((await visit(sessions, idIn(cookies))).data).toEqual(data)
    expect((await visit(createSessions<any>({ store }), idIn(cookies))).data).toEqual(data)
  })

  it('is not read for a request with the cookie of this package', async () => {
    const sessions = createMovedSessions({ store: newStore() }, library({ a: { userId: 7 }, b: { userId: 8 } }))
    const { cookies } = await visit(sessions, 'old=a')
    expect((await visit(sessions, `${idIn(cookies)}; old=b`)).data).toEqual({ userId: 7 })
  })

  it('is sent again as long as the browser does not have its cookie', async () => {
    const sessions = createMovedSessions({ store: newStore() }, library({ a: { userId: 7 } }))
    const { cookies } = await visit(sessions, 'old=a')
    expect(idIn((await visit(sessions, 'old=a')).cookies)).toBe(idIn(cookies))
    expect((await visit(sessions, idIn(cookies))).cookies).toEqual([])
  })

  it('does not replace the cookie of a login that was faster', async () => {
    const sessions = createMovedSessions({ store: newStore() }, library({ a: { cart: [] } }))
    await visit(sessions, 'old=a')
    const slow = await sessions.open(new Request('http://localhost/', { headers: { cookie: 'old=a' } }))
    expect(slow.toObject()).toEqual({ cart: [] })
    await visit(sessions, 'old=a', (session) => session.login('ada'))
    expect((await sessions.commit(slow, { status: 200 })).getSetCookie()).toEqual([])
  })

  it('is not taken for missing while its store fails', async () => {
    let fails = true
    const read = (): object => {
      if (fails) throw new Error('connection refused')
      return { userId: 7 }
    }
    const store = newStore()
    const sessions = createMovedSessions({ store }, library({}, read))
    const error = await rejection(visit(sessions, 'old=a', (session) => session.set('cart', [])))
    expect(error).toMatchObject({ code: 'ERR_SESSION_STORE', status: 503 })
    expect((await store.list({ now: 0 })).entries).toEqual([])
    fails = false
    expect((await visit(sessions, 'old=a')).data).toEqual({ userId: 7 })
  })

  it('does not hang a request whose store never responds, and is not taken for missing', async () => {
    const hanging = { read: true, destroy: true }
    const never = new Promise<never>(() => undefined)
    const old: OldSessions = {
      cookie: 'old',
      read: () => (hanging.read ? never : { userId: 7 }),
      destroy: () => (hanging.destroy ? never : undefined),
    }
    const store = newStore()
    const sessions = createMovedSessions({ store, timeout: { operation: '20ms' } }, old)
    const login = (): Promise<unknown> => visit(sessions, 'old=a', (session) => session.login('ada'))
    expect(await rejection(login())).toMatchObject({ code: 'ERR_SESSION_STORE', status: 503, operation: 'load' })
    expect((await store.list({ now: 0 })).entries).toEqual([])
    hanging.read = false
    expect(await rejection(login())).toMatchObject({ code: 'ERR_SESSION_STORE', status: 503, operation: 'delete' })
    expect((await visit(sessions, 'old=a')).data).toEqual({ userId: 7 })
  })

  it('is not used after a users.revoke between the check and the write, also while the store fails', async () => {
    const store = new FailingRows()
    const old: OldSessions = { cookie: 'old', read: () => ({ userId: 7 }) }
    const sessions = createMovedSessions<any>({ store, timeout: { request: '100ms' } }, old)
    store.beforeCreate = async () => {
      await sessions.users.revoke(7)
      store.isDown = true
    }
    await rejection(visit(sessions, 'old=a', (session) => session.get('userId')))
    store.isDown = false
    expect((await store.list({ now: 0 })).entries).toHaveLength(2) // the session and the mark
    expect((await visit(sessions, 'old=a')).data).toEqual({})
    expect(await sessions.users.list(7)).toEqual([])
  })

  it('has the user of `userOf`, and no properties with reserved names', async () => {
    const userOf = (data: Readonly<Record<string, any>>): string => data['passport'].user
    const old = library({ a: { passport: { user: 'ada' }, _csrf: 'x' } })
    const sessions = createMovedSessions({ store: newStore(), userOf }, old)
    expect((await visit(sessions, 'old=a')).data).toEqual({ passport: { user: 'ada' }, userId: 'ada' })
    expect(await sessions.users.list('ada')).toHaveLength(1)
  })
})

it('a logout with an unknown id or cookie stores nothing', async () => {
  const store = newStore()
  const sessions = createMovedSessions({ store }, library({}))
  for (const cookie of ['old=a', `sid=${'a'.repeat(16)}.${'b'.repeat(32)}`]) await visit(sessions, cookie, (session) => session.flush())
  expect((await store.list({ now: 0 })).entries).toEqual([])
})

it('a store that drops rows is refused, because a lost tombstone would undo a logout', () => {
  expect(() => createMovedSessions({ store: new MemoryStore() }, library({}))).toThrow(
    expect.objectContaining({ code: 'ERR_SESSION_CONFIG' }),
  )
})

describe('a reader of a library with a wrong option', () => {
  it.each<[string, () => unknown]>([
    ['cookieSession: option `keys` is missing', () => cookieSession({} as never)],
    ['option `keys` of cookie-session, or `[secret]`', () => cookieSession({ secret: 'a' } as never)],
    ["cookieSession: option `keys` is 'a text'", () => cookieSession({ keys: 'a text' as never })],
    ['koaSession: option `keys` is an array', () => koaSession({ keys: [] })],
    ['fastifySession: option `secret` is missing', () => fastifySession({ store: new Map() } as never)],
    ['fastifySession: option `store` is an object', () => fastifySession({ secret: 'a', store: {} as never })],
    ['ironSession: option `unseal` is missing', () => ironSession({ cookieName: 'site' } as never)],
  ])('throws at once: %s', (message, read) => {
    const error = catchError(read)
    expect(error.code).toBe('ERR_SESSION_CONFIG')
    expect(error.message).toContain(message)
  })
})
