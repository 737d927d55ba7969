import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { createSessions } from '../../../src/core/manager/sessions.ts'
import type { Create, Entry, Load, Replace, Store } from '../../../src/core/store/store.ts'
import { CachedStore, type CachedStoreOptions } from '../../../src/stores/cached.ts'
import { MemoryStore } from '../../../src/stores/memory.ts'
import { SqliteStore } from '../../../src/stores/sqlite.ts'
import { HOUR, NOW, sampleEntry } from '../../../src/testing/sample.ts'
import { storeSuite } from '../../../src/testing/store-suite.ts'
import { incoming } from '../../helpers/incoming.ts'

storeSuite(
  'CachedStore, memory in front of SQLite',
  () => new CachedStore({ store: new SqliteStore(':memory:'), cache: new MemoryStore(), maxStale: '1m' }),
  { describe, it },
)
storeSuite(
  'CachedStore, SQLite in front of memory',
  () => new CachedStore({ store: new MemoryStore(), cache: new SqliteStore(':memory:'), maxStale: '1h' }),
  { describe, it },
)

it('closes its stores, except those that are in use elsewhere', async () => {
  const [store, cache] = [new SqliteStore(':memory:'), new SqliteStore(':memory:')]
  const [front, admin] = [createSessions({ store: new CachedStore({ store, cache, maxStale: '1m' }) }), createSessions({ store })]
  await front.close()
  await expect(cache.load({ key: 'a', now: NOW })).rejects.toThrow('The store is closed')
  expect(await store.load({ key: 'a', now: NOW })).toBeUndefined()
  await admin.close()
  await expect(store.load({ key: 'a', now: NOW })).rejects.toThrow('The store is closed')
})

/** Counts its loads, and fails or hangs on demand. */
class FaultyMemoryStore extends MemoryStore {
  loads = 0
  fault: 'none' | 'fails' | 'hangs' | 'fails to write' = 'none'

  override async load(operation: Load): Promise<Entry | undefined> {
    this.loads += 1
    await this.#injectFault(false)
    return super.load(operation)
  }
  override async create({ key, entry }: Create): ReturnType<Store['create']> {
    await this.#injectFault(true)
    return super.create({ key, entry })
  }
  override async replace({ key, entry, expected, now }: Replace): ReturnType<Store['replace']> {
    await this.#injectFault(true)
    return super.replace({ key, entry, expected, now })
  }

  async #injectFault(isWrite: boolean): Promise<void> {
    if (this.fault === 'fails' || (this.fault === 'fails to write' && isWrite)) throw new Error('no')
    if (this.fault === 'hangs') await new Promise(() => undefined)
  }
}

function fixture(options: Partial<CachedStoreOptions> = {}): {
  truth: FaultyMemoryStore
  cache: FaultyMemoryStore
  store: CachedStore
  warnings: string[]
} {
  const [truth, cache, warnings] = [new FaultyMemoryStore(), new FaultyMemoryStore(), [] as string[]]
  const onWarning = (message: string): void => void warnings.push(message)
  return { truth, cache, warnings, store: new CachedStore({ store: truth, cache, maxStale: '1m', onWarning, ...options }) }
}

