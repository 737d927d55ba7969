import { randomUUID } from 'node:crypto'
import { statSync } from 'node:fs'
import { link, open, readdir, rename, stat, unlink, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ConfigError, StoreError, type StoreOperation } from '../../core/base/errors.ts'
import { SIGNATURE_LENGTH } from '../../wire/django-signing.ts'
import type { DjangoRow, DjangoRows } from './django-rows.ts'
import type { FileLife } from './file-expiry.ts'
import { FileLock } from './file-lock.ts'

const KEY = /^[a-z0-9]{8,40}$/

/**
 * The files of Django's engine `file`: one for each session, named after the cookie and the key. Ours lock each other out, so that none of ours
 * is lost. Django locks nobody out: a file that it replaces or deletes at the very moment we replace it is ours afterwards.
 */
export class DjangoFileRows implements DjangoRows {
  readonly #directory: string
  readonly #prefix: string
  readonly #life: FileLife
  readonly #lock: FileLock

  /** Throws `ConfigError` when there is no such directory. */
  constructor(directory: string, cookieName: string, life: FileLife) {
    if (statSync(directory, { throwIfNoEntry: false })?.isDirectory() !== true)
      throw new ConfigError(`Option \`directory\` is '${directory}': there is no such folder; give Django's SESSION_FILE_PATH.`)
    this.#directory = directory
    this.#prefix = cookieName
    this.#life = life
    this.#lock = new FileLock((key) => join(directory, `.sojourn-${key}.lock`))
  }

