import { Course } from './course.ts'
import type { Engine } from './engine.ts'
import { StoreError } from './errors.ts'
import { type Identity, newIdentity } from './id.ts'
import type { Merged } from './merge.ts'
import { newEntry } from './new-entry.ts'
import type { Entry, Version } from './store.ts'
import { marked } from './write-marks.ts'

/** What became of a compare-and-swap. `entry` is the newest that is known to be in the store. */
export type Fate =
  | { readonly kind: 'written'; readonly entry: Entry; readonly token?: string }
  | { readonly kind: 'stale'; readonly current: Entry }
  | { readonly kind: 'missing' }

/** A row that was created. */
export interface Born {
  readonly entry: Entry
  readonly identity: Identity
  readonly token?: string
}

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
    return this.#engine.draw(NONCE_LENGTH)
  }

  /** Puts `entry`, whose version is the nonce, in the place of `before`. */
  async replace(key: string, entry: Entry, before: Entry, until: number): Promise<Fate> {
    const { store, now } = this.#engine
    const course = new Course(until)
    for (;;) {
      const answer = await course.try(() => store.replace(key, entry, before.version, now()))
      if (answer?.ok === true) return { ...answer, kind: 'written', entry }
      if (answer?.reason === 'stale') return this.#recognised(answer.current, entry, course)
      if (answer !== undefined) return course.inDoubt ? course.giveUp() : { kind: 'missing' }
      if (!course.inDoubt) continue
      const found = await this.#look(key, course)
      if (found === undefined) return course.giveUp()
      if (found.version !== before.version) return this.#recognised(found, entry, course)
      course.checkTime()
    }
  }

  /** Adds a row under an id that is drawn here. */
  async create(merged: Merged, until: number): Promise<Born> {
    const { store, draw } = this.#engine
    const nonce = this.newNonce()
    const course = new Course(until)
    let identity = newIdentity(draw)
    for (let collisions = 0; collisions < MOST_COLLISIONS; ) {
      const entry = newEntry(this.#engine, merged, identity, nonce)
      const { key } = identity
      const answer = await course.try(() => store.create(key, entry))
      if (answer?.ok === true) return { ...answer, entry, identity }
      if (answer !== undefined) course.doubt(new StoreError('create', 'the new id is taken')) // by ourselves, if it was heard twice
      if (!course.inDoubt) continue
      const found = await this.#look(key, course)
      if (found !== undefined && this.#isOwn(found, nonce)) return { entry: found, identity }
      course.checkTime()
      // Under another id: what was sent may arrive later still, and must not bring back a session that was ended meanwhile.
      identity = newIdentity(draw)
      if (answer !== undefined) collisions++
    }
    throw new StoreError('create', 'it answered that every new id is taken', { applied: false })
  }

  /** Deletes a row, and says it again until it is heard. */
  async delete(key: string, until: number): Promise<void> {
    const course = new Course(until)
    while ((await course.try(() => this.#engine.store.delete(key))) === undefined) {
      if (course.inDoubt) course.checkTime()
    }
  }

  #recognised(current: Entry, sent: Entry, course: Course): Fate {
    if (this.#isOwn(current, sent.version)) return { kind: 'written', entry: current }
    const crowded = marked(current.commits, this.#engine.manager, sent.version) === 'crowded'
    return crowded || (course.inDoubt && course.isOver) ? course.giveUp() : { kind: 'stale', current }
  }

  #isOwn(found: Entry, nonce: Version): boolean {
    return found.version === nonce || marked(found.commits, this.#engine.manager, nonce) === true
  }

  /** Reads the row past every cache, until it can be read or the time is up. */
  async #look(key: string, course: Course): Promise<Entry | undefined> {
    const { store, now } = this.#engine
    for (;;) {
      const found = await course.try(async () => ({ entry: await store.load(key, now(), { fresh: true }) }))
      if (found !== undefined) return found.entry
      course.checkTime()
    }
  }
}
