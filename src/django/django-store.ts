import { djangoCodec } from '../codecs/django.ts'
import { ConfigError } from '../core/errors.ts'
import type {
  Capabilities,
  ClearExpiredOptions,
  Entry,
  ListQuery,
  Page,
  Patience,
  Progress,
  Refused,
  Served,
  Service,
  Store,
  Version,
  Written,
} from '../core/store.ts'
import { answer } from '../stores/answer.ts'
import { inBatches } from '../stores/in-batches.ts'
import { pageFrom } from '../stores/page-from.ts'
import { type DjangoSigner, SIGNATURE_LENGTH } from '../wire/django-signing.ts'
import { NEVER_BORN, takeNote, withNote } from './commit-note.ts'
import { djangoIds, isDjangoKey } from './django-ids.ts'
import type { DjangoRow, DjangoRows } from './django-rows.ts'

/**
 * Sessions in Django's rows. Keys are Django's own, a new id is another key. The version of an entry is the signature of the row: it changes
 * with whatever is written, by whichever side. Whose a session is stands in no column.
 */
export class DjangoStore implements Store {
  readonly capabilities: Capabilities = { compareAndSwap: true, list: true, users: false, carriesData: false, renames: true }
  readonly #rows: DjangoRows
  readonly #signer: DjangoSigner
  readonly #clock: () => number

  constructor(rows: DjangoRows, signer: DjangoSigner, clock: () => number) {
    this.#rows = rows
    this.#signer = signer
    this.#clock = clock
  }

  serve({ draw }: Service): Served {
    return { store: this, ids: djangoIds(draw) }
  }

  async load(key: string, now: number, options?: Patience): Promise<Entry | undefined> {
    const row = await this.#rows.load(key, now, options?.until)
    return row === undefined ? undefined : this.#entryOf(row)
  }

  async create(key: string, entry: Entry, patience?: Patience): Promise<Written | Refused> {
    const row = this.#rowOf(key, entry)
    return (await this.#rows.insert(row, patience?.until)) ? written(row) : answer.taken
  }

  replace(key: string, entry: Entry, expected: Version, now: number, patience?: Patience): Promise<Written | Refused> {
    return this.rename([key, key], entry, expected, now, patience)
  }

  async rename(
    [from, to]: readonly [string, string],
    entry: Entry,
    expected: Version,
    now: number,
    patience?: Patience,
  ): Promise<Written | Refused> {
    const row = this.#rowOf(to, entry)
    const outcome = await this.#rows.replace(from, row, expected, now, patience?.until)
    if (outcome === 'written') return written(row)
    if (outcome === 'taken') return answer.taken
    const current = await this.load(from, now, patience)
    return current === undefined ? answer.missing : answer.stale(current)
  }

  touch(key: string, expiresAt: number, expected: Version, now: number, patience?: Patience): Promise<boolean> {
    return this.#rows.touch(key, expiresAt, expected, now, patience?.until)
  }

  async delete(key: string, patience?: Patience): Promise<boolean> {
    if (!isDjangoKey(key)) throw new ConfigError(NO_HANDLE)
    return this.#rows.delete(key, patience?.until)
  }

  async list({ now, limit = 100, cursor, until }: ListQuery): Promise<Page> {
    const most = Math.max(1, limit)
    const rows = await this.#rows.list(now, most + 1, cursor, until)
    const found = rows.map((row) => [row.key, this.#entryOf(row)] as const)
    return pageFrom(found, most)
  }

  clearExpired({ now, ...rest }: ClearExpiredOptions): AsyncGenerator<Progress, void, undefined> {
    return inBatches(rest, (most, until) => this.#rows.clearExpired(now, most, until))
  }

  countExpired(now: number): Promise<number> {
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
    const signed = this.#signer.open(data)
    const taken = signed === undefined ? undefined : takeNote(djangoCodec, signed.text)
    return {
      payload: taken?.payload ?? '',
      proof: key,
      idAt: taken?.note.idAt ?? 0,
      version: versionOf(data),
      commits: taken?.note.commits ?? '',
      createdAt: taken?.note.createdAt ?? NEVER_BORN,
      seenAt: (signed?.at ?? 0) * 1000,
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
