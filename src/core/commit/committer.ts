import { type Access, requireToken } from '../base/access.ts'
import { backoff, monotonic } from '../base/clock.ts'
import { CommitUnknownError, SessionEndedError, SessionError } from '../base/errors.ts'
import type { SessionEvent } from '../base/events.ts'
import { COMMIT, type CommitTrace, trace } from '../base/tracing.ts'
import { affectsProperty, type Intent, whenEnded } from '../changes/intent.ts'
import type { Merged } from '../changes/merge.ts'
import { additive } from '../changes/overlap.ts'
import { type Plan, plan } from '../changes/plan.ts'
import { handleOf } from '../changes/state.ts'
import type { Engine } from '../config/engine.ts'
import type { Admission, Objection } from '../config/lifecycle.ts'
import type { Draft } from '../draft/draft.ts'
import { loadInto } from '../draft/opening.ts'
import type { Identity } from '../store/id.ts'
import { admit } from './assignments.ts'
import { Claims, requireClaims } from './claims.ts'
import { foundReason, OUTCOMES, setOutcome } from './commit-outcome.ts'
import { GivenSessions } from './given-sessions.ts'
import type { CommitResult, Job } from './job.ts'
import { CommitQueue } from './queue.ts'
import { Receipts } from './receipts.ts'
import { SessionEnds } from './session-ends.ts'
import { reportUncommitted } from './uncommitted.ts'
import { Verifier } from './verifier.ts'
import { writeChanges } from './write-changes.ts'
import { Writer } from './writer.ts'

type UnchangedReason = (SessionEvent & { readonly type: 'unchanged' })['reason']

type PlanOf<Kind extends Plan['do']> = Plan & { readonly do: Kind }

/** The objection for which a commit was withdrawn. */
type Outcome = Promise<Objection | undefined>

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

/** The changes that a commit covers. Changes made while it runs belong to the next one. */
interface Scope {
  readonly intents: readonly Intent[]
  readonly generation: number
  readonly admission?: Admission | undefined
  /** What the commit may change. */
  readonly access: Access
  readonly mayCycleId: boolean
  /** The `monotonic()` time by which the commit has to end. */
  readonly deadline: number
}

/**
 * Performs what `plan` decides. All writes of sessions go through this class, and all ends through
 * its `ends`. One per manager.
 */
export class Committer {
  readonly ends: SessionEnds
  /** Writes sessions under ids that they have already, for lifecycles. */
  readonly given: GivenSessions
  readonly #engine: Engine
  readonly #writer: Writer
  readonly #queue: CommitQueue
  readonly #verifier: Verifier
  readonly #claims: Claims

  constructor(engine: Engine) {
    const context = { ...engine, receipts: new Receipts(engine.randomText) }
    this.#engine = engine
    this.#writer = new Writer(context)
    this.#queue = new CommitQueue(context, this.#writer)
    this.ends = new SessionEnds(context, this.#writer)
    this.#verifier = new Verifier(engine, this.#queue, this.ends)
    this.#claims = new Claims(engine, this.#queue, this.#verifier)
    this.given = new GivenSessions(engine, this.#writer, this.#verifier, this.ends)
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
        const objection = await this.#execute(draft, plan, { ...scope, intents, admission, generation: draft.generation })
        if (objection === undefined) break
        await this.#beforeRepeat(objection, repeats, scope)
        draft.replaceIntents([...this.#withdrawn(draft, intents), ...draft.intents])
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

  #scope(draft: Draft, access: Access): Scope {
    const deadline = monotonic() + this.#engine.requestTimeout
    return { intents: [], generation: draft.generation, access, mayCycleId: mayCycleId(draft, access), deadline }
  }

  /**
   * Reports a failed commit. After a write with an unknown outcome, nothing more is written for
   * this request. A write that is not verified yet is verified by the next commit.
   */
  #failed(draft: Draft, { generation }: Scope, error: unknown): unknown {
    if (error instanceof CommitUnknownError && draft.unverified === undefined) draft.markUnknown(generation)
    this.#engine.emit({ type: 'commit-failed', reason: reasonOf(error), ...handleOf(draft.state) })
    return error
  }

  #plan(draft: Draft, discardsChanges: boolean, { mayCycleId }: Scope): Plan {
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

  /** Not async, to save two promises per write. */
  #execute(draft: Draft, plan: Exclude<Plan, { do: 'nothing' }>, scope: Scope): Outcome {
    switch (plan.do) {
      case 'touch':
        return this.#touch(draft, plan)
      case 'create':
        return this.#create(draft, plan.merged, scope)
      case 'replace':
        return this.#replace(draft, { ...plan, ...scope, latestTexts: draft.latestTexts }, scope)
      case 'join':
        return this.#join(draft, plan, scope)
      case 'end-overlap':
        return this.#changeIds(draft, plan, { ...scope, mayCycleId: false })
      case 'cycle-id':
        return this.#changeIds(draft, plan, scope)
      case 'delete':
        return this.#delete(draft, plan.ended, 'flush', scope)
      case 'delete-then-create':
        return this.#delete(draft, plan.ended, plan.reason, scope).then(() => this.#create(draft, plan.merged, scope))
      case 'refuse':
        return plan.error instanceof SessionEndedError ? this.#sessionEnded(draft, plan.error, scope) : Promise.reject(plan.error)
    }
  }

  /**
   * Reports a commit without a write, unless it fails because of a change that cannot be stored.
   */
  #unchanged(draft: Draft, reason: UnchangedReason, problem?: object): void {
    if (problem !== undefined) return
    this.#engine.emit({ type: 'unchanged', reason, ...handleOf(draft.state) })
    const { state } = draft
    if (state.is === 'live') draft.onOutcome('unchanged', state.identity, state.entry)
  }

  async #touch(draft: Draft, { identity, entry, expiresAt }: PlanOf<'touch'>): Promise<undefined> {
    const { store, emit, now } = this.#engine
    const { key, handle } = identity
    try {
      const isTouched = await store.touch({ key, expiresAt, expected: entry.version, now: now() })
      draft.onOutcome(isTouched ? 'touched' : 'unchanged', identity, isTouched ? { ...entry, expiresAt } : entry)
      emit(isTouched ? { type: 'touched', reason: 'idle', handle } : { type: 'touch-refused', reason: 'changed-concurrently', handle })
    } catch {
      draft.onOutcome('unchanged', identity, entry)
      emit({ type: 'touch-refused', reason: 'store-error', handle })
    }
  }

