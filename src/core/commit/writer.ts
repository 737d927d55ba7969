import { CookieTooLargeError, StoreError } from '../base/errors.ts'
import type { Merged } from '../changes/merge.ts'
import type { Engine } from '../config/engine.ts'
import { type Identity, issued } from '../store/id.ts'
import type { Entry, Refused, Version, Written } from '../store/store.ts'
import { largestOf, newEntry } from './new-entry.ts'
import { findReceipt } from './receipts.ts'
import { Retry } from './retry.ts'

/** What became of a compare-and-swap. `entry` is the newest that is known to be in the store. */
export type WriteOutcome =
  | { readonly kind: 'written'; readonly entry: Entry; readonly written: Written }
  | { readonly kind: 'stale'; readonly current: Entry }
  | { readonly kind: 'missing' }

const NONCE_LENGTH = 12
/** More than one in the life of the universe is a store that does not work. */
const MOST_COLLISIONS = 3

/**
 * Carries one write to the store and does not come back before its fate is known or its time is up: a write whose answer was lost is
 * looked for by its nonce, and repeated under the same nonce while it is not there. Throws `StoreError` when a write surely failed and
 * `CommitUnknownError` when nobody can tell.
 */
export class Writer {
  readonly #engine: Engine

  constructor(engine: Engine) {
    this.#engine = engine
  }

  newNonce(): Version {
    return this.#engine.randomText(NONCE_LENGTH)
  }

  /** Puts `entry`, whose version is the nonce, in the place of `before`; `keys` are the one it has and the one it is to have. */
  async swap(keys: readonly [from: string, to: string], entry: Entry, before: Entry, deadline: number): Promise<WriteOutcome> {
    const { store, now } = this.#engine
    const [from, to] = keys
    const newKey = from === to ? undefined : to
    const put = (): Promise<Written | Refused> =>
      store.replace({ key: from, newKey, entry, expected: before.version, now: now(), deadline })
    const attempts = new Retry(deadline)
    for (;;) {
      const answer = await attempts.attempt(() => this.#withLargestProperty(entry, put()))
      if (answer?.ok === true) return { kind: 'written', entry: as(entry, answer), written: answer }
      if (answer?.reason === 'stale') return this.#resolveConflict(answer.current, entry, attempts)
      if (answer === undefined && !attempts.inDoubt) continue
      const found = await this.#findMoved(keys, attempts, answer === undefined)
      if (found === undefined) return attempts.inDoubt ? attempts.giveUp() : { kind: 'missing' }
      if (found.version !== before.version) return this.#resolveConflict(found, entry, attempts)
      attempts.checkTime()
    }
  }

  /** Adds a row under an id that is drawn here. */
  async create(merged: Merged, deadline: number): Promise<{ readonly entry: Entry; readonly identity: Identity }> {
    const { store, ids } = this.#engine
    const nonce = this.newNonce()
    const attempts = new Retry(deadline)
    let identity = ids.create()
    for (let collisions = 0; collisions < MOST_COLLISIONS; ) {
      const entry = newEntry(this.#engine, merged, identity, nonce)
      const { key } = identity
      const answer = await attempts.attempt(() => this.#withLargestProperty(entry, store.create({ key, entry, deadline })))
      if (answer?.ok === true) return { entry: as(entry, answer), identity: issued(identity, answer) }
      if (answer !== undefined) attempts.doubt(new StoreError('create', 'the new id is taken')) // by ourselves, if it was heard twice
      if (!attempts.inDoubt) continue
      const found = await this.#readFresh(key, attempts)
      if (found !== undefined && this.#isOwn(found, nonce)) return { entry: found, identity }
      attempts.checkTime()
      // Under another id: what was sent may arrive later still, and must not bring back a session that was ended meanwhile.
      identity = ids.create()
      if (answer !== undefined) collisions++
    }
    throw new StoreError('create', 'it answered that every new id is taken', { applied: false })
  }

  /** Deletes a row, and says it again until it is heard. `false` when there surely was none. */
  async delete(key: string, deadline: number): Promise<boolean> {
    const attempts = new Retry(deadline)
    for (;;) {
      const deleted = await attempts.attempt(() => this.#engine.store.delete({ key, deadline }))
      if (deleted !== undefined) return deleted || attempts.inDoubt
      if (attempts.inDoubt) attempts.checkTime()
    }
  }

  #resolveConflict(current: Entry, sent: Entry, attempts: Retry): WriteOutcome {
    if (this.#isOwn(current, sent.version)) return { kind: 'written', entry: current, written: { ok: true } }
    const crowded = findReceipt(current.commits, this.#engine.managerId, sent.version) === 'crowded'
    return crowded || (attempts.inDoubt && attempts.isOver) ? attempts.giveUp() : { kind: 'stale', current }
  }

  #isOwn(found: Entry, nonce: Version): boolean {
    return found.version === nonce || findReceipt(found.commits, this.#engine.managerId, nonce) === true
  }

  /** Looks where the row went, and `again` where it was: a row is renamed in one step. */
  async #findMoved([from, to]: readonly [string, string], attempts: Retry, again: boolean): Promise<Entry | undefined> {
    const moved = from === to ? undefined : await this.#readFresh(to, attempts)
    return moved === undefined && again ? this.#readFresh(from, attempts) : moved
  }

  /** A store does not know what takes the room in a payload. Only a token can be too large for a cookie. */
  #withLargestProperty<T>(entry: Entry, write: Promise<T>): Promise<T> {
    if (!this.#engine.capabilities.carriesData) return write
    return write.catch((error: unknown) => {
      if (!(error instanceof CookieTooLargeError)) throw error
      const texts = this.#engine.values.decode(entry.payload) ?? new Map<string, string>()
      throw new CookieTooLargeError(error.size, error.limit, texts.size === 0 ? undefined : largestOf(texts)[0])
    })
  }

  /** Reads the row past every cache, until it can be read or the time is up. */
  async #readFresh(key: string, attempts: Retry): Promise<Entry | undefined> {
    const { store, now } = this.#engine
    for (;;) {
      const found = await attempts.attempt(async () => ({ entry: await store.load({ key, now: now(), fresh: true }) }))
      if (found !== undefined) return found.entry
      attempts.checkTime()
    }
  }
}

/** What a store calls the version is what the next write has to name. */
function as(entry: Entry, { version }: Written): Entry {
  return version === undefined ? entry : { ...entry, version }
}
