import { describe, expectTypeOf, it } from 'vitest'
import { createSessions, type Default, type Session, type SessionData, type Sessions } from '../../src/index.ts'
import { MemoryStore } from '../../src/stores/memory.ts'

declare const session: Session

describe('a session without a declared type', () => {
  it('accepts any name and any value', () => {
    expectTypeOf<keyof SessionData>().toEqualTypeOf<never>()
    expectTypeOf<Default>().toEqualTypeOf<Record<string, any>>()
    expectTypeOf(session.get('anything')).toBeAny()
    expectTypeOf(session.set('anything', { at: 'all' })).toEqualTypeOf<Session>()
    expectTypeOf(session.data['anything']).toBeAny()
    expectTypeOf(session.has('anything')).toEqualTypeOf<boolean>()
    expectTypeOf(session.delete('anything')).toEqualTypeOf<boolean>()
    expectTypeOf(session.increment('n')).toEqualTypeOf<number>()
    session.push('list', 1, 'two', { three: 3 })
    session.login(7)
    session.login('7')
  })

  it('has the type that is given', () => {
    interface Mine {
      cart: { sku: number }[]
    }
    const sessions = createSessions<Mine>({ store: new MemoryStore() })
    expectTypeOf(sessions).toEqualTypeOf<Sessions<Mine>>()
    expectTypeOf(sessions.create().get('cart')).toEqualTypeOf<{ sku: number }[] | undefined>()
    expectTypeOf(sessions.of({})).toEqualTypeOf<Session<Mine>>()
    expectTypeOf(sessions.open(new Request('https://a'))).resolves.toEqualTypeOf<Session<Mine>>()
    // @ts-expect-error -- not a property
    sessions.create().get('card')
  })

  it('rejects names that are not strings', () => {
    // @ts-expect-error -- a number
    session.get(5)
    // @ts-expect-error -- a symbol
    session.set(Symbol.iterator, 1)
  })

  it('has read-only state', () => {
    expectTypeOf(session.id).toEqualTypeOf<string | undefined>()
    expectTypeOf(session.handle).toEqualTypeOf<string | undefined>()
    expectTypeOf(session.isNew).toEqualTypeOf<boolean>()
    expectTypeOf(session.expiresAt).toEqualTypeOf<number>()
    // @ts-expect-error -- read-only
    session.id = 'x'
    // @ts-expect-error -- read-only
    session.userId = 5
    // @ts-expect-error -- unknown
    session.cart = []
  })
})

describe('options', () => {
  it('are checked', () => {
    // @ts-expect-error -- the store is missing
    createSessions({})
    // @ts-expect-error -- not a unit
    createSessions({ store: new MemoryStore(), idle: '5y' })
    // @ts-expect-error -- insecure cookies are not supported
    createSessions({ store: new MemoryStore(), cookie: { secure: false } })
    // @ts-expect-error -- not an option
    createSessions({ store: new MemoryStore(), resave: false })
    createSessions({ store: new MemoryStore(), idle: '1.5h', absolute: '1d', cookie: { sameSite: 'strict' }, whenEnded: 'discard' })
  })

  it("setExpiry accepts a duration, a Date, 'browser' and undefined", () => {
    session.setExpiry('30m')
    // @ts-expect-error -- a number has no unit
    session.setExpiry(60)
    session.setExpiry(new Date())
    session.setExpiry('browser')
    session.setExpiry(undefined)
    // @ts-expect-error -- not a duration
    session.setExpiry('soon')
    // @ts-expect-error -- not a duration
    session.setExpiry(null)
  })
})
