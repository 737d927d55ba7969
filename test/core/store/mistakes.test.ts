import { describe, expect, it, vi } from 'vitest'
import { StoreError } from '../../../src/index.ts'
import { appWith, catchRejection } from '../fixture.ts'
import { ScriptedStore } from '../scripted-store.ts'

const REMEDY = 'Create the table with `npx sojourn migrate`.'

function misconfigured(): never {
  throw new StoreError('load', new Error('no such table: sessions'), { remedy: REMEDY })
}

describe('a store that is set up incorrectly', () => {
  it('says so in every request, and is not down', async () => {
    const app = await appWith({ a: 1 }, {}, (memory) => new ScriptedStore(memory))
    const store = app.store as ScriptedStore
    store.on({ load: misconfigured })
    store.calls.length = 0
    for (let request = 0; request < 5; request += 1) {
      const error = (await app.open()).loadError
      expect(error).toMatchObject({ code: 'ERR_SESSION_STORE', applied: false, remedy: REMEDY })
      expect((error as Error).message).toBe(`The session store failed to load: no such table: sessions. ${REMEDY}`)
    }
    expect(store.calls).toHaveLength(5) // one load for each request, and no probe
    expect(app.eventTypes()).not.toContain('store-down')
    store.on({})
    expect(await app.read()).toEqual({ a: 1 })
  })

  it('is not sent a write again', async () => {
    const app = await appWith({ a: 1 }, {}, (memory) => new ScriptedStore(memory))
    const store = app.store as ScriptedStore
    let writes = 0
    store.on({
      replace: () => {
        writes += 1
        throw new StoreError('replace', new Error('permission denied'), { remedy: 'Grant UPDATE.' })
      },
    })
    expect(await catchRejection(app.request((session) => session.set('a', 2)))).toMatchObject({
      code: 'ERR_SESSION_STORE',
      remedy: 'Grant UPDATE.',
    })
    expect(writes).toBe(1)
  })

  it('ends an outage, because the server responded', async () => {
    const app = await appWith({ a: 1 }, {}, (memory) => new ScriptedStore(memory))
    const store = app.store as ScriptedStore
    store.on({
      load: () => {
        throw new Error('connection refused')
      },
    })
    await app.open()
    await vi.waitUntil(() => app.eventTypes().includes('store-down'))
    store.on({ load: misconfigured })
    await vi.waitUntil(() => app.eventTypes().includes('store-up'))
    expect((await app.open()).loadError).toMatchObject({ remedy: REMEDY })
  })
})