  async #create(draft: Draft, merged: Merged, scope: Scope): Outcome {
    requireToken(scope.access, this.#engine.emit) // with `lazy`, it was unknown whether there is a session
    const at = { reserved: draft.reservedIdentity, createdFrom: scope.admission?.createdFrom }
    const created = await this.#writer.create(merged, scope.deadline, at)
    draft.onCommitted(scope.intents, { ...created, isWritten: true }, scope.generation)
    this.#engine.emit({ type: 'created', reason: merged.loggedIn ? 'login' : 'changed', handle: created.identity.handle })
    return this.#verifier.verify(draft, { ...created, isWritten: true, merged, before: undefined, joins: false }, undefined, scope)
  }

  #join(draft: Draft, { identity, newer: { entry, texts } }: PlanOf<'join'>, scope: Scope): Outcome {
    const intents = additive(scope.intents)
    return this.#replace(draft, { ...scope, identity, entry, merged: undefined, latestTexts: texts, intents }, scope)
  }

  /** A failure does not fail the request, because the next request repeats the write. */
  async #changeIds(draft: Draft, { identity, entry }: PlanOf<'end-overlap' | 'cycle-id'>, scope: Scope): Promise<undefined> {
    const none = { ...scope, intents: [] }
    try {
      await this.#replace(draft, { ...none, identity, entry, merged: undefined, latestTexts: draft.latestTexts }, none)
    } catch (error) {
      this.#engine.emit({ type: 'commit-failed', reason: reasonOf(error), ...handleOf(draft.state) })
    }
  }

  async #replace(draft: Draft, job: Job & Pick<Scope, 'generation'>, scope: Scope): Outcome {
    let done: CommitResult
    try {
      done = await writeChanges(this.#queue, draft, job, scope.intents)
    } catch (error) {
      if (!(error instanceof SessionEndedError)) throw error
      return await this.#sessionEnded(draft, error, scope)
    }
    // Outside of the `try`, because an objection may be a `SessionEndedError` too.
    return this.#verifier.verify(draft, done, job.identity, scope)
  }

  /**
   * Waits for a random time, so that of several logins that withdrew for each other one succeeds.
   */
  async #beforeRepeat({ retry, error }: Objection, repeats: number, { deadline }: Scope): Promise<void> {
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

  async #delete(draft: Draft, ended: readonly Identity[], reason: 'flush' | 'other-user', { deadline }: Scope): Promise<undefined> {
    let existed = false
    for (const identity of ended) existed = (await this.ends.end({ ...identity, identity, reason, deadline })) || existed
    if (!existed && reason === 'flush') this.#flushedRowMissing(draft)
    for (const { key } of ended) draft.onDeleted(key)
    draft.onOutcome('ended')
  }

  /**
   * With the capability `renames`, a session that was read and whose row is missing may continue
   * under another key. The flush has then not ended it.
   */
  #flushedRowMissing(draft: Draft): void {
    if (this.#engine.capabilities.renames !== true || !draft.hasFlushedLiveSession) return
    const outcome = this.#engine.whenEnded === 'discard' ? 'discarded' : 'error'
    this.#engine.emit({ type: 'found-ended', reason: 'ended', outcome })
    if (outcome === 'error') throw new SessionEndedError('ended')
  }

  /**
   * Handles the end of the session. A login creates a new session with this request's changes.
   * Other changes are refused.
   */
  async #sessionEnded(draft: Draft, error: SessionEndedError, scope: Scope): Outcome {
    if (scope.generation !== draft.generation) return undefined // this request flushed it while the write was running
    const outcome = this.#outcomeFor(scope.intents)
    this.#engine.emit({ type: 'found-ended', reason: foundReason(error), outcome, ...handleOf(draft.state) })
    draft.end(outcome === 'started-new')
    if (outcome !== 'started-new') draft.onOutcome('ended')
    if (outcome === 'started-new') return this.#startNew(draft, scope)
    if (outcome === 'error') throw error
    return undefined
  }

  async #startNew(draft: Draft, scope: Scope): Outcome {
    const admitting = admit(draft, this.#engine, false, scope.deadline)
    const admission = admitting && (await admitting)
    if (scope.generation !== draft.generation) return undefined
    return this.#create(draft, draft.merged(), { ...scope, admission, intents: [...draft.intents] })
  }

  #outcomeFor(intents: readonly Intent[]): 'started-new' | 'discarded' | 'error' {
    const rule = whenEnded(intents)
    if (rule === 'start-new') return 'started-new'
    return rule === 'drop' || this.#engine.whenEnded === 'discard' ? 'discarded' : 'error'
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
    draft.collectChanges()
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

function reasonOf(error: unknown): string {
  return error instanceof SessionError ? error.code : 'application'
}
