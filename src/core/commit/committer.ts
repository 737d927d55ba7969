import type { Access } from '../base/access.ts'
import { backoff, monotonic } from '../base/clock.ts'
import { CommitUnknownError } from '../base/errors.ts'
import type { SessionEvent } from '../base/events.ts'
import { COMMIT, type CommitTrace, trace } from '../base/tracing.ts'
import { affectsProperty, type Intent } from '../changes/intent.ts'
import { type Plan, plan } from '../changes/plan.ts'
import { handleOf } from '../changes/state.ts'
import type { Engine } from '../config/engine.ts'
import type { Objection } from '../config/lifecycle.ts'
import type { Draft } from '../draft/draft.ts'
import { loadInto } from '../draft/opening.ts'
import { admit } from './assignments.ts'
import { Claims, requireClaims } from './claims.ts'
import { failureReason, OUTCOMES, setOutcome } from './commit-outcome.ts'
import { GivenSessions } from './given-sessions.ts'
import { type CommitScope, PlanExecutor } from './plan-executor.ts'
import { CommitQueue } from './queue.ts'
import { Receipts } from './receipts.ts'
import { SessionEnds } from './session-ends.ts'
import { reportUncommitted } from './uncommitted.ts'
import { Verifier } from './verifier.ts'
import { Writer } from './writer.ts'

type UnchangedReason = (SessionEvent & { readonly type: 'unchanged' })['reason']

/** How often a commit that was withdrawn runs again, if the objection asks for that. */
const MAX_REPEATS = 3
/** The first pause before that is at most 16 ms. */
const FIRST_PAUSE = 4

/** A commit that a request asks for. */
export interface CommitRequest {
  /** The status of the response, if it is committed for one. */
  readonly status?: number
  /** What the commit may change. */
  readonly access: Access
}

/**
 * Commits the changes of drafts: `plan` decides, `PlanExecutor` performs the decision, and the
 * lifecycles may withdraw it. All writes of sessions go through this class, and all ends through
 * its `ends`. One per manager.
 */
export class Committer {
  readonly ends: SessionEnds
  /** Writes sessions under ids that they have already, for lifecycles. */
  readonly given: GivenSessions
  readonly #engine: Engine
  readonly #executor: PlanExecutor
  readonly #verifier: Verifier
  readonly #claims: Claims

