// Stores that break one requirement of the commit. The library over them must fail, and the checker
// must find it.
import type { Entry, Store } from '../../../src/core/store/store.ts'
import { isTombstone } from '../../../src/core/store/tombstone.ts'
import type { Wrap } from '../simulation/fixtures.ts'

type Methods = Pick<Store, 'load' | 'create' | 'replace' | 'touch' | 'delete' | 'deleteByIndex' | 'list'>

function override(store: Store, change: (store: Store) => Partial<Methods>): Store {
  const plain: Methods = {
    load: (operation) => store.load(operation),
    create: (operation) => store.create(operation),
    replace: (operation) => store.replace(operation),
    touch: (operation) => store.touch(operation),
    delete: (operation) => store.delete(operation),
    deleteByIndex: async (operation) => (await store.deleteByIndex?.(operation)) ?? 0,
    list: async (operation) => (await store.list?.(operation)) ?? { entries: [] },
  }
  return { capabilities: store.capabilities, ...plain, ...change(store) }
}

/** Overwrites the row whatever its version. */
export const blindWrite: Wrap = (given) =>
  override(given, (store) => ({
    async replace({ key, entry, expected, now }) {
      for (let version = expected; ; ) {
        const result = await store.replace({ key, entry, expected: version, now })
        if (result.ok || result.reason !== 'stale') return result
        version = result.current.version
      }
    },
  }))

/** Inserts the row if there is none to replace. */
export const upsert: Wrap = (given) =>
  override(given, (store) => ({
    async replace(operation) {
      const result = await store.replace(operation)
      return result.ok || result.reason !== 'missing' ? result : store.create(operation)
    },
  }))

/** Returns a cached entry to a refused writer instead of the current one. */
export const staleRetry: Wrap = (given) =>
  override(given, (store) => {
    const cache = new Map<string, Entry>()
    return {
      async load(operation) {
        const entry = await store.load(operation)
        if (entry !== undefined) cache.set(operation.key, entry)
        return entry
      },
      async replace(operation) {
        const result = await store.replace(operation)
        return result.ok || result.reason !== 'stale' ? result : { ...result, current: cache.get(operation.key) ?? result.current }
      },
    }
  })

/**
 * Hides the commit receipts, so that a write whose response was lost or sent twice is not
 * recognized.
 */
export const withoutReceipts: Wrap = (given) =>
  override(given, (store) => {
    const hidden = (entry: Entry): Entry => ({ ...entry, version: `x${entry.version}`, commits: '' })
    return {
      async load(operation) {
        const entry = await store.load(operation)
        return entry === undefined ? undefined : hidden(entry)
      },
      async replace({ key, entry, expected, now }) {
        const result = await store.replace({
          key,
          entry,
          expected: expected.startsWith('x') && expected.length === 13 ? expected.slice(1) : expected,
          now,
        })
        return result.ok || result.reason !== 'stale' ? result : { ...result, current: hidden(result.current) }
      },
    }
  })

type KeepReceipt = (receipt: Receipt, written: Receipt) => boolean

/** A receipt in the `commits` of an entry. */
interface Receipt {
  readonly manager: string
  readonly nonce: string
  readonly text: string
}

/** Removes receipts from every write. `keeps` gets a receipt and that of the write. */
function keepingReceipts(given: Store, keeps: (entry: Entry) => KeepReceipt): Store {
  const change = (entry: Entry): Entry => {
    const [floor, ...receipts] = entry.commits.split(' ')
    const parsed = receipts.map((text) => {
      const [manager = '', nonce = ''] = text.split(':')
      return { manager, nonce, text }
    })
    const [written, ...others] = parsed as [Receipt, ...Receipt[]]
    const isKept = keeps(entry)
    return { ...entry, commits: [floor, written.text, ...others.filter((each) => isKept(each, written)).map(({ text }) => text)].join(' ') }
  }
  return override(given, (store) => ({ replace: (operation) => store.replace({ ...operation, entry: change(operation.entry) }) }))
}

/** Removes receipts that are older than ten seconds, by the clocks of their writers. */
export const agedReceipts: Wrap = (given) =>
  keepingReceipts(given, ({ version, seenAt }) => {
    writtenAt.set(version, seenAt)
    return ({ nonce }) => (writtenAt.get(nonce) ?? seenAt) > seenAt - 10_000
  })

/** The times of all writes by their nonces, which a receipt of this rule would contain. */
const writtenAt = new Map<string, number>()

/** A write replaces the receipt of its manager, even if the outcome of that write is still unknown. */
export const oneReceiptPerManager: Wrap = (given) =>
  keepingReceipts(
    given,
    () =>
      (receipt, { manager }) =>
        receipt.manager !== manager,
  )

/** Keeps only the receipt of the last write, and no number below which receipts may be missing. */
export const receiptsWithoutFloor: Wrap = (given) => keepingReceipts(given, () => () => false)

/** Confirms a deletion before it is done. */
export const delayedDelete: Wrap = (given) =>
  override(given, (store) => ({
    async delete(operation) {
      setTimeout(() => void store.delete(operation), 300)
      return true
    },
  }))

/** Confirms every second deletion without deleting. */
export const skippedDelete: Wrap = (given) =>
  override(given, (store) => {
    let calls = 0
    return { delete: async (operation) => (calls++ % 2 === 0 ? true : store.delete(operation)) }
  })