describe('a cached read', () => {
  it('loads from the store once, and again when the entry is `maxStale` old', async () => {
    const { truth, store } = fixture()
    const entry = sampleEntry({ userId: 'ada' })
    await store.create({ key: 'key', entry })
    for (const now of [NOW, NOW + 1, NOW + 59_999]) expect(await store.load({ key: 'key', now })).toEqual(entry)
    expect(truth.loads).toBe(1)
    expect(await store.load({ key: 'key', now: NOW + 60_000 })).toEqual(entry)
    expect(await store.load({ key: 'key', now: NOW + 60_001 })).toEqual(entry)
    expect(truth.loads).toBe(2)
  })

  it('with `fresh` bypasses the cache', async () => {
    const { truth, store } = fixture()
    const [old, next] = [sampleEntry(), sampleEntry()]
    await store.create({ key: 'key', entry: old })
    await store.load({ key: 'key', now: NOW })
    await truth.replace({ key: 'key', entry: next, expected: old.version, now: NOW })
    expect(await store.load({ key: 'key', now: NOW })).toEqual(old)
    expect(await store.load({ key: 'key', now: NOW, fresh: true })).toEqual(next)
    expect(await store.load({ key: 'key', now: NOW })).toEqual(next) // the fresh load invalidated the old row
  })

  it('never returns an expired entry, and returns one whose expiry was moved in the store', async () => {
    const { truth, store } = fixture({ maxStale: '3h' })
    const entry = sampleEntry()
    await store.create({ key: 'key', entry })
    await store.load({ key: 'key', now: NOW })
    expect(await store.load({ key: 'key', now: entry.expiresAt })).toBeUndefined()
    await truth.touch({ key: 'key', expiresAt: NOW + 2 * HOUR, expected: entry.version, now: NOW })
    expect(await store.load({ key: 'key', now: entry.expiresAt })).toMatchObject({ expiresAt: NOW + 2 * HOUR })
  })

  it.each(['replace', 'touch', 'delete', 'deleteUser'] as const)('sees a %s at once', async (verb) => {
    const { truth, store } = fixture()
    const entry = sampleEntry({ userId: 'ada' })
    await store.create({ key: 'key', entry })
    await store.load({ key: 'key', now: NOW })
    if (verb === 'replace') await store.replace({ key: 'key', entry: sampleEntry(), expected: entry.version, now: NOW })
    if (verb === 'touch') await store.touch({ key: 'key', expiresAt: NOW + 2 * HOUR, expected: entry.version, now: NOW })
    if (verb === 'delete') await store.delete({ key: 'key' })
    if (verb === 'deleteUser') expect(await store.deleteByIndex?.({ index: 'userId', name: 'ada' })).toBe(1)
    const [served, stored] = [await store.load({ key: 'key', now: NOW }), await truth.load({ key: 'key', now: NOW })]
    expect(served).toEqual(stored)
    expect(served).not.toEqual(entry)
  })

  it('is kept for the session that `deleteUser` excepts, and invalidated for all others, page by page', async () => {
    const { store } = fixture()
    const keys = Array.from({ length: 250 }, (_, index) => `key${index}`)
    for (const key of keys) await store.create({ key, entry: sampleEntry({ userId: 'ada' }) })
    for (const key of keys) await store.load({ key, now: NOW })
    expect(await store.deleteByIndex?.({ index: 'userId', name: 'ada', except: 'key7' })).toBe(249)
    const left = await Promise.all(keys.map((key) => store.load({ key, now: NOW })))
    expect(left.flatMap((entry, index) => (entry === undefined ? [] : [keys[index]]))).toEqual(['key7'])
  })

  it('leaves no row after `clearExpired`, which clears both and counts the rows of the store', async () => {
    const { truth, cache, store } = fixture()
    await store.create({ key: 'key', entry: sampleEntry() })
    await store.load({ key: 'key', now: NOW })
    for await (const { deleted } of store.clearExpired?.({ now: NOW + 2 * HOUR }) ?? []) expect(deleted).toBe(1)
    expect([await truth.countExpired({ now: NOW + 2 * HOUR }), (await cache.list({ now: 0 })).entries]).toEqual([0, []])
  })
})

describe('a cache with a fault', () => {
  it.each(['fails', 'hangs'] as const)('that %s is bypassed, with one warning', { timeout: 30_000 }, async (fault) => {
    const { cache, store, warnings } = fixture()
    onTestFinished(() => void (cache.fault = 'none'))
    const entry = sampleEntry()
    await store.create({ key: 'key', entry })
    cache.fault = fault
    for (let times = 0; times < 5; times++) expect(await store.load({ key: 'key', now: NOW })).toEqual(entry)
    expect(await store.replace({ key: 'key', entry: sampleEntry(), expected: entry.version, now: NOW })).toEqual({ ok: true })
    expect(await store.delete({ key: 'key' })).toBe(true)
    expect(warnings).toEqual([expect.stringContaining('CachedStore: the cache failed')])
  })

  it.each(['fails', 'fails to write'] as const)('that %s while a session ends does not return the ended session', async (fault) => {
    const { cache, store } = fixture()
    await store.create({ key: 'key', entry: sampleEntry() })
    await store.load({ key: 'key', now: NOW })
    cache.fault = fault
    await store.delete({ key: 'key' })
    expect(await store.load({ key: 'key', now: NOW })).toBeUndefined()
    cache.fault = 'none'
    expect(await store.load({ key: 'key', now: NOW })).toBeUndefined()
  })

  it('gets the pending tombstones as soon as it works again, so that other processes see the end too', async () => {
    const { truth, cache, store } = fixture()
    const other = new CachedStore({ store: truth, cache, maxStale: '1m' })
    await store.create({ key: 'key', entry: sampleEntry() })
    await store.create({ key: 'another', entry: sampleEntry() })
    await store.load({ key: 'key', now: NOW })
    cache.fault = 'fails'
    await store.delete({ key: 'key' })
    cache.fault = 'none'
    await vi.waitFor(async () => expect(await other.load({ key: 'key', now: NOW })).toBeUndefined(), { timeout: 10_000 })
  })

  it('does not hide an error of the store', async () => {
    const { truth, store } = fixture()
    const entry = sampleEntry()
    await store.create({ key: 'key', entry })
    await store.load({ key: 'key', now: NOW })
    truth.fault = 'fails'
    expect(await store.load({ key: 'key', now: NOW })).toEqual(entry)
    await expect(store.load({ key: 'other', now: NOW })).rejects.toThrow('no')
    await expect(store.load({ key: 'key', now: NOW, fresh: true })).rejects.toThrow('no')
    await expect(store.replace({ key: 'key', entry: sampleEntry(), expected: entry.version, now: NOW })).rejects.toThrow('no')
  })
})

