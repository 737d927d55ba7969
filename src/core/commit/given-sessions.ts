import { SessionEndedError } from '../base/errors.ts'
import { ignore } from '../base/ignore.ts'
import { noEffects, userOf } from '../changes/intent.ts'
import type { Merged } from '../changes/merge.ts'
import type { Engine } from '../config/engine.ts'
import type { GivenSession } from '../config/lifecycle.ts'
import type { Texts } from '../config/profile.ts'
import { userIndex } from '../config/realm.ts'
import type { Identity } from '../store/id.ts'
import type { Entry } from '../store/store.ts'
import { assignmentOf } from './assignments.ts'
import { numberOfWrites } from './receipts.ts'
import type { SessionEnds } from './session-ends.ts'
import type { DoneWrite, Verifier } from './verifier.ts'
import type { Writer } from './writer.ts'

/** When the user of these sessions authenticated is not known, so any revocation counts. */
const UNKNOWN_TIME = 0

/**
 * Writes sessions that another store or library has made, under the ids that they have there. A
 * write that assigns a user is checked before and after, as a login is. Without the check before it,
 * a parallel request could use a session that the check after it is about to end.
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
    if (!(await this.#isAdmitted(identity, texts, undefined, deadline))) return undefined
    const merged = withoutEffects(texts)
    const given = await this.#writer.createUnder(identity, merged, deadline)
    if (!given.isCreated) return given
    const { entry } = given
    this.#engine.emit({ type: 'created', reason: 'changed', handle: identity.handle })
    const done = { identity, entry, isWritten: true, merged, before: undefined, joins: false }
    const isVerified = await this.#isVerified(done, undefined, deadline, () => this.#writer.undoCreate(identity.key, entry, deadline))
    return isVerified ? given : undefined
  }

  /** See `LifecycleContext.replace`. */
  async replace(identity: Identity, before: Entry, texts: Texts, deadline: number): Promise<Entry | undefined> {
    const assigns = this.#assignedUser(texts, before) !== undefined
    if (assigns && !(await this.#isAdmitted(identity, texts, before, deadline))) return undefined
    const merged = withoutEffects(texts)
    const entry = await this.#writer.replaceUnder(identity, merged, before, deadline)
    if (entry === undefined || !assigns) return entry
    const textsBefore = this.#engine.values.decode(before.payload) ?? new Map()
    const done = { identity, entry, isWritten: true, merged, before: textsBefore, joins: false }
    const undo = (): Promise<unknown> => this.#writer.replaceUnder(identity, withoutEffects(textsBefore), entry, deadline)
    return (await this.#isVerified(done, before, deadline, undo)) ? entry : undefined
  }

  /** The user whom a write of these properties assigns; `undefined` if the row has this user. */
  #assignedUser(texts: Texts, before: Entry | undefined): string | undefined {
    const user = userOf(texts, this.#engine)
    return user === undefined || userIndex(user, this.#engine.realm) === before?.userId ? undefined : user
  }

  /** Ends the session and resolves to `false` if its user was revoked. */
  async #isAdmitted(identity: Identity, texts: Texts, before: Entry | undefined, deadline: number): Promise<boolean> {
    const { lifecycles } = this.#engine
    const user = this.#assignedUser(texts, before)
    if (user === undefined || lifecycles === undefined) return true
    const planned = { ...assignmentOf(user, [], UNKNOWN_TIME, this.#engine), handle: identity.handle, deadline }
    try {
      for (const beforeAssign of lifecycles.beforeAssign) await beforeAssign(planned)
      return true
    } catch (error) {
      if (!(error instanceof SessionEndedError)) throw error
      await this.#ends.end({ ...identity, identity, reason: 'revoked', deadline })
      return false
    }
  }

  /**
   * Undoes a write whose check failed, so that the next request repeats both, unless others have
   * written since.
   */
  async #isVerified(done: DoneWrite, before: Entry | undefined, deadline: number, undo: () => Promise<unknown>): Promise<boolean> {
    try {
      return await this.#verifier.verifyGiven(done, deadline)
    } catch (error) {
      const isNewest = numberOfWrites(done.entry.commits) === numberOfWrites(before?.commits ?? '') + 1
      if (isNewest) await undo().catch(ignore)
      throw error
    }
  }
}

function withoutEffects(texts: Texts): Merged {
  return { ...noEffects(), texts, newId: false }
}
