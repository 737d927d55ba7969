import { CookieTooLargeError, StoreError } from '../base/errors.ts'
import type { Merged } from '../changes/merge.ts'
import type { Engine } from '../config/engine.ts'
import type { GivenSession } from '../config/lifecycle.ts'
import { type Identity, issued } from '../store/id.ts'
import type { Entry, Written } from '../store/store.ts'
import { isTombstone, tombstone } from '../store/tombstone.ts'
import { type EntryContext, largestProperty, newEntry } from './new-entry.ts'
import { Retry } from './retry.ts'

/**
 * The outcome of a compare-and-swap. `entry` and `current` are the newest entry that is known to be
 * in the store.
 */
export type WriteOutcome =
  | { readonly kind: 'written'; readonly entry: Entry; readonly written: Written }
  | { readonly kind: 'stale'; readonly current: Entry }
  | { readonly kind: 'missing' }

/** The parts of the manager that commits use. */
export type CommitContext = Engine & EntryContext

/** The key of a row, and its key after the write. */
interface Keys {
  readonly key: string
  readonly newKey: string
}

/** Loads and replaces a row whether or not it is expired. */
const ANY_TIME = 0

/** The length of a version without a receipt, as that of a nonce. */
const VERSION_LENGTH = 12

/** Ids have 192 random bits. More than one collision means that the store is broken. */
const MAX_COLLISIONS = 3

/**
 * Sends one write to the store until its outcome is known or its deadline has passed. If the
 * response was lost, the row is searched for the nonce of the write, and the write is sent again
 * with the same nonce if it is not there. Throws `StoreError` if the write had no effect, and
 * `CommitUnknownError` if that is unknown.
 */
export class Writer {
  readonly #context: CommitContext

  constructor(context: CommitContext) {
    this.#context = context
  }

