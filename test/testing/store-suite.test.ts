import { describe, expect, it } from 'vitest'
import type { Entry, Store } from '../../src/core/store/store.ts'
import { MemoryStore } from '../../src/stores/memory.ts'
import { NOW } from '../../src/testing/sample.ts'
import { broken, run } from './run-suite.ts'

const store = (change: (real: Store & MemoryStore) => Partial<Store>) => (): Store => {
  const real: Store & MemoryStore = new MemoryStore({ max: 2000 })
  const port: Store = {
    capabilities: real.capabilities,
    load: (operation) => real.load(operation),
    create: (operation) => real.create(operation),
    replace: (operation) => real.replace(operation),
    touch: (operation) => real.touch(operation),
    delete: (operation) => real.delete(operation),
    deleteByIndex: (operation) => real.deleteByIndex(operation),
    list: (operation) => real.list(operation),
    clearExpired: (operation) => real.clearExpired(operation),
    countExpired: (operation) => real.countExpired(operation),
    close: () => real.close(),
  }
  return { ...port, ...change(real) }
}

const entries = (real: MemoryStore) => ({
  /** Returns the entry of this key, expired or not. */
  any: (key: string): Promise<Entry | undefined> => real.load({ key, now: -1 }),
  put: async (key: string, entry: Entry): Promise<void> => {
    await real.delete({ key })
    await real.create({ key, entry })
  },
})

const mapPayload = (change: (payload: string) => string) =>
  store((real) => ({
    create: ({ key, entry }) => real.create({ key, entry: { ...entry, payload: change(entry.payload) } }),
    replace: ({ entry, ...rest }) => real.replace({ entry: { ...entry, payload: change(entry.payload) }, ...rest }),
  }))

const mapKeys = (change: (key: string) => string) =>
  store((real) => ({
    load: ({ key, now }) => real.load({ key: change(key), now }),
    create: ({ key, entry }) => real.create({ key: change(key), entry }),
    replace: ({ key, ...rest }) => real.replace({ key: change(key), ...rest }),
    touch: ({ key, ...rest }) => real.touch({ key: change(key), ...rest }),
    delete: ({ key }) => real.delete({ key: change(key) }),
  }))

const mapUsers = (change: (userId: string) => string) =>
  store((real) => ({
    create: ({ key, entry }) =>
      real.create({ key, entry: entry.userId === undefined ? entry : { ...entry, userId: change(entry.userId) } }),
    deleteByIndex: ({ name, ...rest }) => real.deleteByIndex({ name: change(name), ...rest }),
  }))

