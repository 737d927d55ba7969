// Stores that break one thing the commit asks of them. The library over them has to fail, and the checker has to see how.
import type { Entry, Store } from '../../../src/core/store/store.ts'
import type { Wrap } from '../simulation/fixtures.ts'

type Methods = Pick<Store, 'load' | 'create' | 'replace' | 'touch' | 'delete'>

function altered(store: Store, change: (store: Store) => Partial<Methods>): Store {
  const plain: Methods = {
    load: (operation) => store.load(operation),
    create: (operation) => store.create(operation),
    replace: (operation) => store.replace(operation),
    touch: (operation) => store.touch(operation),
    delete: (operation) => store.delete(operation),
  }
  return { capabilities: store.capabilities, ...plain, ...change(store) }
}

/** Writes over whatever is there. */
export const blindWrite: Wrap = (given) =>
  altered(given, (store) => ({
    async replace({ key, entry, expected, now }) {
      for (let version = expected; ; ) {
        const answer = await store.replace({ key, entry, expected: version, now })
        if (answer.ok || answer.reason !== 'stale') return answer
        version = answer.current.version
      }
    },
  }))

/** Inserts where nothing is left to replace. */
export const upsert: Wrap = (given) =>
  altered(given, (store) => ({
    async replace(operation) {
      const answer = await store.replace(operation)
      return answer.ok || answer.reason !== 'missing' ? answer : store.create(operation)
    },
  }))

/** Tells a refused writer what a cache says, not what is there. */
export const staleRetry: Wrap = (given) =>
  altered(given, (store) => {
    const cache = new Map<string, Entry>()
    return {
      async load(operation) {
        const entry = await store.load(operation)
        if (entry !== undefined) cache.set(operation.key, entry)
        return entry
      },
      async replace(operation) {
        const answer = await store.replace(operation)
        return answer.ok || answer.reason !== 'stale' ? answer : { ...answer, current: cache.get(operation.key) ?? answer.current }
      },
    }
  })

/** Hides who wrote, so that a write that was heard twice, or whose answer was lost, is not recognised. */
export const forgetsNonces: Wrap = (given) =>
  altered(given, (store) => {
    const hidden = (entry: Entry): Entry => ({ ...entry, version: `x${entry.version}`, commits: '' })
    return {
      async load(operation) {
        const entry = await store.load(operation)
        return entry === undefined ? undefined : hidden(entry)
      },
      async replace({ key, entry, expected, now }) {
        const answer = await store.replace({
          key,
          entry,
          expected: expected.startsWith('x') && expected.length === 13 ? expected.slice(1) : expected,
          now,
        })
        return answer.ok || answer.reason !== 'stale' ? answer : { ...answer, current: hidden(answer.current) }
      },
    }
  })

/** Answers a deletion before it is done. */
export const lazyDelete: Wrap = (given) =>
  altered(given, (store) => ({
    async delete(operation) {
      setTimeout(() => void store.delete(operation), 300)
      return true
    },
  }))

/** Now and then says that it deleted, and did not. */
export const deafDelete: Wrap = (given) =>
  altered(given, (store) => {
    let calls = 0
    return { delete: async (operation) => (calls++ % 2 === 0 ? true : store.delete(operation)) }
  })

/** Loads through a cache. */
export const cachedLoad: Wrap = (given) =>
  altered(given, (store) => {
    const cache = new Map<string, { entry: Entry | undefined; at: number }>()
    return {
      async load({ key, now, ...options }) {
        const known = cache.get(key)
        if (known !== undefined && options?.fresh !== true && performance.now() - known.at < 300) return known.entry
        const entry = await store.load({ key, now, ...options })
        cache.set(key, { entry, at: performance.now() })
        return entry
      },
    }
  })

/** Answers a write before it is done. */
export const earlyAnswer: Wrap = (given) =>
  altered(given, (store) => ({
    async replace(operation) {
      void store.replace(operation).catch(() => undefined)
      return { ok: true }
    },
  }))

/** Takes a failure for a success. */
export const swallowsErrors: Wrap = (given) =>
  altered(given, (store) => ({
    replace: (operation) => store.replace(operation).catch(() => ({ ok: true as const })),
  }))

/** Shows what is only about to be written. */
export const dirtyLoad: Wrap = (given) =>
  altered(given, (store) => {
    const underWay = new Map<string, Entry>()
    return {
      load: async ({ key, now, ...options }) => underWay.get(key) ?? store.load({ key, now, ...options }),
      async replace({ key, entry, expected, now }) {
        underWay.set(key, entry)
        try {
          return await store.replace({ key, entry, expected, now })
        } finally {
          underWay.delete(key)
        }
      },
    }
  })

/** Mixes answers up, as a client library does that lost count of its replies. */
export const mixedAnswers: Wrap = (given) =>
  altered(given, (store) => {
    let other: { key: string; payload: string } | undefined
    let calls = 0
    return {
      async load(operation) {
        const { key } = operation
        const entry = await store.load(operation)
        if (entry === undefined) return undefined
        const payload = calls++ % 10 === 9 && other !== undefined && other.key !== key ? other.payload : entry.payload
        other = { key, payload: entry.payload }
        return { ...entry, payload }
      },
    }
  })

/** Does not ask whether the row has expired. */
export const expiryIgnored: Wrap = (given) =>
  altered(given, (store) => ({ replace: ({ key, entry, expected }) => store.replace({ key, entry, expected, now: -1 }) }))

/** A touch sets the expiry to something earlier. */
export const shorteningTouch: Wrap = (given) =>
  altered(given, (store) => ({
    async touch({ key, expiresAt, expected, now }) {
      const current = await store.load({ key, now })
      if (current?.version !== expected) return false
      const { ok } = await store.replace({
        key,
        entry: { ...current, seenAt: now, expiresAt: Math.min(expiresAt, current.expiresAt) - 15_000 },
        expected,
        now,
      })
      return ok
    },
  }))

/** A touch puts back what is not there any more. */
export const revivingTouch: Wrap = (given) =>
  altered(given, (store) => {
    const seen = new Map<string, Entry>()
    return {
      async load(operation) {
        const entry = await store.load(operation)
        if (entry !== undefined) seen.set(operation.key, entry)
        return entry
      },
      async touch(operation) {
        const { key, expiresAt } = operation
        const moved = await store.touch(operation)
        const entry = seen.get(key)
        if (moved || entry === undefined) return moved
        const { ok } = await store.create({ key, entry: { ...entry, expiresAt } })
        return ok
      },
    }
  })

/** A touch knows no absolute end. */
export const endlessTouch: Wrap = (given) =>
  altered(given, (store) => ({
    touch: ({ key, expiresAt, expected, now }) => store.touch({ key, expiresAt: expiresAt + 400_000, expected, now }),
  }))
