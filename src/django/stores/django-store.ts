import { djangoCodec } from '../../codecs/django.ts'
import { ConfigError } from '../../core/base/errors.ts'
import type {
  AttachedStore,
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
  StoreContext,
  Touch,
  Version,
  Written,
} from '../../core/store/store.ts'
import { deleteInBatches } from '../../stores/shared/delete-in-batches.ts'
import { pageFrom } from '../../stores/shared/page.ts'
import { answer } from '../../stores/shared/results.ts'
import { type DjangoSigner, SIGNATURE_LENGTH } from '../../wire/django-signing.ts'
import type { DjangoRow, DjangoRows } from '../rows/django-rows.ts'
import { djangoIds, isDjangoKey } from '../sessions/django-ids.ts'
import { NEVER_BORN, takeNote, withNote } from './session-metadata.ts'

/**
 * Sessions in Django's rows. Keys are Django's own, a new id is another key. The version of an entry is the signature of the row: it changes
 * with whatever is written, by whichever side. Whose a session is stands in no column.
 */
export class DjangoStore implements Store {
  readonly capabilities: Capabilities = { compareAndSwap: true, list: true, indexes: [], carriesData: false, renames: true }
  readonly #rows: DjangoRows
  readonly #signer: DjangoSigner
  readonly #clock: () => number

  constructor(rows: DjangoRows, signer: DjangoSigner, clock: () => number) {
    this.#rows = rows
    this.#signer = signer
    this.#clock = clock
  }

  attach({ randomText }: StoreContext): AttachedStore {
    return { store: this, ids: djangoIds(randomText) }
  }

  async load({ key, now, deadline }: Load): Promise<Entry | undefined> {
    const row = await this.#rows.load(key, now, deadline)
    return row === undefined ? undefined : this.#entryOf(row)
  }

  async create({ key, entry, deadline }: Create): Promise<Written | Refused> {
    const row = this.#rowOf(key, entry)
    return (await this.#rows.insert(row, deadline)) ? written(row) : answer.taken
  }

  async replace({ key, newKey = key, entry, expected, now, deadline }: Replace): Promise<Written | Refused> {
    const row = this.#rowOf(newKey, entry)
    const outcome = await this.#rows.replace(key, row, expected, now, deadline)
    if (outcome === 'written') return written(row)
    if (outcome === 'taken') return answer.taken
    const current = await this.load({ key, now, deadline })
    return current === undefined ? answer.missing : answer.stale(current)
  }

  touch({ key, expiresAt, expected, now, deadline }: Touch): Promise<boolean> {
    return this.#rows.touch(key, expiresAt, expected, now, deadline)
  }

  async delete({ key, deadline }: Keyed): Promise<boolean> {
    if (!isDjangoKey(key)) throw new ConfigError(NO_HANDLE)
    return this.#rows.delete(key, deadline)
  }

  async list({ now, limit = 100, cursor, deadline }: List): Promise<Page> {
    const most = Math.max(1, limit)
    const rows = await this.#rows.list(now, most + 1, cursor, deadline)
    const found = rows.map((row) => [row.key, this.#entryOf(row)] as const)
    return pageFrom(found, most)
  }

  clearExpired({ now, ...rest }: ClearExpiredOptions): AsyncGenerator<Progress, void, undefined> {
    return deleteInBatches(rest, (most, deadline) => this.#rows.clearExpired(now, most, deadline))
  }

  countExpired({ now }: CountExpired): Promise<number> {
    return this.#rows.countExpired(now)
  }

  close(): Promise<void> {
    return this.#rows.close()
  }

  #rowOf(key: string, { payload, commits, idAt, createdAt, expiresAt }: Entry): DjangoRow {
    const note = { commits, idAt, createdAt: createdAt === NEVER_BORN ? undefined : createdAt }
    return { key, expiresAt, data: this.#signer.sign(withNote(djangoCodec, payload, note), Math.floor(this.#clock() / 1000)) }
  }

  /** A row that is not signed by a key of ours, or holds no object, has an empty payload: that is unreadable, and stays as it is. */
  #entryOf({ key, data, expiresAt }: DjangoRow): Entry {
    const signed = this.#signer.unsign(data)
    const taken = signed === undefined ? undefined : takeNote(djangoCodec, signed.text)
    return {
      payload: taken?.payload ?? '',
      proof: key,
      idAt: taken?.note.idAt ?? 0,
      version: versionOf(data),
      commits: taken?.note.commits ?? '',
      createdAt: taken?.note.createdAt ?? NEVER_BORN,
      seenAt: (signed?.timestamp ?? 0) * 1000,
      expiresAt,
    }
  }
}

const NO_HANDLE =
  "In Django's table a handle does not lead to its session: flush() and save() the session of `sessions.load(key)`, where `key` is Django's `session_key`."

function versionOf(data: string): Version {
  return data.slice(-SIGNATURE_LENGTH)
}

function written({ data }: DjangoRow): Written {
  return { ok: true, version: versionOf(data) }
}