describe('sessions with a cache for each process', () => {
  const cookie = (id: string | undefined): object => incoming(`__Host-sid=${id}`)

  it('lose no update and return a claimed value once, although their reads are old', async () => {
    const truth = new MemoryStore()
    const [one, two] = [1, 2].map(() =>
      createSessions({ store: new CachedStore({ store: truth, cache: new MemoryStore(), maxStale: '1h' }) }),
    )
    const visitor = one?.create()
    visitor?.set('ticket', 'a').increment('count')
    await visitor?.save()
    await two?.open(cookie(visitor?.id) as never)
    for (const sessions of [one, two, one, two]) {
      const session = await sessions?.open(cookie(visitor?.id) as never)
      session?.increment('count')
      if (session !== undefined) await sessions?.commit(session, { status: 200 })
    }
    const last = await one?.open(cookie(visitor?.id) as never)
    await last?.reload()
    expect(last?.get('count')).toBe(5)
    const claims = await Promise.all(
      [one, two].map(async (sessions) => (await sessions?.open(cookie(visitor?.id) as never))?.claim('ticket')),
    )
    expect(claims.filter((value) => value !== undefined)).toEqual(['a'])
  })

  it('accept a renewed id at once, and reject a save in a session that ended elsewhere', async () => {
    const truth = new MemoryStore()
    const store = (): CachedStore => new CachedStore({ store: truth, cache: new MemoryStore(), maxStale: '1h' })
    const [one, two] = [createSessions({ store: store() }), createSessions({ store: store() })]
    const visitor = one.create()
    visitor.set('cart', ['a'])
    await visitor.save()
    const before = visitor.id
    expect((await two.open(cookie(before) as never)).get('cart')).toEqual(['a'])
    visitor.login('ada')
    await visitor.save()
    expect(visitor.id).not.toBe(before)
    expect((await two.open(cookie(visitor.id) as never)).userId).toBe('ada')
    const late = await two.open(cookie(visitor.id) as never)
    visitor.flush()
    await visitor.save()
    late.set('cart', ['b'])
    await expect(late.save()).rejects.toMatchObject({ code: 'ERR_SESSION_ENDED' })
    expect((await two.open(cookie(visitor.id) as never)).isNew).toBe(true)
  })
})

describe('an invalid option', () => {
  const [store, cache] = [new MemoryStore(), new MemoryStore()]
  it.each<[string, object]>([
    ['store', { cache, maxStale: '1m' }],
    ['cache', { store, maxStale: '1m' }],
    ['cache', { store, cache: store, maxStale: '1m' }],
    ['cache', { store, cache: { load: () => undefined, capabilities: { compareAndSwap: false } }, maxStale: '1m' }],
    ['maxStale', { store, cache }],
    ['maxStale', { store, cache, maxStale: 0 }],
    ['maxStale', { store, cache, maxStale: 'soon' }],
    ['channel', { store, cache, maxStale: '1s', channel: {} }],
    ['onWarning', { store, cache, maxStale: '1s', onWarning: true }],
    ['ttl', { store, cache, maxStale: '1s', ttl: 1 }],
  ])('is named in the error: `%s` (%#)', (option, options) => {
    expect(() => new CachedStore(options as CachedStoreOptions)).toThrow(
      expect.objectContaining({ code: 'ERR_SESSION_CONFIG', message: expect.stringContaining(`\`${option}\``) }),
    )
  })
})
