import { type Engine, monotonic, pause } from './engine.ts'
import { CommitUnknownError, StoreError } from './errors.ts'
import { type Identity, newIdentity, text } from './id.ts'
import { unknown } from './job.ts'
import type { Merged } from './merge.ts'
import { newEntry } from './new-entry.ts'
import type { Entry, Version } from './store.ts'
import { marked } from './write-marks.ts'

/** What became of a write. `entry` is the newest that is known to be in the store. */
export type Fate =
  | { readonly kind: 'written'; readonly entry: Entry; readonly token?: string }
  | { readonly kind: 'stale'; readonly current: Entry }
  | { readonly kind: 'missing' }
  /** Surely not written. */
  | { readonly kind: 'failed'; readonly error: StoreError }
  | { readonly kind: 'unknown'; readonly error: CommitUnknownError }

const NONCE_BYTES = 9
/** How often an operation that surely failed is tried again. */
const RETRIES = 2

/**
 * Carries one write to the store and does not come back before its fate is known or its time is up: a write whose answer was lost is
 * looked for by its nonce, and repeated under the same nonce while it is not there.
 */
export class Writer {
  readonly #engine: Engine

  constructor(engine: Engine) {
    this.#engine = engine
  }

  newNonce(): Version {
    return text(this.#engine.random, NONCE_BYTES)
  }

  /** One compare-and-swap of `before` by `entry`, whose version is the nonce. */
  async replace(key: string, entry: Entry, before: Entry, until: number): Promise<Fate> {
    let inDoubt: StoreError | undefined
    for (let tries = 0; ; tries++) {
      try {
        const answer = await this.#engine.store.replace(key, entry, before.version, this.#engine.now())
        if (answer.ok) return { ...answer, kind: 'written', entry }
        if (answer.reason === 'stale') return this.#recognised(answer.current, entry, inDoubt)
        return inDoubt === undefined ? { kind: 'missing' } : lost(inDoubt)
      } catch (error) {
        const failure = asStoreError(error)
        if (failure.applied === undefined) inDoubt = failure
        if (inDoubt === undefined) {
          if (tries >= RETRIES || monotonic() > until) return { kind: 'failed', error: failure }
        } else {
          const found = await this.#look(key, until)
          if (found === undefined || found === 'unreadable') return lost(inDoubt)
          if (found.version !== before.version) return this.#recognised(found, entry, inDoubt)
          if (monotonic() > until) return lost(inDoubt)
        }
        await pause(tries)
      }
    }
  }

  /** A new row under an id that is drawn here. Throws `StoreError` when it surely failed, `CommitUnknownError` when nobody can tell. */
  async create(merged: Merged, until: number): Promise<{ readonly entry: Entry; readonly identity: Identity; readonly token?: string }> {
    const nonce = this.newNonce()
    let identity = newIdentity(this.#engine.random)
    let inDoubt: StoreError | undefined
    for (let tries = 0; ; tries++) {
      const entry = newEntry(this.#engine, merged, identity, nonce)
      try {
        const answer = await this.#engine.store.create(identity.key, entry)
        if (answer.ok) return { ...answer, entry, identity }
        const found = await this.#look(identity.key, until)
        if (typeof found === 'object' && this.#isOwn(found, nonce)) return { entry: found, identity }
        if (inDoubt !== undefined) throw unknown(inDoubt)
        identity = newIdentity(this.#engine.random)
      } catch (error) {
        if (error instanceof CommitUnknownError) throw error
        const failure = asStoreError(error)
        if (failure.applied === undefined) inDoubt = failure
        if (inDoubt === undefined) {
          if (tries >= RETRIES || monotonic() > until) throw failure
        } else {
          const found = await this.#look(identity.key, until)
          if (typeof found === 'object' && this.#isOwn(found, nonce)) return { entry: found, identity }
          if (monotonic() > until) throw unknown(inDoubt)
        }
        await pause(tries)
      }
    }
  }

  /** Deletes a row, and says it again until it is heard. Throws as `create`. */
  async delete(key: string, until: number): Promise<void> {
    let inDoubt: StoreError | undefined
    for (let tries = 0; ; tries++) {
      try {
        await this.#engine.store.delete(key)
        return
      } catch (error) {
        const failure = asStoreError(error)
        if (failure.applied === undefined) inDoubt = failure
        const over = monotonic() > until
        if (inDoubt === undefined && (over || tries >= RETRIES)) throw failure
        if (inDoubt !== undefined && over) throw unknown(inDoubt)
        await pause(tries)
      }
    }
  }

  #recognised(current: Entry, sent: Entry, inDoubt: StoreError | undefined): Fate {
    if (this.#isOwn(current, sent.version)) return { kind: 'written', entry: current }
    if (marked(current.commits, this.#engine.manager, sent.version) !== 'crowded') return { kind: 'stale', current }
    return lost(inDoubt ?? new StoreError('replace', 'too many managers wrote this session at once'))
  }

  #isOwn(found: Entry, nonce: Version): boolean {
    return found.version === nonce || marked(found.commits, this.#engine.manager, nonce) === true
  }

  /** Reads the row past every cache until it can be read. */
  async #look(key: string, until: number): Promise<Entry | undefined | 'unreadable'> {
    for (let tries = 0; ; tries++) {
      try {
        return await this.#engine.store.load(key, this.#engine.now(), { fresh: true })
      } catch {
        if (monotonic() > until) return 'unreadable'
        await pause(tries)
      }
    }
  }
}

function asStoreError(error: unknown): StoreError {
  if (error instanceof StoreError) return error
  throw error
}

function lost(cause: StoreError): Fate & { readonly kind: 'unknown' } {
  return { kind: 'unknown', error: unknown(cause) }
}
