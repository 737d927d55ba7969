import { results } from '../core/store/results.ts'
import type { Create, Entry, Keyed, Load, Refused, Replace, Store, Touch, Written } from '../core/store/store.ts'

/**
 * Reads the rows of another store, and keeps in memory what is written. Code that writes while it
 * opens a session runs on it as it would for a request, and the other store stays as it is.
 */
export class DryRunStore implements Store {
  readonly capabilities: Store['capabilities']
  readonly list?: NonNullable<Store['list']>
  readonly #store: Store
  readonly #rows = new Map<string, Entry | undefined>()
  readonly #created = new Set<string>()

  constructor(store: Store) {
    this.#store = store
    this.capabilities = store.capabilities
    if (store.list !== undefined) this.list = store.list.bind(store)
  }

  /** How a key would be written first; `undefined` if it would stay as it is. */
  writeOf(key: string): 'create' | 'replace' | undefined {
    if (this.#created.has(key)) return 'create'
    return this.#rows.has(key) ? 'replace' : undefined
  }

  async load(operation: Load): Promise<Entry | undefined> {
    const { key, now } = operation
    if (!this.#rows.has(key)) return this.#store.load(operation)
    const entry = this.#rows.get(key)
    return entry !== undefined && entry.expiresAt > now ? entry : undefined
  }

  async create({ key, entry, deadline }: Create): Promise<Written | Refused> {
    if ((await this.load({ key, now: 0, fresh: true, deadline })) !== undefined) return results.taken
    if (!this.#rows.has(key)) this.#created.add(key)
    this.#rows.set(key, entry)
    return results.written
  }

  async replace({ key, entry, expected, now, deadline }: Replace): Promise<Written | Refused> {
    const current = await this.load({ key, now, fresh: true, deadline })
    if (current === undefined) return results.missing
    if (current.version !== expected) return results.stale(current)
    this.#rows.set(key, entry)
    return results.written
  }

  async touch({ key, expected, expiresAt, now, deadline }: Touch): Promise<boolean> {
    const current = await this.load({ key, now, fresh: true, deadline })
    if (current === undefined || current.version !== expected || expiresAt < current.expiresAt) return false
    this.#rows.set(key, { ...current, expiresAt, seenAt: now })
    return true
  }

  async delete({ key, deadline }: Keyed): Promise<boolean> {
    const existed = (await this.load({ key, now: 0, fresh: true, deadline })) !== undefined
    this.#rows.set(key, undefined)
    return existed
  }
}
