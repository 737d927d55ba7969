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

/** The fields of an entry that a store may omit. */
export type OptionalField = 'proof' | 'seenAt' | 'userId'

/**
 * The format of the suite's keys and payloads in a store that requires one, such as a table of
 * another framework.
 */
export interface SuiteFormat {
  /** Returns the key for a text. Different texts have different keys. */
  key(text: string): string
  /** Returns a payload that contains a text. */
  payload(text: string): string
  /** Returns the text in a payload. */
  textOf(payload: string): string
  /** The fields that the store omits, and that are therefore not compared. */
  readonly omits: readonly OptionalField[]
}

/**
 * A store with the keys, payloads and versions of the clauses. It adds the fields that the real
 * store omits, so that entries can be compared as a whole.
 */
export class SuiteStore implements Store {
  readonly list?: (query: List) => Promise<Page>
  readonly clearExpired?: (options: ClearExpiredOptions) => AsyncIterable<Progress>
  readonly countExpired?: NonNullable<Store['countExpired']>
  readonly #store: Store
  readonly #format: SuiteFormat
  readonly #texts = new Map<string, string>()
  readonly #versions = new Map<Version, Version>()
  /** The last written entry of each key, for the fields that the store omits. */
  readonly #written = new Map<string, Entry>()

  constructor(store: Store, format: SuiteFormat) {
    this.#store = store
    this.#format = format
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
    return entry === undefined ? undefined : this.#toSuiteEntry(text, entry)
  }

  async create({ key: text, entry }: Create): Promise<Written | Refused> {
    return this.#remember(text, entry, await this.#store.create({ key: this.#key(text), entry: this.#toStoreEntry(entry) }))
  }

  async replace({ key: text, newKey, entry, expected, now }: Replace): Promise<Written | Refused> {
    const written = await this.#store.replace({
      key: this.#key(text),
      newKey: newKey === undefined ? undefined : this.#key(newKey),
      entry: this.#toStoreEntry(entry),
      expected: this.#storeVersion(expected),
      now,
    })
    return this.#remember(written.ok ? (newKey ?? text) : text, entry, written)
  }

  async touch({ key: text, expiresAt, expected, now }: Touch): Promise<boolean> {
    const touched = await this.#store.touch({ key: this.#key(text), expiresAt, expected: this.#storeVersion(expected), now })
    // The response can arrive after that of a later replace, whose `seenAt` this touch did not
    // change.
    const last = this.#written.get(text)
    if (touched && last?.version === expected) this.#written.set(text, { ...last, seenAt: now })
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
      return [text, this.#toSuiteEntry(text, entry)]
    })
    return page?.cursor === undefined ? { entries } : { entries, cursor: this.#texts.get(page.cursor) ?? page.cursor }
  }

  #key(text: string): string {
    const key = this.#format.key(text)
    this.#texts.set(key, text)
    return key
  }

  #toStoreEntry(entry: Entry): Entry {
    return { ...entry, payload: this.#format.payload(entry.payload) }
  }

  /** Returns the version of the store for a version of a clause. */
  #storeVersion(version: Version): Version {
    return [...this.#versions].find(([, suiteVersion]) => suiteVersion === version)?.[0] ?? version
  }

  #remember(text: string, entry: Entry, outcome: Written | Refused): Written | Refused {
    if (!outcome.ok) return outcome.reason === 'stale' ? { ...outcome, current: this.#toSuiteEntry(text, outcome.current) } : outcome
    const { version, ...written } = outcome
    if (version !== undefined) this.#versions.set(version, entry.version)
    this.#written.set(text, { ...entry })
    return written
  }

  #toSuiteEntry(text: string, entry: Entry): Entry {
    const last = this.#written.get(text)
    const fields = Object.fromEntries(this.#format.omits.map((field) => [field, last?.[field]]))
    const version = this.#versions.get(entry.version) ?? entry.version
    return { ...entry, ...fields, version, payload: this.#format.textOf(entry.payload) }
  }
}
