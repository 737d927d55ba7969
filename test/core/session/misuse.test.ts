import { describe, expect, it } from 'vitest'
import { adapterOf, createSessions } from '../../../src/core/manager/sessions.ts'
import { MemoryStore } from '../../../src/stores/memory.ts'
import { incoming } from '../../helpers/incoming.ts'

const sessions = createSessions({ store: new MemoryStore() })

describe('calls of the express-session API', () => {
  it('throws for a read of session.cart with the call to use instead', () => {
    const session = sessions.create()
    expect(Reflect.get(session, 'cart')).toBeUndefined()
    session.set('cart', [1])
    expect(() => Reflect.get(session, 'cart') as unknown).toThrow("session.get('cart')")
  })

  it.each(['destroy', 'regenerate', 'touch', 'cookie'])('throws for session.%s with the replacement', (name) => {
    expect(() => Reflect.get(sessions.create(), name) as unknown).toThrow(`session.${name} does not exist here`)
  })

  it('rejects a callback for save, which it would never call', async () => {
    const save = sessions.create().save as (callback: () => void) => Promise<void>
    await expect(save.call(sessions.create(), () => undefined)).rejects.toThrow('takes no callback')
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
