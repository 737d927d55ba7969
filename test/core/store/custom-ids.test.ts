import { describe, expect, it } from 'vitest'
import type { AttachedStore, Ids, Store, StoreContext } from '../../../src/index.ts'
import { MemoryStore } from '../../../src/stores/memory.ts'
import { constantTimeEqual } from '../../../src/wire/constant-time-equal.ts'
import { catchError, catchRejection, DAY, TestApp } from '../fixture.ts'

/** A store whose key is the id, as in tables of other software, so the handle must differ. */
class RawIds extends MemoryStore {
  readonly contexts: StoreContext[] = []

  attach(context: StoreContext): AttachedStore {
    this.contexts.push(context)
    const identity = (key: string) => ({ id: key, key, handle: `handle of ${key.slice(0, 4)}`, proof: key })
    const ids: Ids = {
      parse: (text) => (/^[\w-]{20}$/.test(text) ? identity(text) : undefined),
      create: () => identity(context.randomText(20)),
      renew: (before) => before,
      isCurrent: ({ proof }, entry) => constantTimeEqual(entry.proof, proof),
    }
    return { store: this, ids }
  }
}

const createApp = (store: Store): TestApp => new TestApp({ store, absolute: '20d', cookie: { name: 'admin' } })

describe('a store with its own ids', () => {
  it('is called with them, and only their handles are visible', async () => {
    const store = new RawIds()
    const app = createApp(store)
    await app.request((session) => session.set('a', 1))
    const { id = '' } = app.browser
    expect(id).toMatch(/^[\w-]{20}$/)
    expect((await store.load({ key: id, now: 0 }))?.payload).toContain('"a":1')
    const { session } = await app.request((one) => one.increment('a'))
    expect([session.id, session.handle]).toEqual([id, `handle of ${id.slice(0, 4)}`])
    await app.request((one) => one.flush())
    expect([await store.load({ key: id, now: 0 }), app.browser.cookie]).toEqual([undefined, undefined])
    expect(JSON.stringify(app.events)).not.toContain(id)
    expect(app.events.filter(({ handle }) => handle !== undefined).length).toBeGreaterThan(4)
  })

  it('is attached to its manager once, with the options it needs', () => {
    const store = new RawIds()
    const app = createApp(store)
    const [context, another] = store.contexts
    expect([another, context?.absolute, context?.now()]).toEqual([undefined, 20 * DAY, app.clock.at])
    expect([context?.randomText(5).length, context?.scope]).toEqual([5, expect.stringContaining('admin')])
  })

  it('causes a load-failed event with its handle', async () => {
    const store = new RawIds()
    const app = createApp(store)
    await app.request((session) => session.set('a', 1))
    store.load = () => Promise.reject(new Error('down'))
    expect((await catchRejection(app.read())).message).toContain('down')
    const [failed] = app.events.filter(({ type }) => type === 'load-failed')
    expect(failed?.handle).toMatch(/^handle of/)
  })

  it('must create ids if its tokens contain the data', () => {
    const store = Object.assign(new MemoryStore(), {
      capabilities: { compareAndSwap: false, list: false, indexes: [], carriesData: true },
    })
    expect(catchError(() => createApp(store)).code).toBe('ERR_SESSION_CONFIG')
  })
})
