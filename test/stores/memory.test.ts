import { describe, expect, it } from 'vitest'
import { MemoryStore } from '../../src/stores/memory.ts'
import { NOW, sampleEntry } from '../../src/testing/sample.ts'
import { storeSuite } from '../../src/testing/store-suite.ts'

storeSuite('MemoryStore', () => new MemoryStore(), { describe, it })

describe('MemoryStore', () => {
  it('holds at most `max` sessions and removes the least recently used one', async () => {
    const store = new MemoryStore({ max: 3 })
    for (const key of ['a', 'b', 'c']) await store.create({ key, entry: sampleEntry() })
    await store.load({ key: 'a', now: NOW })
    await store.create({ key: 'd', entry: sampleEntry() })
    expect((await store.list({ now: NOW })).entries.map(([key]) => key)).toEqual(['a', 'c', 'd'])
  })

  it('treats a removed session as missing and removes it from its user', async () => {
    const store = new MemoryStore({ max: 1 })
    const entry = sampleEntry({ userId: 'ada' })
    await store.create({ key: 'a', entry })
    await store.create({ key: 'b', entry: sampleEntry({ userId: 'ada' }) })
    expect(await store.replace({ key: 'a', entry: sampleEntry(), expected: entry.version, now: NOW })).toEqual({
      ok: false,
      reason: 'missing',
    })
    expect((await store.list({ now: NOW, index: 'userId', name: 'ada' })).entries).toHaveLength(1)
    expect(await store.deleteByIndex({ index: 'userId', name: 'ada' })).toBe(1)
  })

  it('does not count a listing as use', async () => {
    const store = new MemoryStore({ max: 2 })
    await store.create({ key: 'a', entry: sampleEntry() })
    await store.create({ key: 'b', entry: sampleEntry() })
    await store.list({ now: NOW, limit: 1 })
    await store.create({ key: 'c', entry: sampleEntry() })
    expect(await store.load({ key: 'a', now: NOW })).toBeUndefined()
  })

  it('keeps its sessions after close', async () => {
    const store = new MemoryStore()
    await store.create({ key: 'a', entry: sampleEntry() })
    await store.close()
    expect(await store.load({ key: 'a', now: NOW })).toBeDefined()
  })

  it('with `max: Infinity` holds any number of sessions, and says that it drops none', async () => {
    const store = new MemoryStore({ max: Infinity })
    const keys = Array.from({ length: 500 }, (_, index) => `key-${index}`)
    for (const key of keys) await store.create({ key, entry: sampleEntry() })
    expect((await store.list({ now: NOW, limit: 1000 })).entries).toHaveLength(keys.length)
    expect([store.capabilities.evicts, new MemoryStore().capabilities.evicts]).toEqual([false, true])
  })

  it.each([0, -1, 1.5, Number.NaN, '10'])('refuses max: %s', (max) => {
    expect(() => new MemoryStore({ max: max as number })).toThrow(expect.objectContaining({ code: 'ERR_SESSION_CONFIG' }))
  })

  it('refuses an unknown option and lists the known ones', () => {
    const misspelt = { maximum: 10 } as object
    expect(() => new MemoryStore(misspelt)).toThrow('MemoryStore: option `maximum` does not exist. The options are max.')
  })
})
