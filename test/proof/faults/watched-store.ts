import type {
  Create,
  DeleteByIndex,
  Entry,
  Keyed,
  List,
  Load,
  Page,
  Refused,
  Replace,
  Store,
  Touch,
  Written,
} from '../../../src/core/store/store.ts'
import type { Touch as TouchRecord } from '../checks/history.ts'

/**
 * A store that records the effect of touches on the expiry. With `foreignStyle` it prints payloads
 * in another JSON style than the library.
 */
export class WatchedStore implements Store {
  readonly capabilities: Store['capabilities']
  readonly touches: TouchRecord[] = []
  readonly #inner: Store
  readonly #absolute: number
  readonly #foreignStyle: boolean

  constructor(inner: Store, { absolute, foreignStyle }: { readonly absolute: number; readonly foreignStyle: boolean }) {
    this.#inner = inner
    this.#absolute = absolute
    this.#foreignStyle = foreignStyle
    this.capabilities = inner.capabilities
  }

  load(operation: Load): Promise<Entry | undefined> {
    return this.#inner.load(operation)
  }

  create({ key, entry }: Create): Promise<Written | Refused> {
    return this.#inner.create({ key, entry: this.#styled(entry) })
  }

  replace({ key, entry, expected, now }: Replace): Promise<Written | Refused> {
    return this.#inner.replace({ key, entry: this.#styled(entry), expected, now })
  }

  async touch({ key, expiresAt, expected, now }: Touch): Promise<boolean> {
    const before = await this.#inner.load({ key, now: -1 })
    const moved = await this.#inner.touch({ key, expiresAt, expected, now })
    const after = await this.#inner.load({ key, now: -1 })
    // A write happened in between, so the change of the expiry is not the touch's.
    if (before !== undefined && after !== undefined && before.version !== after.version) return moved
    const createdAt = after?.createdAt ?? 0
    this.touches.push({ key, now, before: before?.expiresAt, after: after?.expiresAt, absoluteEnd: createdAt + this.#absolute })
    return moved
  }

  delete(operation: Keyed): Promise<boolean> {
    return this.#inner.delete(operation)
  }

  async deleteByIndex(operation: DeleteByIndex): Promise<number> {
    return (await this.#inner.deleteByIndex?.(operation)) ?? 0
  }

  async list(operation: List): Promise<Page> {
    return (await this.#inner.list?.(operation)) ?? { entries: [] }
  }

  /** Every key of a session, including those of expired rows. */
  async keys(): Promise<string[]> {
    const keys: string[] = []
    let cursor: string | undefined
    do {
      const page = await this.list({ now: -1, cursor })
      keys.push(...page.entries.map(([key]) => key))
      cursor = page.cursor
    } while (cursor !== undefined)
    return keys.filter((key) => !key.startsWith('mark.'))
  }

  #styled(entry: Entry): Entry {
    return this.#foreignStyle ? { ...entry, payload: entry.payload.replaceAll('{"v":', '{ "v": ') } : entry
  }
}
