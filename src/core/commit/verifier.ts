import type { Access } from '../base/access.ts'
import { monotonic } from '../base/clock.ts'
import { SessionEndedError } from '../base/errors.ts'
import { LOGIN } from '../base/reserved.ts'
import { affectsProperty, type Intent, userOf } from '../changes/intent.ts'
import { merge } from '../changes/merge.ts'
import type { UnverifiedWrite } from '../changes/unverified-write.ts'
import type { Engine } from '../config/engine.ts'
import type { Assignment, Lifecycles, Objection, WrittenSession } from '../config/lifecycle.ts'
import type { Texts } from '../config/profile.ts'
import type { Draft } from '../draft/draft.ts'
import type { Identity } from '../store/id.ts'
import { assignmentOf, userWhoseOthersEnd } from './assignments.ts'
import type { CommitResult } from './job.ts'
import type { CommitQueue } from './queue.ts'
import type { SessionEnds } from './session-ends.ts'

/** A write that was acknowledged. `before` is `undefined` if it created the session. */
export type DoneWrite = Omit<CommitResult, 'before'> & { readonly before: Texts | undefined }

interface Turn {
  /** The changes that the write contains. */
  readonly intents: readonly Intent[]
  readonly generation: number
  readonly deadline: number
  /** What a withdrawal may change. */
  readonly access: Access
}

/**
 * Asks the lifecycles of a manager about each write, after it was acknowledged and before its id is
 * sent, and withdraws a write that one of them objects to. A check after the write sees everything
 * that was acknowledged before, so of a login and a revocation at least one sees the other. A check
 * before the write would miss a revocation between the two.
 */
export class Verifier {
  readonly #engine: Engine
  readonly #queue: CommitQueue
  readonly #ends: SessionEnds

  constructor(engine: Engine, queue: CommitQueue, ends: SessionEnds) {
    this.#engine = engine
    this.#queue = queue
    this.#ends = ends
  }

  /**
   * Resolves to the objection for which the write was withdrawn. Until this has resolved, the draft
   * sends no id; if it rejects, `verifyAgain` has to be called before the next commit. `from` is
   * the id of the request, if it had a session.
   */
  verify(draft: Draft, done: DoneWrite, from: Identity | undefined, turn: Turn): Promise<Objection | undefined> | undefined {
    const { lifecycles } = this.#engine
    if (lifecycles === undefined || !done.isWritten) return undefined
    if (turn.generation !== draft.generation) return undefined // this request may have flushed the session
    const write = this.#describe(done, from, draft.openedAt, turn.intents)
    if (!hasChecks(lifecycles, write)) return undefined
    draft.unverified = write
    return this.#verify(draft, write, turn)
  }

  /** Repeats a verification that rejected. Throws the error of an objection. */
  async verifyAgain(draft: Draft, turn: Turn): Promise<void> {
    const { unverified } = draft
    const objection = unverified && (await this.#verify(draft, unverified, turn))
    if (objection !== undefined) throw objection.error
  }

  /**
   * Verifies the write of a session that no request made (see `GivenSessions`). Ends the session
   * and resolves to `false` after an objection.
   */
  async verifyGiven(done: DoneWrite, deadline: number): Promise<boolean> {
    const objection = await this.#objectionTo(this.#describe(done, undefined, 0, []), deadline)
    if (objection !== undefined) await this.#ends.end({ ...done.identity, identity: done.identity, reason: objection.reason, deadline })
    return objection === undefined
  }

  async #verify(draft: Draft, write: UnverifiedWrite, { deadline, access }: Turn): Promise<Objection | undefined> {
    const { generation } = draft
    const objection = await this.#objectionTo(write, deadline)
    if (generation !== draft.generation) return undefined // it was flushed since, and the flush ends it
    if (objection !== undefined) await this.#withdraw(draft, write, objection, access)
    draft.unverified = undefined
    return generation === draft.generation ? objection : undefined
  }

