import { describe, expect, it } from 'vitest'
import type { AttachedStore, Ids, Store, StoreContext } from '../../../src/index.ts'
import { MemoryStore } from '../../../src/stores/memory.ts'
import { constantTimeEqual } from '../../../src/wire/constant-time-equal.ts'
import { DAY, rejection, thrown, World } from '../fixture.ts'

/** Ids as other software keeps them: the key is what the browser holds, so that it may not be shown. */
class RawIds extends MemoryStore {
  readonly services: StoreContext[] = []

  attach(service: StoreContext): AttachedStore {
    this.services.push(service)
    const identity = (key: string) => ({ id: key, key, handle: `handle of ${key.slice(0, 4)}`, proof: key })
    const ids: Ids = {
      parse: (text) => (/^[\w-]{20}$/.test(text) ? identity(text) : undefined),
      create: () => identity(service.randomText(20)),
      renew: (before) => before,
      isCurrent: ({ proof }, entry) => constantTimeEqual(entry.proof, proof),
    }
    return { store: this, ids }
  }
}

const worldOf = (store: Store): World => new World({ store, absolute: '20d', cookie: { name: 'admin' } })

describe('a store with ids of its own making', () => {
  it('is asked by them, and shows their handles and nothing else', async () => {
    const store = new RawIds()
    const world = worldOf(store)
    await world.visit((session) => session.set('a', 1))
    const { id = '' } = world.browser
    expect(id).toMatch(/^[\w-]{20}$/)
    expect((await store.load({ key: id, now: 0 }))?.payload).toContain('"a":1')
    const { session } = await world.visit((one) => one.increment('a'))
    expect([session.id, session.handle]).toEqual([id, `handle of ${id.slice(0, 4)}`])
    await world.visit((one) => one.flush())
    expect([await store.load({ key: id, now: 0 }), world.browser.cookie]).toEqual([undefined, undefined])
    expect(JSON.stringify(world.events)).not.toContain(id)
    expect(world.events.filter(({ handle }) => handle !== undefined).length).toBeGreaterThan(4)
  })

  it('is told of its manager what it needs, once', () => {
    const store = new RawIds()
    const world = worldOf(store)
    const [service, another] = store.services
    expect([another, service?.absolute, service?.now()]).toEqual([undefined, 20 * DAY, world.clock.at])
    expect([service?.randomText(5).length, service?.scope]).toEqual([5, expect.stringContaining('admin')])
  })

  it('a failed load tells the handle', async () => {
    const store = new RawIds()
    const world = worldOf(store)
    await world.visit((session) => session.set('a', 1))
    store.load = () => Promise.reject(new Error('down'))
    expect((await rejection(world.read())).message).toContain('down')
    const [failed] = world.events.filter(({ type }) => type === 'load-failed')
    expect(failed?.handle).toMatch(/^handle of/)
  })

  it('whose tokens hold the data has to make them', () => {
    const store = Object.assign(new MemoryStore(), {
      capabilities: { compareAndSwap: false, list: false, indexes: [], carriesData: true },
    })
    expect(thrown(() => worldOf(store)).code).toBe('ERR_SESSION_CONFIG')
  })
})