  async load(key: string, now: number): Promise<DjangoRow | undefined> {
    const row = await told('load', () => this.#read(key))
    return row !== undefined && row.expiresAt > now ? row : undefined
  }

  insert(row: DjangoRow): Promise<boolean> {
    return this.#lock.during(row.key, 'create', async () => this.#linked(await this.#prepared('create', row), row.key, 'create'))
  }

  replace(key: string, row: DjangoRow, signature: string, now: number): Promise<'written' | 'refused' | 'taken'> {
    return this.#lock.during(key, 'replace', async () => {
      if (!(await this.#stands(key, signature, now, 'replace'))) return 'refused'
      const prepared = await this.#prepared('replace', row)
      if (row.key === key) return told('replace', () => rename(prepared, this.#pathOf(key)).then(() => 'written' as const))
      if (!(await this.#linked(prepared, row.key, 'replace'))) return 'taken'
      return this.#moved(key, row.key)
    })
  }

  /** The last step of a new key: the old one goes. Where Django has deleted that meanwhile, or it cannot go, there is no new one either. */
  async #moved(from: string, to: string): Promise<'written' | 'refused'> {
    let gone = false
    try {
      gone = await this.#removed(from, 'replace')
    } finally {
      if (!gone) await this.#removed(to, 'replace')
    }
    return gone ? 'written' : 'refused'
  }

  touch(key: string, expiresAt: number, signature: string, now: number): Promise<boolean> {
    return this.#lock.during(key, 'touch', async () => {
      const row = await told('touch', () => this.#read(key))
      const stands = row !== undefined && endsWith(row, signature) && row.expiresAt > now && row.expiresAt <= expiresAt
      if (stands) await told('touch', () => this.#setExpiry(this.#pathOf(key), row.data, expiresAt))
      return stands
    })
  }

  delete(key: string): Promise<boolean> {
    return this.#lock.during(key, 'delete', () => this.#removed(key, 'delete'))
  }

  async list(now: number, limit: number, after = ''): Promise<readonly DjangoRow[]> {
    const rows: DjangoRow[] = []
    for (const key of await this.#keys('list')) {
      const row = key > after ? await this.load(key, now) : undefined
      if (row !== undefined) rows.push(row)
      if (rows.length === limit) break
    }
    return rows
  }

  async clearExpired(now: number, most: number): Promise<number> {
    let deleted = 0
    for (const key of await this.#keys('clearExpired')) {
      if (deleted === most) break
      const isExpired = (): Promise<boolean> => this.#isExpired(key, now, 'clearExpired')
      const clear = async (): Promise<boolean> => (await isExpired()) && (await this.#removed(key, 'clearExpired'))
      if ((await isExpired()) && (await this.#lock.during(key, 'clearExpired', clear))) deleted++
    }
    return deleted
  }

  async countExpired(now: number): Promise<number> {
    let count = 0
    for (const key of await this.#keys('countExpired')) if (await this.#isExpired(key, now, 'countExpired')) count++
    return count
  }

  async close(): Promise<void> {
    // Nothing stays open.
  }

  async #isExpired(key: string, now: number, operation: StoreOperation): Promise<boolean> {
    const row = await told(operation, () => this.#read(key))
    return row !== undefined && row.expiresAt <= now
  }

  #pathOf(key: string): string {
    return join(this.#directory, this.#prefix + key)
  }

  async #keys(operation: StoreOperation): Promise<string[]> {
    const names = await told(operation, () => readdir(this.#directory))
    const keys = names.filter((name) => name.startsWith(this.#prefix)).map((name) => name.slice(this.#prefix.length))
    return keys.filter((key) => KEY.test(key)).sort()
  }

  /** An empty file is the place that Django keeps for one. */
  async #read(key: string): Promise<DjangoRow | undefined> {
    const file = await open(this.#pathOf(key)).catch(absent)
    if (file === undefined) await stat(this.#directory) // or nobody would have a session while the folder is away
    if (file === undefined) return undefined
    try {
      const { mtimeMs } = await file.stat()
      const data = await file.readFile('latin1')
      return data === '' ? undefined : { key, data, expiresAt: this.#life.expiresAt(data, Math.round(mtimeMs)) }
    } finally {
      await file.close()
    }
  }

  async #stands(key: string, signature: string, now: number, operation: StoreOperation): Promise<boolean> {
    const row = await told(operation, () => this.#read(key))
    return row !== undefined && row.expiresAt > now && endsWith(row, signature)
  }

  /** A file that nobody knows yet. Whatever goes wrong with it has no effect. */
  async #prepared(operation: StoreOperation, { data, expiresAt }: DjangoRow): Promise<string> {
    const path = join(this.#directory, `.sojourn-${randomUUID()}`)
    try {
      await writeFile(path, data, { encoding: 'latin1', mode: 0o600, flag: 'wx' })
      await this.#setExpiry(path, data, expiresAt)
      return path
    } catch (error) {
      await unlink(path).catch(absent)
      throw new StoreError(operation, error, { applied: false })
    }
  }

  #setExpiry(path: string, data: string, expiresAt: number): Promise<void> {
    const modified = this.#life.modifiedAt(data, expiresAt) / 1000
    return utimes(path, modified, modified)
  }

  /** Gives a prepared file its name, unless another has it. */
  async #linked(prepared: string, key: string, operation: StoreOperation): Promise<boolean> {
    try {
      await link(prepared, this.#pathOf(key))
      return true
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
      throw new StoreError(operation, error, { applied: false })
    } finally {
      await unlink(prepared).catch(absent)
    }
  }

  #removed(key: string, operation: StoreOperation): Promise<boolean> {
    return told(operation, async () => {
      const gone = await unlink(this.#pathOf(key)).then(() => true, absent)
      return gone === true
    })
  }
}

function endsWith({ data }: DjangoRow, signature: string): boolean {
  return data.slice(-SIGNATURE_LENGTH) === signature
}

function absent(error: unknown): undefined {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
}

async function told<T>(operation: StoreOperation, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    // What the system refuses it has not done; only of a disk that fails nobody knows.
    throw new StoreError(operation, error, (error as NodeJS.ErrnoException).code === 'EIO' ? {} : { applied: false })
  }
}
