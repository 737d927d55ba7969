import { randomUUID } from 'node:crypto'
import { statSync } from 'node:fs'
import { link, open, readdir, rename, stat, unlink, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ConfigError, StoreError, type StoreOperation } from '../../core/base/errors.ts'
import type { RuleContext } from '../../core/config/profile.ts'
import type { Keyed, Load, Touch } from '../../core/store/store.ts'
import type { DjangoSigner } from '../../wire/django-signing.ts'
import { isDjangoKey } from '../format/django-ids.ts'
import { lifetimeAfterSave } from '../format/django-rules.ts'
import { openSession, signatureOf, UNREADABLE } from '../format/signed-session.ts'
import type { DjangoRow, DjangoRows, ListRows, ReplaceResult, ReplaceRow } from './django-rows.ts'
import { FileLock } from './file-lock.ts'

/** The folder of Django's session files, and how their expiry is computed. */
export interface DjangoFiles {
  /** Django's `SESSION_FILE_PATH`. */
  readonly directory: string
  /** The name of the cookie, with which Django begins the names of the files. */
  readonly cookieName: string
  readonly signer: DjangoSigner
  readonly context: RuleContext
}

/**
 * The files of Django's engine `file`: one for each session, named after the cookie and the key.
 * Node processes lock a file, so none of their writes is lost. Django takes no locks: when it
 * replaces or deletes a file while Node replaces it, Node's file remains.
 */
export class DjangoFileRows implements DjangoRows {
  readonly #files: DjangoFiles
  readonly #lock: FileLock

  /** Throws `ConfigError` when the directory does not exist. */
  constructor(files: DjangoFiles) {
    const { directory } = files
    if (statSync(directory, { throwIfNoEntry: false })?.isDirectory() !== true)
      throw new ConfigError(
        `djangoSessions: the option \`directory\` cannot be '${directory}': the folder does not exist. Give Django's SESSION_FILE_PATH.`,
      )
    this.#files = files
    this.#lock = new FileLock((key) => join(directory, `.sojourn-${key}.lock`))
  }