  /** Replaces `before` by `entry`, whose version is the nonce. */
  async replace(keys: Keys, entry: Entry, before: Entry, deadline: number): Promise<WriteOutcome> {
    const { store, now } = this.#context
    const { key } = keys
    const newKey = key === keys.newKey ? undefined : keys.newKey
    const retry = new Retry(deadline)
    for (;;) {
      const write = store.replace({ key, newKey, entry, expected: before.version, now: now(), deadline })
      const result = await retry.attempt(this.#withLargestProperty(entry, write))
      if (result?.ok === true) return { kind: 'written', entry: withVersion(entry, result), written: result }
      if (result?.reason === 'stale') return this.#resolveConflict(result.current, entry, retry)
      if (result === undefined && !retry.isOutcomeUnknown) continue
      const found = await this.#findMoved(keys, retry, result === undefined)
      if (found === undefined) return retry.isOutcomeUnknown ? retry.throwUnknown() : { kind: 'missing' }
      if (found.version !== before.version) return this.#resolveConflict(found, entry, retry)
      retry.checkTime()
    }
  }

  /**
   * Adds a row under a new id. `reserved` is used for the first attempt; further ones need others.
   */
  async create(
    merged: Merged,
    deadline: number,
    { reserved, createdFrom }: { readonly reserved?: Identity | undefined; readonly createdFrom?: number | undefined } = {},
  ): Promise<{ readonly entry: Entry; readonly identity: Identity }> {
    const { store, ids, receipts, now } = this.#context
    const retry = new Retry(deadline)
    const nonce = receipts.open()
    try {
      let identity = reserved ?? ids.create()
      for (let collisions = 0; collisions < MAX_COLLISIONS; ) {
        const entry = newEntry(this.#context, merged, { proof: identity.proof, idAt: now() }, nonce, { createdFrom })
        const { key } = identity
        const result = await retry.attempt(this.#withLargestProperty(entry, store.create({ key, entry, deadline })))
        if (result?.ok === true) return { entry: withVersion(entry, result), identity: issued(identity, result) }
        // If the store received this `create` twice, the second one finds the row of the first.
        if (result !== undefined) retry.markOutcomeUnknown(new StoreError('create', 'the new id is taken'))
        if (!retry.isOutcomeUnknown) continue
        const found = await this.#readFresh(key, retry)
        if (found !== undefined && this.#isApplied(found, entry) === true) return { entry: found, identity }
        retry.checkTime()
        // Uses another id, because the lost write may still arrive, and must not create a session
        // that was ended in between.
        identity = ids.create()
        if (result !== undefined) collisions++
      }
    } finally {
      receipts.close(nonce)
    }
    throw new StoreError('create', 'it reported three times that a new id is taken; test the store with storeSuite of sojourn/testing', {
      applied: false,
    })
  }

  /**
   * Adds a row under a given id. If the key has a row, nothing is written and that row is the
   * result, unless it is an expired session, which is replaced. A `create` whose response was lost
   * is repeated under the same id, so the profile needs tombstones: a late copy would revive a
   * session that was deleted.
   */
  async createUnder(identity: Identity, merged: Merged, deadline: number): Promise<GivenSession> {
    const { store, receipts, now } = this.#context
    const { key, proof } = identity
    const retry = new Retry(deadline)
    const nonce = receipts.open()
    try {
      let found: Entry | undefined
      for (;;) {
        const entry = newEntry(this.#context, merged, { proof, idAt: now() }, nonce)
        const operation = { key, entry, deadline }
        const write =
          found === undefined ? store.create(operation) : store.replace({ ...operation, expected: found.version, now: ANY_TIME })
        const result = await retry.attempt(write)
        if (result?.ok === true) return { entry: withVersion(entry, result), isCreated: true }
        found = await this.#readFresh(key, retry, ANY_TIME)
        if (found !== undefined && this.#isApplied(found, entry) === true) return { entry: found, isCreated: true }
        if (found !== undefined && (isTombstone(found) || found.expiresAt > now())) return { entry: found, isCreated: false }
        retry.checkTime()
      }
    } finally {
      receipts.close(nonce)
    }
  }

  /** Replaces a row that keeps its id. Resolves to `undefined` if the row is no longer `before`. */
  async replaceUnder({ key }: Identity, merged: Merged, before: Entry, deadline: number): Promise<Entry | undefined> {
    const { receipts } = this.#context
    const nonce = receipts.open()
    try {
      const entry = newEntry(this.#context, merged, before, nonce, { before })
      const outcome = await this.replace({ key, newKey: key }, entry, before, deadline)
      return outcome.kind === 'written' ? outcome.entry : undefined
    } finally {
      receipts.close(nonce)
    }
  }

  /**
   * Ends the session of a key, and repeats that until there is a response. Resolves to `false` if
   * there was none. With tombstones its row is replaced by one, which no earlier write can undo.
   */
  async end(key: string, deadline: number): Promise<boolean> {
    const { store, now } = this.#context
    const entry = this.tombstone()
    if (entry === undefined) return this.#delete(key, deadline)
    const operation = { key, entry, deadline }
    const retry = new Retry(deadline)
    let existed = false
    for (;;) {
      const found = await this.#readFresh(key, retry, ANY_TIME)
      if (found !== undefined && isTombstone(found)) return existed
      existed ||= found !== undefined && found.expiresAt > now()
      const write = found === undefined ? store.create(operation) : store.replace({ ...operation, expected: found.version, now: ANY_TIME })
      const result = await retry.attempt(write)
      if (result?.ok === true) return existed
      retry.checkTime()
    }
  }

  /** Returns a tombstone for sessions that end now; `undefined` if their rows are deleted. */
  tombstone(): Entry | undefined {
    const { profile, now, randomText } = this.#context
    const endedAt = now()
    const until = profile.tombstoneUntil?.(endedAt)
    return until === undefined ? undefined : tombstone(randomText(VERSION_LENGTH), endedAt, until)
  }

  async #delete(key: string, deadline: number): Promise<boolean> {
    const retry = new Retry(deadline)
    for (;;) {
      const deleted = await retry.attempt(this.#context.store.delete({ key, deadline }))
      if (deleted !== undefined) return deleted || retry.isOutcomeUnknown
      if (retry.isOutcomeUnknown) retry.checkTime()
    }
  }

  /**
   * Returns `written` if the row contains this write, `stale` if another process wrote it. A
   * tombstone does not show whether a lost write took effect before the session ended.
   */
  #resolveConflict(current: Entry, sent: Entry, retry: Retry): WriteOutcome {
    if (isTombstone(current) && retry.isOutcomeUnknown) return retry.throwUnknown()
    const isApplied = this.#isApplied(current, sent)
    if (isApplied === undefined) return retry.throwUnknown()
    return isApplied ? { kind: 'written', entry: current, written: { ok: true } } : { kind: 'stale', current }
  }

  /** Whether the row in the store contains the write of `sent`; `undefined` if that is unknown. */
  #isApplied(found: Entry, sent: Entry): boolean | undefined {
    return found.version === sent.version || this.#context.receipts.isApplied(found.commits, sent.commits)
  }

  /**
   * Reads the row under its new key, and with `both` under its old key if it is not there. That
   * suffices, because a row gets its new key in one step.
   */
  async #findMoved({ key, newKey }: Keys, retry: Retry, both: boolean): Promise<Entry | undefined> {
    const moved = key === newKey ? undefined : await this.#readFresh(newKey, retry)
    return moved === undefined && both ? this.#readFresh(key, retry) : moved
  }

  /**
   * Adds the largest property to a `CookieTooLargeError`, because a store does not know the
   * properties. Only stores with `carriesData` throw this error.
   */
  #withLargestProperty<T>(entry: Entry, write: Promise<T>): Promise<T> {
    if (!this.#context.capabilities.carriesData) return write
    return write.catch((error: unknown) => {
      if (!(error instanceof CookieTooLargeError)) throw error
      const texts = this.#context.values.decode(entry.payload) ?? new Map()
      throw new CookieTooLargeError(error.size, error.limit, texts.size === 0 ? undefined : largestProperty(texts)[0])
    })
  }

  /** Reads a row past every cache. Repeats that until it succeeds or the deadline has passed. */
  async #readFresh(key: string, retry: Retry, now: number = this.#context.now()): Promise<Entry | undefined> {
    for (;;) {
      const found = await retry.attempt(this.#context.store.load({ key, now, fresh: true }).then((entry) => ({ entry })))
      if (found !== undefined) return found.entry
      retry.checkTime()
    }
  }
}

/** Some stores define the version themselves. The next write has to expect that version. */
function withVersion(entry: Entry, { version }: Written): Entry {
  return version === undefined ? entry : { ...entry, version }
}
