import { runInNewContext } from 'node:vm'
import { describe, expect, it, vi } from 'vitest'
import { djangoCodec } from '../../../src/codecs/django.ts'
import { createSessions } from '../../../src/index.ts'
import { MemoryStore } from '../../../src/stores/memory.ts'

/** Evaluates an expression in another realm, where every built-in class is another object. */
function foreign<T>(expression: string, values: object = {}): T {
  return runInNewContext(expression, { setTimeout, ...values }) as T
}

describe('a value of another realm', () => {
  it('is a promise that a store returns', async () => {
    class ForeignStore extends MemoryStore {
      override load(...args: Parameters<MemoryStore['load']>): Promise<any> {
        return foreign('new Promise((resolve) => resolve(loaded))', { loaded: super.load(...args) })
      }
    }
    const sessions = createSessions({ store: new ForeignStore() })
    const session = sessions.create()
    session.set('cart', ['bread'])
    await session.save()
    expect((await sessions.load(session.id ?? '')).get('cart')).toEqual(['bread'])
  })

  it('is the error of a store, and its message is in ours', async () => {
    const store = new MemoryStore()
    const sessions = createSessions({ store })
    const session = sessions.create()
    session.set('cart', [])
    await session.save()
    store.load = () =>
      Promise.reject(foreign<Error>("new AggregateError([new Error('refused by ::1'), new Error('refused by 127.0.0.1')], '')"))
    await expect(sessions.load(session.id ?? '')).rejects.toMatchObject({
      code: 'ERR_SESSION_STORE',
      message: expect.stringContaining('refused by ::1; refused by 127.0.0.1'),
    })
  })

  it('is a date of setExpiry', () => {
    const session = createSessions({ store: new MemoryStore(), clock: () => 0 }).create()
    session.setExpiry(foreign('new Date(60_000)'))
    expect(session.expiresAt).toBe(60_000)
  })

  it('is bytes of the option `random`', async () => {
    const random = (size: number) => foreign<Uint8Array>('Uint8Array.from({ length: size }, () => Math.random() * 256)', { size })
    const session = createSessions({ store: new MemoryStore(), random }).create()
    session.set('cart', [])
    await session.save()
    expect(session.id).toEqual(expect.any(String))
  })

  it('is a rejection of `onEvent`, which is reported', async () => {
    const report = vi.spyOn(console, 'error').mockImplementation(() => undefined)
    const onEvent = (): any => foreign("Promise.reject(new Error('the log is full'))")
    const session = createSessions({ store: new MemoryStore(), onEvent }).create()
    session.set('cart', [])
    await session.save()
    await new Promise(setImmediate)
    expect(report).toHaveBeenCalled()
  })

  it('is the promise of an asynchronous schema, which is refused', () => {
    const validate = () => foreign('Promise.resolve({ value: 1 })')
    const schema = { visits: { '~standard': { version: 1, vendor: 'test', validate } } } as any
    const session = createSessions({ store: new MemoryStore(), schema }).create() as any
    expect(() => session.set('visits', 1)).toThrow(expect.objectContaining({ code: 'ERR_SESSION_CONFIG' }))
  })

  it('can be stored', async () => {
    const sessions = createSessions({ store: new MemoryStore() })
    const session = sessions.create()
    session.set(
      'all',
      foreign('({ plain: { list: [1] }, date: new Date(0), map: new Map([[1, new Set([2])]]), bytes: new Uint8Array([1]) })'),
    )
    await session.save()
    expect((await sessions.load(session.id ?? '')).get('all')).toEqual({
      plain: { list: [1] },
      date: new Date(0),
      map: new Map([[1, new Set([2])]]),
      bytes: new Uint8Array([1]),
    })
  })

  it('can be stored for Django', () => {
    expect(djangoCodec.print(foreign('({ list: [1] })'))).toBe('{"list":[1]}')
  })

  it('is nested too deeply', () => {
    const session = createSessions({ store: new MemoryStore() }).create()
    const deep = foreign('let map = new Map(); for (let n = 0; n < 600; n += 1) map = new Map([[1, map]]); map')
    expect(() => session.set('deep', deep)).toThrow(expect.objectContaining({ code: 'ERR_SESSION_CODEC' }))
  })
})

it('a timer of another realm keeps no process alive', () => {
  const unref = vi.fn()
  const timer = foreign<object>('({ unref })', { unref })
  vi.spyOn(globalThis, 'setTimeout').mockImplementation(() => timer as never)
  const sessions = createSessions({ store: new MemoryStore(), clearExpired: '1m' })
  expect(unref).toHaveBeenCalledOnce()
  void sessions
})