  async #objectionTo({ written, assignment }: UnverifiedWrite, deadline: number): Promise<Objection | undefined> {
    const { afterWrite = [], afterAssign = [] } = this.#engine.lifecycles ?? {}
    const session: WrittenSession = { ...written, deadline }
    for (const check of afterWrite) {
      const objection = await check(session)
      if (objection !== undefined) return objection
    }
    for (const check of assignment === undefined ? [] : afterAssign) {
      const objection = await check(session, assignment as Assignment)
      if (objection !== undefined) return objection
    }
    return undefined
  }

  #describe(done: DoneWrite, from: Identity | undefined, openedAt: number, intents: readonly Intent[]): UnverifiedWrite {
    const { identity, entry, merged, before, joins } = done
    const replaced = from?.id === identity.id ? undefined : from
    const isNewId = from === undefined || replaced !== undefined
    const { texts, loggedIn } = merged
    const user = isNewId || before === undefined ? userOf(texts, this.#engine) : undefined
    const assignsUser = user !== undefined && (loggedIn || before === undefined || user !== userOf(before, this.#engine))
    const revoker = userWhoseOthersEnd(intents, this.#engine)
    const checked = assignsUser ? user : revoker
    const assignment = checked === undefined ? undefined : assignmentOf(checked, intents, openedAt, this.#engine)
    const written = { identity, entry, texts, isCreated: before === undefined, isNewId, replaced, assignsUser, joins, openedAt }
    return { written, assignment, before, intents }
  }

  /** Has its own time limit, because a slow check must not leave the login in the store. */
  async #withdraw(draft: Draft, write: UnverifiedWrite, { reason }: Objection, access: Access): Promise<void> {
    const { written, before } = write
    const { generation } = draft
    const { identity } = written
    const deadline = monotonic() + this.#engine.requestTimeout
    const restored = before && (await this.#restoreUser(draft, write, before, { deadline, access }))
    if (before === undefined) await this.#ends.end({ ...identity, identity, reason, deadline })
    this.#engine.emit({ type: 'login-withdrawn', reason, handle: identity.handle })
    if (generation !== draft.generation) return
    if (restored === undefined) draft.onWithdrawn({ is: 'absent' })
    else draft.onWithdrawn({ is: 'live', identity: restored.identity, entry: restored.entry }, restored.merged.texts)
  }

  /**
   * Gives the session the user it had before, unless the request has removed that user. Removing
   * every user would leave `names.lastUser`, and the next login of another user would drop the
   * data. Resolves to `undefined` if the session has ended.
   */
  async #restoreUser(
    { state }: Draft,
    { written, intents: changes }: UnverifiedWrite,
    before: Texts,
    turn: Pick<Turn, 'deadline' | 'access'>,
  ): Promise<CommitResult | undefined> {
    const { user, lastUser } = this.#engine.profile.names
    const removals = changes.filter((intent) => removesUser(intent, user))
    const { texts } = merge(before, removals, this.#engine)
    const properties = [user, LOGIN, ...(lastUser === undefined ? [] : [lastUser])].map((name) => [name, texts.get(name)] as const)
    const intents: Intent[] = [{ kind: 'restore', properties }]
    const { identity, entry } = state.is === 'live' ? state : written
    const latestTexts = this.#engine.values.decode(entry.payload) ?? before
    const job = { ...turn, identity, entry, intents, merged: undefined, latestTexts }
    try {
      return await this.#queue.commit(job)
    } catch (error) {
      if (error instanceof SessionEndedError) return undefined
      throw error
    }
  }
}

function removesUser(intent: Intent, userName: string): boolean {
  return intent.kind === 'clear' || (intent.kind === 'remove' && affectsProperty(intent, userName))
}

/** Whether a lifecycle has to be asked about the write. */
function hasChecks({ afterWrite, afterAssign }: Lifecycles, { assignment }: UnverifiedWrite): boolean {
  return afterWrite.length > 0 || (assignment !== undefined && afterAssign.length > 0)
}