/** Broken stores, each with a clause that must detect it. */
const MUTANTS: Record<string, [broken: () => Store, caughtBy: string]> = {
  'create that overwrites': [
    store((real) => ({
      create: async ({ key, entry }) => {
        await entries(real).put(key, entry)
        return { ok: true }
      },
    })),
    'create: refuses a key that has a row, and does not change the row',
  ],
  'create that overwrites an expired row': [
    store((real) => ({
      create: async ({ key, entry }) => {
        const old = await entries(real).any(key)
        if (old !== undefined && old.expiresAt <= entry.createdAt + 2) await real.delete({ key })
        return real.create({ key, entry })
      },
    })),
    'create: refuses a key whose row is expired, and does not change the row',
  ],
  'create that returns a token': [
    store((real) => ({ create: async ({ key, entry }) => ({ ...(await real.create({ key, entry })), token: key }) })),
    'create: returns ok, without a token',
  ],
  'replace that ignores the version': [
    store((real) => ({
      replace: async ({ key, entry, now }) => {
        const current = await real.load({ key, now })
        return current === undefined ? { ok: false, reason: 'missing' } : real.replace({ key, entry, expected: current.version, now })
      },
    })),
    'replace: refuses another version as stale, with the current entry, and does not change the row',
  ],
  'replace that reads, waits and writes': [
    store((real) => ({
      replace: async ({ key, entry, expected, now }) => {
        const current = await real.load({ key, now })
        if (current === undefined) return { ok: false, reason: 'missing' }
        if (current.version !== expected) return { ok: false, reason: 'stale', current }
        await entries(real).put(key, entry)
        return { ok: true }
      },
    })),
    'replace: writes once out of 100 concurrent replaces of one version',
  ],
  'replace that creates': [
    store((real) => ({
      replace: async (operation) => {
        const outcome = await real.replace(operation)
        return !outcome.ok && outcome.reason === 'missing' ? real.create(operation) : outcome
      },
    })),
    'replace: never restores a deleted row',
  ],
  'replace of an expired row': [
    store((real) => ({ replace: ({ key, entry, expected }) => real.replace({ key, entry, expected, now: -1 }) })),
    'replace: accepts an entry until 1 ms before it expires, and refuses it as missing after that',
  ],
  'replace that refuses an expired row as stale': [
    store((real) => ({
      replace: async ({ key, entry, expected, now }) => {
        const old = await entries(real).any(key)
        return old !== undefined && old.version !== expected
          ? { ok: false, reason: 'stale', current: old }
          : real.replace({ key, entry, expected, now })
      },
    })),
    'replace: refuses an expired entry as missing, not as stale',
  ],
  'replace that keeps the user': [
    store((real) => ({
      replace: async ({ key, entry, expected, now }) => {
        const userId = (await entries(real).any(key))?.userId
        return real.replace({ key, entry: userId === undefined ? entry : { ...entry, userId }, expected, now })
      },
    })),
    'users: does not delete a session whose user has logged out',
  ],
  'replace without an entry in its refusal': [
    store((real) => ({
      replace: async (operation) => {
        const outcome = await real.replace(operation)
        return !outcome.ok && outcome.reason === 'stale' ? ({ ok: false, reason: 'stale' } as unknown as typeof outcome) : outcome
      },
    })),
    'replace: refuses a version that was replaced',
  ],
  'load of an expired row': [
    store((real) => ({ load: ({ key }) => entries(real).any(key) })),
    'load: returns an entry until 1 ms before it expires, and undefined after that',
  ],
  'load that expires a millisecond late': [
    store((real) => ({ load: ({ key, now }) => real.load({ key, now: now - 1 }) })),
    'load: returns an entry until 1 ms before it expires, and undefined after that',
  ],
  'load by the clock of the store': [
    store((real) => ({ load: ({ key }) => real.load({ key, now: Date.now() }) })),
    'load: judges expiry only by the given now: an entry that was expired once is returned for an earlier now',
  ],
  'load that deletes an expired row': [
    store((real) => ({
      load: async (operation) => {
        const entry = await real.load(operation)
        if (entry === undefined) await real.delete(operation)
        return entry
      },
    })),
    'load: judges expiry only by the given now: an entry that was expired once is returned for an earlier now',
  ],
  'entries shared with the callers': [
    store(() => {
      const rows = new Map<string, Entry>()
      return {
        load: async ({ key }) => rows.get(key),
        create: async ({ key, entry }) => {
          rows.set(key, entry)
          return { ok: true }
        },
      }
    }),
    'load: returns no object through which a caller can change the row',
  ],
  'touch of an expired row': [
    store((real) => ({ touch: ({ key, expiresAt, expected }) => real.touch({ key, expiresAt, expected, now: -1 }) })),
    'touch: refuses an expired entry from the millisecond at which it expires',
  ],
  'touch that shortens': [
    store((real) => ({
      touch: async ({ key, expiresAt, expected, now }) => {
        const current = await real.load({ key, now })
        if (current?.version !== expected) return false
        await entries(real).put(key, { ...current, expiresAt, seenAt: now })
        return true
      },
    })),
    'touch: never shortens: an earlier expiresAt changes nothing',
  ],
  'touch that ignores the version': [
    store((real) => ({
      touch: async ({ key, expiresAt, now }) =>
        real.touch({ key, expiresAt, expected: (await real.load({ key, now }))?.version ?? '', now }),
    })),
    'touch: refuses another version, and does not change the row',
  ],
  'touch that makes a new version': [
    store((real) => ({
      touch: async ({ key, expiresAt, expected, now }) => {
        const current = await real.load({ key, now })
        if (!(await real.touch({ key, expiresAt, expected, now })) || current === undefined) return false
        return (await real.replace({ key, entry: { ...current, seenAt: now, expiresAt, version: `${expected}+` }, expected, now })).ok
      },
    })),
    'touch: moves expiresAt ahead, sets seenAt to now, and changes nothing else, not even the version',
  ],
  'delete that always returns true': [
    store((real) => ({ delete: ({ key }) => real.delete({ key }).then(() => true) })),
    'delete: can be repeated, and returns false',
  ],
  'keys without case': [mapKeys((key) => key.toLowerCase()), 'load: distinguishes keys by case, padding and every character'],
  'keys without padding': [mapKeys((key) => key.trim()), 'load: distinguishes keys by case, padding and every character'],
  'keys cut short': [mapKeys((key) => key.slice(0, 40)), 'load: distinguishes keys by case, padding and every character'],
  'payloads cut short': [mapPayload((payload) => payload.slice(0, 65_535)), 'texts and times: keeps a payload of 1 MiB'],
  'payloads without four-byte characters': [
    mapPayload((payload) => payload.replace(/[\u{10000}-\u{10ffff}]/gu, '?')),
    'texts and times: keeps every payload to the last character',
  ],
  'payloads normalized': [mapPayload((payload) => payload.normalize()), 'texts and times: keeps every payload to the last character'],
  'payloads trimmed': [mapPayload((payload) => payload.trim()), 'texts and times: keeps every payload to the last character'],
  'times in seconds': [
    store((real) => ({
      create: ({ key, entry }) => real.create({ key, entry: { ...entry, seenAt: Math.floor(entry.seenAt / 1000) * 1000 } }),
    })),
    'load: returns every field as it was created',
  ],
  'users without case': [mapUsers((userId) => userId.toLowerCase()), 'users: distinguishes users by case, padding and every code unit'],
  'users with lone surrogates replaced': [
    mapUsers((userId) => userId.toWellFormed()),
    'users: distinguishes users by case, padding and every code unit',
  ],
  'deleteByIndex that ignores `except`': [
    store((real) => ({ deleteByIndex: ({ name: userId }) => real.deleteByIndex({ index: 'userId', name: userId }) })),
    'users: does not delete the key `except`',
  ],
  'deleteByIndex that deletes despite a tombstone': [
    store((real) => ({ deleteByIndex: (operation) => real.deleteByIndex({ ...operation, tombstone: undefined }) })),
    'tombstones: deleteByIndex with a tombstone replaces every session of the user and no other, and returns their number',
  ],
  'deleteByIndex that leaves tombstones in the index': [
    store((real) => ({
      deleteByIndex: ({ tombstone, ...rest }) =>
        real.deleteByIndex({ ...rest, tombstone: tombstone && { ...tombstone, userId: rest.name } }),
    })),
    'tombstones: deleteByIndex with a tombstone replaces every session of the user and no other, and returns their number',
  ],
  'deleteByIndex that lists, waits and writes tombstones': [
    store((real) => ({
      deleteByIndex: async ({ tombstone, ...query }) => {
        if (tombstone === undefined) return real.deleteByIndex(query)
        const { entries: found } = await real.list({ ...query, now: 0 })
        for (const [key] of found) if (key !== query.except) await entries(real).put(key, tombstone)
        return found.filter(([key]) => key !== query.except).length
      },
    })),
    'tombstones: deleteByIndex and a write of the same session leave either the tombstone or, if the write made it another user’s, the session',
  ],
  'load that never returns an expired row': [
    store((real) => ({ load: async (operation) => (operation.now === 0 ? undefined : real.load(operation)) })),
    'load: returns with `now: 0` every row that was not cleared, also an expired one',
  ],
  'replace that never replaces an expired row': [
    store((real) => ({ replace: (operation) => real.replace({ ...operation, now: operation.now === 0 ? NOW : operation.now }) })),
    'replace: replaces with `now: 0` an expired row too',
  ],
  'index that is updated after the write was acknowledged': [
    store((real) => {
      const recent = new Set<string>()
      return {
        create: async (operation) => {
          recent.add(operation.key)
          setImmediate(() => recent.delete(operation.key))
          return real.create(operation)
        },
        list: async (query) => {
          const page = await real.list(query)
          return { ...page, entries: page.entries.filter(([key]) => !recent.has(key)) }
        },
      }
    }),
    'users: lists every session whose write was acknowledged before the call, while others are written',
  ],
  'list with expired entries': [
    store((real) => ({ list: (query) => real.list({ ...query, now: -1 }) })),
    'list: omits entries that are expired at the given now',
  ],
  'list of one page only': [
    store((real) => ({ list: async (query) => ({ entries: (await real.list(query)).entries }) })),
    'list: returns every unexpired entry once, page by page',
  ],
  'list that never ends': [
    store((real) => ({ list: async (query) => ({ ...(await real.list(query)), cursor: '' }) })),
    'list: returns an empty page for an empty store',
  ],
  'missing list despite the capability': [
    store(() => ({ list: undefined as unknown as NonNullable<Store['list']> })),
    'capabilities: have their methods',
  ],
  'clearExpired of unexpired rows': [
    store((real) => ({ clearExpired: (options) => real.clearExpired({ ...options, now: options.now + 1 }) })),
    'clearExpired: deletes rows that expired at or before now, and no others',
  ],
  'countExpired of unexpired rows': [
    store((real) => ({ countExpired: ({ now }) => real.countExpired({ now: now + 1 }) })),
    'countExpired: counts the rows that clearExpired would delete, and deletes none',
  ],
  'countExpired that stops at ten': [
    store((real) => ({ countExpired: async (operation) => Math.min(10, await real.countExpired(operation)) })),
    'countExpired: counts more rows than one batch, and judges by the given now',
  ],
  'clearExpired in one step': [
    store((real) => ({ clearExpired: (options) => real.clearExpired({ ...options, batch: 1e6 }) })),
    'clearExpired: deletes at most one batch per step, and yields the total after each',
  ],
  'clearExpired that ignores the signal': [
    store((real) => ({ clearExpired: ({ now, batch = 1000 }) => real.clearExpired({ now, batch }) })),
    'clearExpired: ends without an error after the step in which it is aborted, and can be run again',
  ],
  'close that fails the second time': [
    store(() => {
      let closed = false
      return {
        close: async () => {
          if (closed) throw new Error('closed already')
          closed = true
        },
      }
    }),
    'close: can be called twice',
  ],
}