  constructor(engine: Engine) {
    const context = { ...engine, receipts: new Receipts(engine.randomText) }
    this.#engine = engine
    const writer = new Writer(context)
    const queue = new CommitQueue(context, writer)
    this.ends = new SessionEnds(context, writer)
    this.#verifier = new Verifier(engine, queue, this.ends)
    this.#claims = new Claims(engine, queue, this.#verifier)
    this.#executor = new PlanExecutor(engine, { writer, queue, verifier: this.#verifier, ends: this.ends })
    this.given = new GivenSessions(engine, writer, this.#verifier, this.ends)
  }

  /** Whether the commit for a response with this status performs only a flush. */
  dropsChanges(status = 200): boolean {
    return status >= 500 && !this.#engine.saveOnError
  }

  /**
   * Commits the changes of a draft, or only a flush and the end of an overlap if the status
   * requires that.
   */
  async commit(draft: Draft, request: CommitRequest = draft.response, traced?: CommitTrace): Promise<void> {
    if (traced === undefined && COMMIT.hasSubscribers) return this.#trace(draft, (started) => this.commit(draft, request, started))
    const failed = this.dropsChanges(request.status)
    setOutcome(traced, 'unchanged')
    const scope = this.#scope(draft, request.access)
    try {
      if (draft.unverified !== undefined) await this.#verifier.verifyAgain(draft, scope)
      const { discardsChanges, problem } = inspectChanges(draft, failed)
      if (draft.state.is === 'deferred' && problem === undefined) return this.#unchanged(draft, failed ? 'failed-response' : 'not-used')
      if (hasUnloadedChanges(draft, discardsChanges)) await loadInto(this.#engine, draft, true)
      for (let repeats = 0; ; repeats++) {
        const admitting = admit(draft, this.#engine, discardsChanges, scope.deadline)
        const admission = admitting && (await admitting)
        const plan = this.#plan(draft, discardsChanges, scope)
        setOutcome(traced, OUTCOMES[plan.do])
        if (plan.do === 'nothing') {
          this.#unchanged(draft, plan.reason, problem)
          break
        }
        const intents = [...draft.intents]
        const objection = await this.#executor.execute(draft, plan, { ...scope, intents, admission, generation: draft.generation })
        if (objection === undefined) break
        await this.#beforeRepeat(objection, repeats, scope)
        draft.changes.replaceIntents([...this.#withdrawn(draft, intents), ...draft.intents])
      }
      if (problem !== undefined) throw problem.error
    } catch (error) {
      throw this.#failed(draft, scope, error)
    }
  }

  /** Removes a property in the store and resolves to its text. At most one caller gets it. */
  async claim(draft: Draft, name: string, access: Access, traced?: CommitTrace): Promise<string | undefined> {
    if (traced === undefined && COMMIT.hasSubscribers) return this.#trace(draft, (started) => this.claim(draft, name, access, started))
    setOutcome(traced, 'claimed')
    requireClaims(this.#engine)
    const scope = this.#scope(draft, access)
    try {
      if (draft.unverified !== undefined) await this.#verifier.verifyAgain(draft, scope)
      return await this.#claims.claim(draft, name, scope)
    } catch (error) {
      throw this.#failed(draft, scope, error)
    }
  }

  #trace<T>(draft: Draft, run: (context: CommitTrace) => Promise<T>): Promise<T> {
    const context: CommitTrace = { manager: this.#engine.name, previousHandle: draft.state.identity?.handle }
    return trace(
      COMMIT,
      context,
      () => run(context),
      () => {
        context.handle = draft.currentIdentity?.handle
      },
    )
  }

  async load(draft: Draft): Promise<void> {
    draft.openToken()
    if (draft.state.is === 'unloaded') await loadInto(this.#engine, draft)
  }

  async reload(draft: Draft): Promise<void> {
    draft.openToken()
    await loadInto(this.#engine, draft, true)
  }

  /** Reports changes that nothing will commit. The warning is printed once. */
  reportUncommitted(draft: Draft): void {
    reportUncommitted(draft, this.#engine)
  }

  #scope(draft: Draft, access: Access): CommitScope {
    const deadline = monotonic() + this.#engine.requestTimeout
    return { intents: [], generation: draft.generation, access, mayCycleId: mayCycleId(draft, access), deadline }
  }

  /**
   * Reports a failed commit. After a write with an unknown outcome, nothing more is written for
   * this request. A write that is not verified yet is verified by the next commit.
   */
  #failed(draft: Draft, { generation }: CommitScope, error: unknown): unknown {
    if (error instanceof CommitUnknownError && draft.unverified === undefined) draft.markUnknown(generation)
    this.#engine.emit({ type: 'commit-failed', reason: failureReason(error), ...handleOf(draft.state) })
    return error
  }

  #plan(draft: Draft, discardsChanges: boolean, { mayCycleId }: CommitScope): Plan {
    const { state, intents, pendingDeletes, accessed, properties } = draft
    const situation = {
      state,
      intents,
      pendingDeletes,
      accessed,
      touches: draft.activity.extends && !this.#engine.capabilities.carriesData,
      mayCycleId,
      discardsChanges,
      texts: properties.texts,
      merge: () => draft.merged(),
      now: this.#engine.now(),
    }
    return plan(situation, this.#engine)
  }

  /**
   * Reports a commit without a write, unless it fails because of a change that cannot be stored.
   */
  #unchanged(draft: Draft, reason: UnchangedReason, problem?: object): void {
    if (problem !== undefined) return
    this.#engine.emit({ type: 'unchanged', reason, ...handleOf(draft.state) })
    const { state } = draft
    if (state.is === 'live') draft.pending.onOutcome('unchanged', state.identity, state.entry)
  }

  /**
   * Waits for a random time, so that of several logins that withdrew for each other one succeeds.
   */
  async #beforeRepeat({ retry, error }: Objection, repeats: number, { deadline }: CommitScope): Promise<void> {
    if (!retry || repeats >= MAX_REPEATS || monotonic() > deadline) throw error
    await backoff(FIRST_PAUSE + repeats)
  }

  /**
   * A withdrawn session keeps all changes but the login, so repeating them would apply them twice.
   */
  #withdrawn({ state }: Draft, intents: readonly Intent[]): readonly Intent[] {
    const { user } = this.#engine.profile.names
    if (state.is !== 'live') return intents
    return intents.filter((intent) => intent.kind === 'login' || affectsProperty(intent, user))
  }
}

/** Whether the response to the request can replace an id because of its age. */
function mayCycleId({ activity, pending }: Draft, { writes }: Access): boolean {
  return writes === 'all' && activity.extends && pending.canIssue
}

/**
 * Records changes that were made without verbs. Returns the error when one of them cannot be
 * stored.
 */
function collectChanges(draft: Draft): { readonly error: unknown } | undefined {
  try {
    draft.changes.collect()
    return undefined
  } catch (error) {
    return { error }
  }
}

/** Changes are discarded if the response is a 5xx, or if one of them cannot be stored. */
function inspectChanges(
  draft: Draft,
  failed: boolean,
): { readonly discardsChanges: boolean; readonly problem?: { readonly error: unknown } } {
  const problem = failed ? undefined : collectChanges(draft)
  return problem === undefined ? { discardsChanges: failed } : { discardsChanges: true, problem }
}

function hasUnloadedChanges({ state, intents }: Draft, discardsChanges: boolean): boolean {
  return !discardsChanges && state.is === 'unloaded' && intents.length > 0
}
