import { checkOptions, type OptionTable, satisfies } from '../core/base/option-checks.ts'
import { retainStore } from '../core/store/retain-store.ts'
import type {
  Capabilities,
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
} from '../core/store/store.ts'
import { RowSealer } from './sealed/row-sealer.ts'
import { forwardedMethods } from './shared/forwarded-methods.ts'
import { checkedSecrets } from './shared/secrets.ts'

/** Options of `SealedStore`. */
export interface SealedStoreOptions {
  /** The store that keeps the rows. A `CachedStore` inside keeps sealed rows in its cache too. */
  readonly store: Store
  /**
   * One secret or several, each of at least 32 random characters: `openssl rand -base64 32`. The
   * first one seals and all of them open, so a new secret goes first. An old one may go after the
   * option `absolute` of the manager has passed.
   */
  readonly secrets: string | readonly string[]
}

/**
 * Encrypts and authenticates the rows of another store (AES-256-GCM). A thief of the table reads
 * neither properties nor user ids, and a forger with write access cannot make a row that opens:
 * each is bound to its key, id, user and start. The forger can delete rows, put back a whole old
 * row, and extend the idle time up to the absolute end.
 *
 * A row that does not open is unreadable: the request is anonymous (event `absent`, reason
 * `unreadable`), and the row stays.
 *
 * ```ts
 * import { PostgresStore } from 'sojourn/stores/postgres'
 * import { SealedStore } from 'sojourn/stores/sealed'
 * declare const pool: import('sojourn/stores/postgres').PgPool
 *
 * const store = new SealedStore({ store: new PostgresStore({ pool }), secrets: process.env['SESSION_SECRET'] ?? '' })
 * ```
 *
 * @throws ConfigError when an option is invalid.
 */
export class SealedStore implements Store {
  readonly capabilities: Capabilities
  /** Deletes every session of the user. */
  readonly deleteByIndex?: NonNullable<Store['deleteByIndex']>
  /** Lists sessions. */
  readonly list?: NonNullable<Store['list']>
  /** As the store inside. */
  readonly clearExpired?: NonNullable<Store['clearExpired']>
  /** As the store inside. */
  readonly countExpired?: NonNullable<Store['countExpired']>
  /** As the store inside. */
  readonly migrate?: NonNullable<Store['migrate']>
  /** As the store inside. */
  readonly describe?: NonNullable<Store['describe']>
  readonly #store: Store
  readonly #sealer: RowSealer
  readonly #release: () => Promise<void>

  constructor(options: SealedStoreOptions) {
    const { store, secrets } = checkOptions(options, OPTIONS)
    this.#store = store
    this.#sealer = new RowSealer(checkedSecrets('SealedStore', secrets))
    this.#release = retainStore(store)
    this.capabilities = store.capabilities
    if (store.list !== undefined) this.list = (operation) => this.#list(operation)
    if (store.deleteByIndex !== undefined) this.deleteByIndex = (operation) => this.#deleteByIndex(operation)
    Object.assign(this, forwardedMethods(store, ['clearExpired', 'countExpired', 'migrate', 'describe']))
  }

  async load(operation: Load): Promise<Entry | undefined> {
    const entry = await this.#store.load(operation)
    return entry === undefined ? undefined : this.#sealer.unseal(operation.key, entry)
  }

  create(operation: Create): Promise<Written | Refused> {
    const { key, entry } = operation
    return this.#store.create({ ...operation, entry: this.#sealer.seal(key, entry) })
  }

  async replace(operation: Replace): Promise<Written | Refused> {
    const { key, entry } = operation
    const result = await this.#store.replace({ ...operation, entry: this.#sealer.seal(key, entry) })
    if (result.ok || result.reason !== 'stale') return result
    return { ...result, current: this.#sealer.unseal(key, result.current) }
  }

  touch(operation: Touch): Promise<boolean> {
    return this.#store.touch(operation)
  }

  delete(operation: Keyed): Promise<boolean> {
    return this.#store.delete(operation)
  }

  /** Releases the store inside. */
  close(): Promise<void> {
    return this.#release()
  }

  async #deleteByIndex(operation: DeleteByIndex): Promise<number> {
    let deleted = 0
    for (const name of this.#sealer.indexTexts(operation.name)) deleted += (await this.#store.deleteByIndex?.({ ...operation, name })) ?? 0
    return deleted
  }

  /** Searches one index text after another. A cursor begins with the number of the text. */
  async #list(operation: List): Promise<Page> {
    const { name, cursor = '0:' } = operation
    if (name === undefined) return this.#page(operation)
    const texts = this.#sealer.indexTexts(name)
    const at = cursor.indexOf(':')
    const number = Number(cursor.slice(0, at))
    const inner = cursor.slice(at + 1)
    const page = await this.#page({ ...operation, name: texts[number], cursor: inner === '' ? undefined : inner })
    if (page.cursor !== undefined) return { ...page, cursor: `${number}:${page.cursor}` }
    return number + 1 < texts.length ? { ...page, cursor: `${number + 1}:` } : page
  }

  async #page(operation: List): Promise<Page> {
    const page = (await this.#store.list?.(operation)) ?? { entries: [] }
    return { ...page, entries: page.entries.map(([key, entry]) => [key, this.#sealer.unseal(key, entry)] as const) }
  }
}

const OPTIONS: OptionTable = {
  owner: 'SealedStore',
  required: ['store'],
  checks: {
    store: satisfies(
      isSealable,
      'pass a store that keeps rows under constant keys, such as `new PostgresStore(…)`; Django has to read its table',
    ),
    secrets: () => undefined, // checked afterwards, because no message may show any part of a secret
  },
}

function isSealable(value: unknown): boolean {
  const { capabilities, attach, load } = (value ?? {}) as Partial<Store>
  return typeof load === 'function' && attach === undefined && capabilities?.compareAndSwap === true && capabilities.renames !== true
}