/** Deletes the row of an ended session in place of leaving a tombstone. */
export const withoutTombstones: Wrap = (given) =>
  override(given, (store) => ({
    create: async (operation) => (isTombstone(operation.entry) ? { ok: true } : store.create(operation)),
    async replace(operation) {
      if (!isTombstone(operation.entry)) return store.replace(operation)
      await store.delete(operation)
      return { ok: true }
    },
  }))

/** Loads through a cache. */
export const cachedLoad: Wrap = (given) =>
  override(given, (store) => {
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

/** Confirms a write before it is done. */
export const earlyWriteResult: Wrap = (given) =>
  override(given, (store) => ({
    async replace(operation) {
      void store.replace(operation).catch(() => undefined)
      return { ok: true }
    },
  }))

/** Reports a failure as a success. */
export const swallowedErrors: Wrap = (given) =>
  override(given, (store) => ({
    replace: (operation) => store.replace(operation).catch(() => ({ ok: true as const })),
  }))

/** Returns entries whose write is not finished. */
export const dirtyLoad: Wrap = (given) =>
  override(given, (store) => {
    const unfinished = new Map<string, Entry>()
    return {
      load: async ({ key, now, ...options }) => unfinished.get(key) ?? store.load({ key, now, ...options }),
      async replace({ key, entry, expected, now }) {
        unfinished.set(key, entry)
        try {
          return await store.replace({ key, entry, expected, now })
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

/** Returns an expired row as if it had just been used, and writes over it. */
export const expiryIgnored: Wrap = (given) =>
  override(given, (store) => ({
    async load({ now, ...operation }) {
      const entry = await store.load({ ...operation, now: -1 })
      return entry === undefined || entry.expiresAt > now ? entry : { ...entry, seenAt: now, expiresAt: now + 60_000 }
    },
    replace: (operation) => store.replace({ ...operation, now: -1 }),
  }))

/** A touch sets the expiry to an earlier time. */
export const shorteningTouch: Wrap = (given) =>
  override(given, (store) => ({
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

/** A touch creates a row that was deleted. */
export const revivingTouch: Wrap = (given) =>
  override(given, (store) => {
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

/** A touch ignores the absolute end. */
export const endlessTouch: Wrap = (given) =>
  override(given, (store) => ({
    touch: ({ key, expiresAt, expected, now }) => store.touch({ key, expiresAt: expiresAt + 400_000, expected, now }),
  }))

/** A login finds no mark once it has written its session. */
export const marksBeforeTheWriteOnly: Wrap = (given) =>
  override(given, (store) => {
    let writtenAt = -Infinity
    const written = <T>(result: T): T => {
      writtenAt = performance.now()
      return result
    }
    return {
      load: async (operation) => (isMark(operation.key) && performance.now() - writtenAt < 60 ? undefined : store.load(operation)),
      create: async (operation) => (isMark(operation.key) ? store.create(operation) : written(await store.create(operation))),
      replace: async (operation) => (isMark(operation.key) ? store.replace(operation) : written(await store.replace(operation))),
    }
  })

/** Marks are acknowledged at once and written after the sessions were deleted. */
export const markAfterTheDeletion: Wrap = (given) =>
  override(given, (store) => {
    const late = (write: () => Promise<unknown>): { readonly ok: true } => {
      setTimeout(() => void write(), 120)
      return { ok: true }
    }
    return {
      create: async (operation) => (isMark(operation.key) ? late(() => store.create(operation)) : store.create(operation)),
      replace: async (operation) => (isMark(operation.key) ? late(() => store.replace(operation)) : store.replace(operation)),
    }
  })

/** The deletion of the sessions of a user leaves the newest one. */
export const incompleteRevocation: Wrap = (given) =>
  override(given, (store) => ({
    async deleteByIndex(operation) {
      const page = await store.list?.({ now: 0, index: operation.index, name: operation.name })
      const [newest] = [...(page?.entries ?? [])].sort(([, one], [, other]) => other.createdAt - one.createdAt)
      return (await store.deleteByIndex?.({ ...operation, except: operation.except ?? newest?.[0] })) ?? 0
    },
  }))

/** The list of the sessions of a user misses those that other processes have just written. */
export const delayedList: Wrap = (given) =>
  override(given, (store) => {
    const own = new Set<string>()
    const firstSeen = new Map<string, number>()
    const isVisible = (key: string): boolean => {
      const since = firstSeen.get(key) ?? performance.now()
      firstSeen.set(key, since)
      return own.has(key) || performance.now() - since > 80
    }
    return {
      create(operation) {
        own.add(operation.key)
        return store.create(operation)
      },
      replace(operation) {
        own.add(operation.key)
        return store.replace(operation)
      },
      async list(operation) {
        const page = (await store.list?.(operation)) ?? { entries: [] }
        return { ...page, entries: page.entries.filter(([key]) => isVisible(key)) }
      },
    }
  })

/** Marks end the session that they except, and every later login. */
export const marksOfTheFuture: Wrap = (given) =>
  override(given, (store) => {
    const moved = <T extends { readonly key: string; readonly entry: Entry }>(operation: T): T =>
      isMark(operation.key)
        ? { ...operation, entry: { ...operation.entry, payload: `[[${operation.entry.createdAt + 3_600_000}]]` } }
        : operation
    return {
      create: (operation) => store.create(moved(operation)),
      replace: (operation) => store.replace(moved(operation)),
    }
  })

function isMark(key: string): boolean {
  return key.startsWith('mark.')
}