  async load({ key, now }: Load): Promise<DjangoRow | undefined> {
    const row = await toStoreError('load', () => this.#read(key))
    return row !== undefined && row.expiresAt > now ? row : undefined
  }

  insert(row: DjangoRow): Promise<boolean> {
    return this.#locked(row.key, 'create', async () => this.#link(await this.#writeTemporary(row, 'create'), row.key, 'create'))
  }

  replace(row: DjangoRow, { key, expected, now }: ReplaceRow): Promise<ReplaceResult> {
    return this.#locked(key, 'replace', async () => {
      if ((await this.#readCurrent(key, expected, now)) === undefined) return 'refused'
      const temporary = await this.#writeTemporary(row, 'replace')
      if (row.key === key) return rename(temporary, this.#pathOf(key)).then(() => 'written' as const)
      if (!(await this.#link(temporary, row.key, 'replace'))) return 'taken'
      return this.#removeOldKey(key, row.key)
    })
  }

  /**
   * Removes the file of the old key, as the last step of giving a session a new one. If Django has
   * deleted that file already, or it cannot be removed, the new file is removed too.
   */
  async #removeOldKey(from: string, to: string): Promise<ReplaceResult> {
    let removed = false
    try {
      removed = await this.#remove(from)
    } finally {
      if (!removed) await this.#remove(to)
    }
    return removed ? 'written' : 'refused'
  }

  touch({ key, expiresAt, expected, now }: Touch): Promise<boolean> {
    return this.#locked(key, 'touch', async () => {
      const row = await this.#readCurrent(key, expected, now)
      if (row === undefined || row.expiresAt > expiresAt) return false
      await this.#setExpiry(this.#pathOf(key), row.data, expiresAt)
      return true
    })
  }

  delete({ key }: Keyed): Promise<boolean> {
    return this.#locked(key, 'delete', () => this.#remove(key))
  }

  async list({ now, limit, after = '' }: ListRows): Promise<readonly DjangoRow[]> {
    const rows: DjangoRow[] = []
    for (const key of await toStoreError('list', () => this.#keys())) {
      const row = key > after ? await this.load({ key, now }) : undefined
      if (row !== undefined) rows.push(row)
      if (rows.length === limit) break
    }
    return rows
  }

  clearExpired(now: number, limit: number): Promise<number> {
    return toStoreError('clearExpired', async () => {
      let deleted = 0
      for (const key of await this.#keys()) {
        if (deleted === limit) break
        const clear = async (): Promise<boolean> => (await this.#isExpired(key, now)) && this.#remove(key)
        if ((await this.#isExpired(key, now)) && (await this.#locked(key, 'clearExpired', clear))) deleted++
      }
      return deleted
    })
  }

  countExpired(now: number): Promise<number> {
    return toStoreError('countExpired', async () => {
      let count = 0
      for (const key of await this.#keys()) if (await this.#isExpired(key, now)) count++
      return count
    })
  }

  async close(): Promise<void> {
    // No file stays open.
  }

  #locked<T>(key: string, operation: StoreOperation, work: () => Promise<T>): Promise<T> {
    return this.#lock.runExclusive(key, operation, () => toStoreError(operation, work))
  }

  #pathOf(key: string): string {
    return join(this.#files.directory, this.#files.cookieName + key)
  }

  async #keys(): Promise<string[]> {
    const { directory, cookieName } = this.#files
    const names = await readdir(directory)
    const keys = names.filter((name) => name.startsWith(cookieName)).map((name) => name.slice(cookieName.length))
    return keys.filter(isDjangoKey).sort()
  }

  async #read(key: string): Promise<DjangoRow | undefined> {
    const file = await open(this.#pathOf(key)).catch(ignoreMissing)
    // Without this check every session would count as absent while the folder is unavailable.
    if (file === undefined) await stat(this.#files.directory)
    if (file === undefined) return undefined
    try {
      const { mtimeMs } = await file.stat()
      const data = await file.readFile('latin1')
      // Django creates an empty file before it writes the session.
      return data === '' ? undefined : { key, data, expiresAt: this.#expiryOf(data, Math.round(mtimeMs)) }
    } finally {
      await file.close()
    }
  }

  /** Returns the row if it has this signature and is not expired. */
  async #readCurrent(key: string, signature: string, now: number): Promise<DjangoRow | undefined> {
    const row = await this.#read(key)
    return row !== undefined && row.expiresAt > now && signatureOf(row.data) === signature ? row : undefined
  }

  async #isExpired(key: string, now: number): Promise<boolean> {
    const row = await this.#read(key)
    return row !== undefined && row.expiresAt <= now
  }

  /**
   * Writes a temporary file, which no other process reads. A failure has no effect on any session.
   */
  async #writeTemporary({ data, expiresAt }: DjangoRow, operation: StoreOperation): Promise<string> {
    const path = join(this.#files.directory, `.sojourn-${randomUUID()}`)
    try {
      await writeFile(path, data, { encoding: 'latin1', mode: 0o600, flag: 'wx' })
      await this.#setExpiry(path, data, expiresAt)
      return path
    } catch (error) {
      await unlink(path).catch(ignoreMissing)
      throw notApplied(operation, error)
    }
  }

  /**
   * A file has no column for its expiry, which therefore follows from its time of modification and
   * from `_session_expiry`, by the rules of Django's table. Django itself ignores `_session_expiry`
   * in files.
   */
  #expiryOf(data: string, modifiedAt: number): number {
    const { signer, context } = this.#files
    const { texts, createdAt } = openSession(signer, data) ?? UNREADABLE
    return context.profile.expiryOf(texts, createdAt, modifiedAt, context)
  }

  #setExpiry(path: string, data: string, expiresAt: number): Promise<void> {
    const { signer, context } = this.#files
    const { texts } = openSession(signer, data) ?? UNREADABLE
    const modified = (expiresAt - lifetimeAfterSave(texts, context)) / 1000
    return utimes(path, modified, modified)
  }

  /** Gives a temporary file the name of a key. Returns `false` when another file has that name. */
  async #link(temporary: string, key: string, operation: StoreOperation): Promise<boolean> {
    try {
      await link(temporary, this.#pathOf(key))
      return true
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
      throw notApplied(operation, error)
    } finally {
      await unlink(temporary).catch(ignoreMissing)
    }
  }

  async #remove(key: string): Promise<boolean> {
    return (await unlink(this.#pathOf(key)).then(() => true, ignoreMissing)) === true
  }
}

function ignoreMissing(error: unknown): undefined {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
}

async function toStoreError<T>(operation: StoreOperation, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof StoreError) throw error
    // A call that the system refuses had no effect. Only after a disk error is the effect unknown.
    throw (error as NodeJS.ErrnoException).code === 'EIO' ? new StoreError(operation, error) : notApplied(operation, error)
  }
}

/**
 * Codes of the system for a directory that is missing or not accessible. A missing file is not an
 * error.
 */
const NO_ACCESS = ['ENOENT', 'ENOTDIR', 'EACCES', 'EPERM', 'EROFS']

function notApplied(operation: StoreOperation, error: unknown): StoreError {
  const remedy = NO_ACCESS.includes(String((error as NodeJS.ErrnoException).code))
    ? "Check that the option `directory` is Django's SESSION_FILE_PATH, and that the user of this process may read and write its files."
    : undefined
  return new StoreError(operation, error, { applied: false, remedy })
}
