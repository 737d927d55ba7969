import type {
  Capabilities,
  ClearExpiredOptions,
  Create,
  Entry,
  Keyed,
  List,
  Load,
  Page,
  Progress,
  Refused,
  Replace,
  Store,
  Touch,
  Version,
  Written,
} from '../core/store/store.ts'

/** Fields of an entry that a store may not keep. */
export type Forgettable = 'proof' | 'seenAt' | 'userId'

/** How the suite's entries look where others have a say in the rows. */
export interface SuiteForm {
  /** The key of a text. Different texts have different keys. */
  key(text: string): string
  /** The payload that holds a text. */
  payload(text: string): string
  /** The text in a payload. */
  textIn(payload: string): string
  /** What the store does not keep, and what is not compared for that reason. */
  readonly forgets: readonly Forgettable[]
}

type Kept = Partial<Pick<Entry, Forgettable>>

/**
 * A store as the clauses see it: by the keys, payloads and versions that they gave. What it forgets is remembered for it, so that all the
 * rest can be compared.
 */
export class SuiteStore implements Store {
  readonly list?: (query: List) => Promise<Page>
  readonly clearExpired?: (options: ClearExpiredOptions) => AsyncIterable<Progress>
  readonly countExpired?: NonNullable<Store['countExpired']>
  readonly #store: Store
  readonly #form: SuiteForm
  readonly #texts = new Map<string, string>()
  readonly #names = new Map<Version, Version>()
  readonly #kept = new Map<string, Kept>()

  constructor(store: Store, form: SuiteForm) {
    this.#store = store
    this.#form = form
    if (store.list !== undefined) this.list = (query) => this.#list(query)
    if (store.countExpired !== undefined) this.countExpired = store.countExpired.bind(store)
    if (store.clearExpired !== undefined) this.clearExpired = store.clearExpired.bind(store)
  }

  get capabilities(): Capabilities {
    return this.#store.capabilities
  }

  async load(operation: Load): Promise<Entry | undefined> {
    const text = operation.key
    const entry = await this.#store.load({ ...operation, key: this.#key(text) })
    return entry === undefined ? undefined : this.#seen(text, entry)
  }

  async create({ key: text, entry }: Create): Promise<Written | Refused> {
    return this.#noted(text, entry, await this.#store.create({ key: this.#key(text), entry: this.#given(entry) }))
  }

  async replace({ key: text, newKey, entry, expected, now }: Replace): Promise<Written | Refused> {
    const written = await this.#store.replace({
      key: this.#key(text),
      newKey: newKey === undefined ? undefined : this.#key(newKey),
      entry: this.#given(entry),
      expected: this.#own(expected),
      now,
    })
    return this.#noted(written.ok ? (newKey ?? text) : text, entry, written)
  }

  async touch({ key: text, expiresAt, expected, now }: Touch): Promise<boolean> {
    const touched = await this.#store.touch({ key: this.#key(text), expiresAt, expected: this.#own(expected), now })
    if (touched) this.#kept.set(text, { ...this.#kept.get(text), seenAt: now })
    return touched
  }

  delete({ key: text }: Keyed): Promise<boolean> {
    return this.#store.delete({ key: this.#key(text) })
  }

  async close(): Promise<void> {
    await this.#store.close?.()
  }

  async #list({ cursor, ...query }: List): Promise<Page> {
    const page = await this.#store.list?.({ ...query, cursor: cursor === undefined ? undefined : this.#key(cursor) })
    const entries = (page?.entries ?? []).map(([key, entry]): [string, Entry] => {
      const text = this.#texts.get(key) ?? key
      return [text, this.#seen(text, entry)]
    })
    return page?.cursor === undefined ? { entries } : { entries, cursor: this.#texts.get(page.cursor) ?? page.cursor }
  }

  #key(text: string): string {
    const key = this.#form.key(text)
    this.#texts.set(key, text)
    return key
  }

  #given(entry: Entry): Entry {
    return { ...entry, payload: this.#form.payload(entry.payload) }
  }

  /** The store's own name for a version that a clause has named. */
  #own(version: Version): Version {
    return [...this.#names].find(([, name]) => name === version)?.[0] ?? version
  }

  #noted(text: string, entry: Entry, outcome: Written | Refused): Written | Refused {
    if (!outcome.ok) return outcome.reason === 'stale' ? { ...outcome, current: this.#seen(text, outcome.current) } : outcome
    const { version, ...written } = outcome
    if (version !== undefined) this.#names.set(version, entry.version)
    const { proof, seenAt, userId } = entry
    this.#kept.set(text, { proof, seenAt, ...(userId === undefined ? {} : { userId }) })
    return written
  }

  #seen(text: string, entry: Entry): Entry {
    const kept = this.#kept.get(text)
    const forgotten = Object.fromEntries(this.#form.forgets.map((field) => [field, kept?.[field]]))
    const version = this.#names.get(entry.version) ?? entry.version
    return { ...entry, ...forgotten, version, payload: this.#form.textIn(entry.payload) }
  }
}
