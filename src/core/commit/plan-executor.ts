import { type Access, requireToken } from '../base/access.ts'
import { SessionEndedError } from '../base/errors.ts'
import { type Intent, whenEnded } from '../changes/intent.ts'
import type { Merged } from '../changes/merge.ts'
import { additive } from '../changes/overlap.ts'
import type { Plan } from '../changes/plan.ts'
import { handleOf } from '../changes/state.ts'
import type { Engine } from '../config/engine.ts'
import type { Admission, Objection } from '../config/lifecycle.ts'
import type { Draft } from '../draft/draft.ts'
import type { Identity } from '../store/id.ts'
import { admit } from './assignments.ts'
import { failureReason, foundReason } from './commit-outcome.ts'
import type { CommitResult, Job } from './job.ts'
import type { CommitQueue } from './queue.ts'
import type { SessionEnds } from './session-ends.ts'
import type { Verifier } from './verifier.ts'
import { writeChanges } from './write-changes.ts'
import type { Writer } from './writer.ts'

type PlanOf<Kind extends Plan['do']> = Plan & { readonly do: Kind }

/** The objection for which a commit was withdrawn. */
type Outcome = Promise<Objection | undefined>

/** The changes that a commit covers. Changes made while it runs belong to the next one. */
export interface CommitScope {
  readonly intents: readonly Intent[]
  readonly generation: number
  readonly admission?: Admission | undefined
  /** What the commit may change. */
  readonly access: Access
  readonly mayCycleId: boolean
  /** The `monotonic()` time by which the commit has to end. */
  readonly deadline: number
}

/** What performs the parts of a plan. */
interface Parts {
  readonly writer: Writer
  readonly queue: CommitQueue
  readonly verifier: Verifier
  readonly ends: SessionEnds
}

/** Performs what `plan` decides, and stores the result in the draft. One per manager. */
export class PlanExecutor {
  readonly #engine: Engine
  readonly #writer: Writer
  readonly #queue: CommitQueue
  readonly #verifier: Verifier
  readonly #ends: SessionEnds

  constructor(engine: Engine, { writer, queue, verifier, ends }: Parts) {
    this.#engine = engine
    this.#writer = writer
    this.#queue = queue
    this.#verifier = verifier
    this.#ends = ends
  }

  /** Not async, to save two promises per write. */
  execute(draft: Draft, plan: Exclude<Plan, { do: 'nothing' }>, scope: CommitScope): Outcome {
    switch (plan.do) {
      case 'touch':
        return this.#touch(draft, plan)
      case 'create':
        return this.#create(draft, plan.merged, scope)
      case 'replace':
        return this.#replace(draft, { ...plan, ...scope, latestTexts: draft.changes.latestTexts }, scope)
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

  async #touch(draft: Draft, { identity, entry, expiresAt }: PlanOf<'touch'>): Promise<undefined> {
    const { store, emit, now } = this.#engine
    const { key, handle } = identity
    try {
      const isTouched = await store.touch({ key, expiresAt, expected: entry.version, now: now() })
      draft.pending.onOutcome(isTouched ? 'touched' : 'unchanged', identity, isTouched ? { ...entry, expiresAt } : entry)
      emit(isTouched ? { type: 'touched', reason: 'idle', handle } : { type: 'touch-refused', reason: 'changed-concurrently', handle })
    } catch {
      draft.pending.onOutcome('unchanged', identity, entry)
      emit({ type: 'touch-refused', reason: 'store-error', handle })
    }
  }

  async #create(draft: Draft, merged: Merged, scope: CommitScope): Outcome {
    requireToken(scope.access, this.#engine.emit) // with `lazy`, it was unknown whether there is a session
    const at = { reserved: draft.reservedIdentity, createdFrom: scope.admission?.createdFrom }
    const created = await this.#writer.create(merged, scope.deadline, at)
    draft.onCommitted(scope.intents, { ...created, isWritten: true }, scope.generation)
    this.#engine.emit({ type: 'created', reason: merged.loggedIn ? 'login' : 'changed', handle: created.identity.handle })
    return this.#verifier.verify(draft, { ...created, isWritten: true, merged, before: undefined, joins: false }, undefined, scope)
  }

  #join(draft: Draft, { identity, newer: { entry, texts } }: PlanOf<'join'>, scope: CommitScope): Outcome {
    const intents = additive(scope.intents)
    return this.#replace(draft, { ...scope, identity, entry, merged: undefined, latestTexts: texts, intents }, scope)
  }

  /** A failure does not fail the request, because the next request repeats the write. */
  async #changeIds(draft: Draft, { identity, entry }: PlanOf<'end-overlap' | 'cycle-id'>, scope: CommitScope): Promise<undefined> {
    const none = { ...scope, intents: [] }
    try {
      await this.#replace(draft, { ...none, identity, entry, merged: undefined, latestTexts: draft.changes.latestTexts }, none)
    } catch (error) {
      this.#engine.emit({ type: 'commit-failed', reason: failureReason(error), ...handleOf(draft.state) })
    }
  }

  async #replace(draft: Draft, job: Job & Pick<CommitScope, 'generation'>, scope: CommitScope): Outcome {
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

  async #delete(draft: Draft, ended: readonly Identity[], reason: 'flush' | 'other-user', { deadline }: CommitScope): Promise<undefined> {
    let existed = false
    for (const identity of ended) existed = (await this.#ends.end({ ...identity, identity, reason, deadline })) || existed
    if (!existed && reason === 'flush') this.#flushedRowMissing(draft)
    for (const { key } of ended) draft.onDeleted(key)
    draft.pending.onOutcome('ended')
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
   * Other changes are refused. A request without changes keeps what it read.
   */
  async #sessionEnded(draft: Draft, error: SessionEndedError, scope: CommitScope): Outcome {
    if (scope.generation !== draft.generation) return undefined // this request flushed it while the write was running
    const outcome = this.#outcomeFor(scope.intents)
    this.#engine.emit({ type: 'found-ended', reason: foundReason(error), outcome, ...handleOf(draft.state) })
    if (scope.intents.length > 0) draft.end(outcome === 'started-new')
    if (outcome !== 'started-new') draft.pending.onOutcome('ended')
    if (outcome === 'started-new') return this.#startNew(draft, scope)
    if (outcome === 'error') throw error
    return undefined
  }

  async #startNew(draft: Draft, scope: CommitScope): Outcome {
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
