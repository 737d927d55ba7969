import { describe, expect, it } from 'vitest'
import { adapterOf, createSessions } from '../../../src/core/manager/sessions.ts'
import { MemoryStore } from '../../../src/stores/memory.ts'
import { incoming } from '../../helpers/incoming.ts'
import { catchError } from '../fixture.ts'

const sessions = createSessions({ store: new MemoryStore() })

/** Calls a method as code without types does. */
function invoke(object: object, name: string, args: readonly unknown[]): unknown {
  return Reflect.apply(Reflect.get(object, name) as () => unknown, object, args)
}

describe('habits from other session libraries', () => {
  it('throws for a read of session.cart with the call to use instead', () => {
    const session = sessions.create()
    expect(Reflect.get(session, 'cart')).toBeUndefined()
    session.set('cart', [1])
    expect(() => Reflect.get(session, 'cart') as unknown).toThrow("session.get('cart')")
  })

  it.each(['destroy', 'regenerate', 'touch', 'cookie'])('throws for session.%s with the replacement', (name) => {
    expect(() => Reflect.get(sessions.create(), name) as unknown).toThrow(`session.${name} does not exist here`)
  })

  const done = (): never => {
    throw new Error('a callback was called')
  }
  const verbs: readonly [name: string, ...args: unknown[]][] = [
    ['save'],
    ['load'],
    ['reload'],
    ['claim', 'a'],
    ['flush'],
    ['logout'],
    ['clear'],
    ['cycleId'],
    ['reflash'],
    ['setExpiry', '1h'],
    ['login', 1],
    ['login', 1, {}],
    ['set', 'a', 1],
    ['setDefault', 'a', 1],
    ['update', 'a', () => 1],
    ['delete', 'a'],
    ['pop', 'a'],
    ['pop', 'a', 1],
    ['increment', 'a'],
    ['increment', 'a', 1],
    ['assign', { a: 1 }],
    ['flash', 'a', 'text'],
    ['flashed', 'a'],
  ]
  it.each(verbs)('refuses a callback for session.%s, which it would never call, and changes nothing', async (name, ...args) => {
    const session = sessions.create()
    const error = catchError(() => invoke(session, name, [...args, done]))
    expect(error.code).toBe('ERR_SESSION_CONFIG')
    expect(error.message).toContain(`session.${name}() takes no callback`)
    expect(error.message).toContain('await session.')
    expect([session.modified, session.userId]).toEqual([false, undefined])
  })

  it.each<[name: string, ...args: unknown[]]>([
    ['open', new Request('https://shop.example/')],
    ['load', 'id'],
    ['commit', sessions.create(), { status: 200 }],
    ['revoke', 'handle'],
    ['clearExpired'],
    ['clearExpired', {}],
    ['close'],
  ])('refuses a callback for sessions.%s', (name, ...args) => {
    expect(catchError(() => invoke(sessions, name, [...args, done]))).toMatchObject({
      code: 'ERR_SESSION_CONFIG',
      message: `sessions.${name}() takes no callback. Use the promise: await sessions.${name}().`,
    })
  })

  it.each(['list', 'revoke'])('refuses a callback for sessions.users.%s', (name) => {
    expect(catchError(() => invoke(sessions.users, name, [1, done])).code).toBe('ERR_SESSION_CONFIG')
  })

  it('allows a session to be awaited, printed, compared and serialized', async () => {
    const session = sessions.create().set('then', 1).set('a', 2)
    const awaited: unknown = await Promise.resolve(session)
    expect(awaited).toBe(session)
    expect(JSON.stringify(session)).toBe('{"then":1,"a":2}')
    expect(session).toEqual(session)
  })
})

describe('invalid usage', () => {
  it.each([
    [{ idle: '40d' }, 'absolute'],
    [{ idle: '2d', absolute: '1d' }, 'absolute'],
    [{ timeout: { operation: '2h' } }, 'timeout.operation'],
  ])('rejects the options %j', (options, named) => {
    expect(() => createSessions({ store: new MemoryStore(), ...(options as object) })).toThrow(
      expect.objectContaining({ code: 'ERR_SESSION_CONFIG', message: expect.stringContaining(named) as string }),
    )
  })

  it.each(['5', Number.NaN, Number.POSITIVE_INFINITY])('rejects an increment by %j', (by) => {
    const session = sessions.create()
    expect(() => session.increment('n', by as number)).toThrow(expect.objectContaining({ code: 'ERR_SESSION_CODEC' }))
    expect(session.has('n')).toBe(false)
  })

  it('rejects two managers of one cookie on one request', async () => {
    const other = createSessions({ store: new MemoryStore(), as: 'other' })
    const request = new Request('https://shop.example/')
    adapterOf(sessions).bind(request, await sessions.open(request))
    const second = await other.open(request)
    expect(() => adapterOf(other).bind(request, second)).toThrow(expect.objectContaining({ code: 'ERR_SESSION_CONFIG' }))
    expect(adapterOf(other).boundTo(request)).toBeUndefined()
  })

  it('rejects a store whose load does not return a promise', async () => {
    const store = Object.assign(new MemoryStore(), { load: () => undefined as never })
    const session = await createSessions({ store }).open(incoming(`__Host-sid=${'A'.repeat(16)}.${'B'.repeat(32)}`))
    expect(() => session.get('a')).toThrow('load() of the store has to return a promise')
  })

  it.each(['create', 'replace', 'delete'] as const)('rejects a store whose %s resolves with undefined', async (method) => {
    const store = new MemoryStore()
    const manager = createSessions({ store })
    const session = manager.create()
    if (method !== 'create') await session.set('a', 1).save()
    Object.assign(store, { [method]: async () => undefined })
    if (method === 'delete') session.flush()
    else session.set('a', 2)
    await expect(manager.commit(session, { status: 200 })).rejects.toThrow(expect.objectContaining({ code: 'ERR_SESSION_CONFIG' }))
  })
})
