import { SessionEndedError } from '../base/errors.ts'
import { UNCHECKED } from '../base/reserved.ts'
import { noEffects, userOf } from '../changes/intent.ts'
import type { Merged } from '../changes/merge.ts'
import type { Engine } from '../config/engine.ts'
import type { GivenSession, LoadDecision, LoadedSession } from '../config/lifecycle.ts'
import type { Texts } from '../config/profile.ts'
import { userIndex } from '../config/realm.ts'
import type { Identity } from '../store/id.ts'
import type { Entry } from '../store/store.ts'
import { assignmentOf } from './assignments.ts'
import type { SessionEnds } from './session-ends.ts'
import type { Verifier } from './verifier.ts'
import type { Writer } from './writer.ts'

/** When the user of these sessions authenticated is not known, so any revocation counts. */
const UNKNOWN_TIME = 0

/**
 * Writes sessions that another store or library has made, under the ids that they have there. A
 * write that assigns a user is checked before it, as a login is, and marked. The check after it is
 * that of the first request that finds the mark. The id is in the browser already, so that a mark
 * in the row is the only way to keep everyone from using a session whose check failed, or whose
 * process was killed before the check.
 */
export class GivenSessions {
  readonly #engine: Engine
  readonly #writer: Writer
  readonly #verifier: Verifier
  readonly #ends: SessionEnds

  constructor(engine: Engine, writer: Writer, verifier: Verifier, ends: SessionEnds) {
    this.#engine = engine
    this.#writer = writer
    this.#verifier = verifier
    this.#ends = ends
  }

  /** See `LifecycleContext.create`. */
  async create(identity: Identity, texts: Texts, deadline: number): Promise<GivenSession | undefined> {
    const admitted = await this.#admit(identity, texts, undefined, deadline)
    if (admitted === undefined) return undefined
    const given = await this.#writer.createUnder(identity, withoutEffects(admitted), deadline)
    if (given.isCreated) this.#engine.emit({ type: 'created', reason: 'changed', handle: identity.handle })
    return given
  }

  /** See `LifecycleContext.replace`. */
  async replace(identity: Identity, before: Entry, texts: Texts, deadline: number): Promise<Entry | undefined> {
    const admitted = await this.#admit(identity, texts, before, deadline)
    return admitted && this.#writer.replaceUnder(identity, withoutEffects(admitted), before, deadline)
  }

  /**
   * Checks a session that has the mark of an unchecked user, and removes the mark. The session ends
   * if the user was revoked. Returns `undefined` without a promise for every other session.
   */
  check({ identity, entry, texts, deadline }: LoadedSession): Promise<LoadDecision | undefined> | undefined {
    const mark = texts?.get(UNCHECKED)
    // A login gives the session another id, and is checked by itself.
    if (entry === undefined || texts === undefined || mark === undefined || this.#engine.parse(mark) !== entry.proof) return undefined
    return this.#check(identity, entry, texts, deadline)
  }

  async #check(identity: Identity, entry: Entry, texts: Texts, deadline: number): Promise<LoadDecision | undefined> {
    const write = { identity, entry, isWritten: true, merged: withoutEffects(texts), before: undefined, joins: false }
    if (!(await this.#verifier.verifyGiven(write, deadline))) return { absent: 'unknown-or-expired' }
    const checked = new Map([...texts].filter(([name]) => name !== UNCHECKED))
    const replaced = await this.#writer.replaceUnder(identity, withoutEffects(checked), entry, deadline)
    return replaced && { entry: replaced }
  }

  /**
   * Returns the properties to write, with the mark if they assign a user. Ends the session and
   * returns `undefined` if the user was revoked.
   */
  async #admit(identity: Identity, texts: Texts, before: Entry | undefined, deadline: number): Promise<Texts | undefined> {
    const { lifecycles, print } = this.#engine
    const user = this.#assignedUser(texts, before)
    if (user === undefined || lifecycles === undefined || lifecycles.afterAssign.length === 0) return texts
    const planned = { ...assignmentOf(user, [], UNKNOWN_TIME, this.#engine), handle: identity.handle, deadline }
    try {
      for (const beforeAssign of lifecycles.beforeAssign) await beforeAssign(planned)
    } catch (error) {
      if (!(error instanceof SessionEndedError)) throw error
      await this.#ends.end({ ...identity, identity, reason: 'revoked', deadline })
      return undefined
    }
    return new Map([...texts, [UNCHECKED, print(identity.proof)]])
  }

  /** The user whom a write of these properties assigns; `undefined` if the row has this user. */
  #assignedUser(texts: Texts, before: Entry | undefined): string | undefined {
    const user = userOf(texts, this.#engine)
    return user === undefined || userIndex(user, this.#engine.realm) === before?.userId ? undefined : user
  }
}

function withoutEffects(texts: Texts): Merged {
  return { ...noEffects(), texts, newId: false }
}