describe('the store suite', () => {
  it('passes a correct store', async () => {
    expect(await broken(store(() => ({})))).toEqual([])
  })

  it.each(Object.entries(MUTANTS))('detects a %s', async (_, [makeStore, caughtBy]) => {
    expect(await broken(makeStore)).toContain(caughtBy)
  })

  it('reports the expected and the actual value', async () => {
    const results = await run(mapPayload(() => '{}'))
    const message = results.get('load: returns every field as it was created')
    expect(message).toMatch(/^the loaded entry\n {2}expected .*"payload":"\{\\"cart.*\n {2}but got {2}.*"payload":"\{\}"/)
  })

  it('omits clauses of capabilities that the store does not have', async () => {
    const capabilities = { compareAndSwap: false, list: false, indexes: [] }
    const blind = store((real) => ({
      capabilities: { ...capabilities, carriesData: false },
      list: undefined as unknown as NonNullable<Store['list']>,
      deleteByIndex: undefined as unknown as NonNullable<Store['deleteByIndex']>,
      clearExpired: undefined as unknown as NonNullable<Store['clearExpired']>,
      replace: async ({ key, entry, now }) => {
        const current = await real.load({ key, now })
        return current === undefined ? { ok: false, reason: 'missing' } : real.replace({ key, entry, expected: current.version, now })
      },
    }))
    expect(await broken(blind, { capabilities, clearExpired: false, farClocks: false })).toEqual([])
    expect(await broken(blind)).toContain('capabilities: are those of the suite options')
  })

  it('closes every store, also after a failed test', async () => {
    const open = new Set<Store>()
    const make = store(() => ({ load: () => Promise.reject(new Error('broken')) }))
    await run(() => {
      const made = make()
      open.add(made)
      return { ...made, close: async () => void open.delete(made) }
    })
    expect(open.size).toBe(0)
  })
})
