import { ConfigError } from '../../core/base/errors.ts'
import { results, toPage } from '../../core/store/results.ts'
import type {
  Capabilities,
  ClearExpiredOptions,
  CountExpired,
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
  Written,
} from '../../core/store/store.ts'
import { deleteInBatches } from '../../stores/shared/delete-in-batches.ts'
import type { DjangoSigner } from '../../wire/django-signing.ts'
import { isDjangoKey } from '../format/django-ids.ts'
import { openSession, signatureOf, signSession, UNREADABLE } from '../format/signed-session.ts'
import { unreadableSession } from '../format/unreadable.ts'
import type { WarnOnce } from '../format/warn-once.ts'
import type { DjangoRow, DjangoRows, NewDjangoRow } from '../rows/django-rows.ts'
import { columnValues, type DjangoColumns } from './django-columns.ts'

/** What a `DjangoStore` works with. */
export interface DjangoStoreOptions {
  readonly rows: DjangoRows
  readonly signer: DjangoSigner
  readonly clock: () => number
  /** Called when a stored session cannot be read. */
  readonly warn: WarnOnce
  /** The columns of a custom session model, in the order in which `rows` writes them. */
  readonly columns?: DjangoColumns | undefined
}

/**
 * Stores sessions in Django's rows. The key is Django's `session_key`, so a new id is a new key.
 * The version of an entry is the signature of its row, which changes with every write of either
 * side. Django's table has no column for the user, so sessions cannot be found by user.
 */
export class DjangoStore implements Store {
  readonly capabilities: Capabilities = { compareAndSwap: true, list: true, indexes: [], carriesData: false, renames: true }
  readonly #options: DjangoStoreOptions
  readonly #rows: DjangoRows

  constructor(options: DjangoStoreOptions) {
    this.#options = options
    this.#rows = options.rows
  }

  async load(operation: Load): Promise<Entry | undefined> {
    const row = await this.#rows.load(operation)
    return row === undefined ? undefined : this.#entryOf(row)
  }

  async create({ key, entry, deadline }: Create): Promise<Written | Refused> {
    const row = this.#rowOf(key, entry)
    return (await this.#rows.insert(row, deadline)) ? written(row) : results.taken
  }

  async replace(operation: Replace): Promise<Written | Refused> {
    const { key, newKey = key, entry, now, deadline } = operation
    const row = this.#rowOf(newKey, entry)
    const result = await this.#rows.replace(row, operation)
    if (result === 'written') return written(row)
    if (result === 'taken') return results.taken
    const current = await this.load({ key, now, deadline })
    return current === undefined ? results.missing : results.stale(current)
  }

  touch(operation: Touch): Promise<boolean> {
    return this.#rows.touch(operation)
  }

  async delete(operation: Keyed): Promise<boolean> {
    if (!isDjangoKey(operation.key)) throw new ConfigError(NO_REVOKE)
    return this.#rows.delete(operation)
  }

  async list({ now, limit = 100, cursor, deadline }: List): Promise<Page> {
    const size = Math.max(1, limit)
    const rows = await this.#rows.list({ now, limit: size + 1, after: cursor, deadline })
    const found = rows.map((row) => [row.key, this.#entryOf(row)] as const)
    return toPage(found, size)
  }

  clearExpired({ now, ...options }: ClearExpiredOptions): AsyncGenerator<Progress, void, undefined> {
    return deleteInBatches(options, (size, deadline) => this.#rows.clearExpired(now, size, deadline))
  }

  countExpired({ now }: CountExpired): Promise<number> {
    return this.#rows.countExpired(now)
  }

  close(): Promise<void> {
    return this.#rows.close()
  }

  #rowOf(key: string, entry: Entry): NewDjangoRow {
    const { signer, clock, columns } = this.#options
    const row = { key, expiresAt: entry.expiresAt, data: signSession(signer, clock(), entry.payload, entry) }
    return columns === undefined ? row : { ...row, columns: columnValues(columns, entry.payload) }
  }

  #entryOf({ key, data, expiresAt }: DjangoRow): Entry {
    const { signer, warn } = this.#options
    const session = openSession(signer, data)
    if (session === undefined) warn(unreadableSession(signer, data))
    const { payload, commits, idAt, createdAt, seenAt } = session ?? UNREADABLE
    return { payload, proof: key, idAt, version: signatureOf(data), commits, createdAt, seenAt, expiresAt }
  }
}

const NO_REVOKE =
  "sessions.revoke: Django's table cannot be searched by handle. Load the session with `sessions.load(key)`, where `key` is Django's `session_key`, then call flush() and save()."

function written({ data }: DjangoRow): Written {
  return { ok: true, version: signatureOf(data) }
}
