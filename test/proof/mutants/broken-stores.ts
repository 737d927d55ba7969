// Stores that break one requirement of the commit. The library over them must fail, and the checker
// must find it.
import type { Entry, Store } from '../../../src/core/store/store.ts'
import type { Wrap } from '../simulation/fixtures.ts'

type Methods = Pick<Store, 'load' | 'create' | 'replace' | 'touch' | 'delete'>

function override(store: Store, change: (store: Store) => Partial<Methods>): Store {
  const plain: Methods = {
    load: (...args) => store.load(...args),
    create: (...args) => store.create(...args),
    replace: (...args) => store.replace(...args),
    touch: (...args) => store.touch(...args),
    delete: (...args) => store.delete(...args),
  }
  return { capabilities: store.capabilities, ...plain, ...change(store) }
}

/** Overwrites the row whatever its version. */
export const blindWrite: Wrap = (given) =>
  override(given, (store) => ({
    async replace(key, entry, expected, now) {
      for (let version = expected; ; ) {
        const answer = await store.replace(key, entry, version, now)
        if (answer.ok || answer.reason !== 'stale') return answer
        version = answer.current.version
      }
    },
  }))

/** Inserts the row if there is none to replace. */
export const upsert: Wrap = (given) =>
  override(given, (store) => ({
    async replace(key, entry, expected, now) {
      const answer = await store.replace(key, entry, expected, now)
      return answer.ok || answer.reason !== 'missing' ? answer : store.create(key, entry)
    },
  }))

/** Returns a cached entry to a refused writer instead of the current one. */
export const staleRetry: Wrap = (given) =>
  override(given, (store) => {
    const cache = new Map<string, Entry>()
    return {
      async load(key, now) {
        const entry = await store.load(key, now)
        if (entry !== undefined) cache.set(key, entry)
        return entry
      },
      async replace(key, entry, expected, now) {
        const answer = await store.replace(key, entry, expected, now)
        return answer.ok || answer.reason !== 'stale' ? answer : { ...answer, current: cache.get(key) ?? answer.current }
      },
    }
  })

/**
 * Hides the commit receipts, so that a write whose response was lost or sent twice is not
 * recognised.
 */
export const withoutReceipts: Wrap = (given) =>
  override(given, (store) => {
    const hidden = (entry: Entry): Entry => ({ ...entry, version: `x${entry.version}`, commits: '' })
    return {
      async load(key, now, options) {
        const entry = await store.load(key, now, options)
        return entry === undefined ? undefined : hidden(entry)
      },
      async replace(key, entry, expected, now) {
        const answer = await store.replace(
          key,
          entry,
          expected.startsWith('x') && expected.length === 13 ? expected.slice(1) : expected,
          now,
        )
        return answer.ok || answer.reason !== 'stale' ? answer : { ...answer, current: hidden(answer.current) }
      },
    }
  })

/** Confirms a deletion before it is done. */
export const delayedDelete: Wrap = (given) =>
  override(given, (store) => ({
    async delete(key) {
      setTimeout(() => void store.delete(key), 300)
      return true
    },
  }))

/** Confirms every second deletion without deleting. */
export const skippedDelete: Wrap = (given) =>
  override(given, (store) => {
    let calls = 0
    return { delete: async (key) => (calls++ % 2 === 0 ? true : store.delete(key)) }
  })

/** Loads through a cache. */
export const cachedLoad: Wrap = (given) =>
  override(given, (store) => {
    const cache = new Map<string, { entry: Entry | undefined; at: number }>()
    return {
      async load(key, now, options) {
        const known = cache.get(key)
        if (known !== undefined && options?.fresh !== true && performance.now() - known.at < 300) return known.entry
        const entry = await store.load(key, now, options)
        cache.set(key, { entry, at: performance.now() })
        return entry
      },
    }
  })

/** Confirms a write before it is done. */
export const earlyWriteResult: Wrap = (given) =>
  override(given, (store) => ({
    async replace(key, entry, expected, now) {
      void store.replace(key, entry, expected, now).catch(() => undefined)
      return { ok: true }
    },
  }))

/** Reports a failure as a success. */
export const swallowedErrors: Wrap = (given) =>
  override(given, (store) => ({
    replace: (key, entry, expected, now) => store.replace(key, entry, expected, now).catch(() => ({ ok: true as const })),
  }))

/** Returns entries whose write is not finished. */
export const dirtyLoad: Wrap = (given) =>
  override(given, (store) => {
    const unfinished = new Map<string, Entry>()
    return {
      load: async (key, now, options) => unfinished.get(key) ?? store.load(key, now, options),
      async replace(key, entry, expected, now) {
        unfinished.set(key, entry)
        try {
          return await store.replace(key, entry, expected, now)
        } finally {
          unfinished.delete(key)
        }
      },
    }
  })

/** Mixes results up, like a client library that miscounts its replies. */
export const mixedResults: Wrap = (given) =>
  override(given, (store) => {
    let other: { key: string; payload: string } | undefined
    let calls = 0
    return {
      async load(key, now, options) {
        const entry = await store.load(key, now, options)
        if (entry === undefined) return undefined
        const payload = calls++ % 10 === 9 && other !== undefined && other.key !== key ? other.payload : entry.payload
        other = { key, payload: entry.payload }
        return { ...entry, payload }
      },
    }
  })

/** Ignores the expiry of the row. */
export const expiryIgnored: Wrap = (given) =>
  override(given, (store) => ({ replace: (key, entry, expected) => store.replace(key, entry, expected, -1) }))

/** A touch sets the expiry to an earlier time. */
export const shorteningTouch: Wrap = (given) =>
  override(given, (store) => ({
    async touch(key, expiresAt, expected, now) {
      const current = await store.load(key, now)
      if (current?.version !== expected) return false
      const { ok } = await store.replace(
        key,
        { ...current, seenAt: now, expiresAt: Math.min(expiresAt, current.expiresAt) - 15_000 },
        expected,
        now,
      )
      return ok
    },
  }))

/** A touch creates a row that was deleted. */
export const revivingTouch: Wrap = (given) =>
  override(given, (store) => {
    const seen = new Map<string, Entry>()
    return {
      async load(key, now, options) {
        const entry = await store.load(key, now, options)
        if (entry !== undefined) seen.set(key, entry)
        return entry
      },
      async touch(key, expiresAt, expected, now) {
        const moved = await store.touch(key, expiresAt, expected, now)
        const entry = seen.get(key)
        if (moved || entry === undefined) return moved
        const { ok } = await store.create(key, { ...entry, expiresAt })
        return ok
      },
    }
  })

/** A touch ignores the absolute end. */
export const endlessTouch: Wrap = (given) =>
  override(given, (store) => ({ touch: (key, expiresAt, expected, now) => store.touch(key, expiresAt + 400_000, expected, now) }))
