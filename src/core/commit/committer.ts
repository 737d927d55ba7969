import { requireToken } from '../base/access.ts'
import { monotonic } from '../base/clock.ts'
import { CommitUnknownError, ConfigError, SessionEndedError, SessionError } from '../base/errors.ts'
import type { SessionEvent } from '../base/events.ts'
import { affectsProperty, type Intent, whenEnded } from '../changes/intent.ts'
import type { Merged } from '../changes/merge.ts'
import { additive } from '../changes/overlap.ts'
import { type Plan, plan } from '../changes/plan.ts'
import type { Engine } from '../config/engine.ts'
import type { Draft } from '../draft/draft.ts'
import { loadEntry, loadInto } from '../draft/opening.ts'
import type { Identity } from '../store/id.ts'
import type { CommitResult, Job } from './job.ts'
import { CommitQueue } from './queue.ts'
import { Receipts } from './receipts.ts'
import { Writer } from './writer.ts'

type PlanOf<Kind extends Plan['do']> = Plan & { readonly do: Kind }

type EndReason = (SessionEvent & { readonly type: 'ended' })['reason']

/** The changes that a commit covers. Changes made while it runs belong to the next one. */
interface Scope {
  readonly intents: readonly Intent[]
  readonly generation: number
  /** The `monotonic()` time by which the commit has to end. */
  readonly deadline: number
}

/**
 * Performs what `plan` decides: all writes of sessions go through this class, and the ends by
 * `flush` and `login`. `Sessions.revoke` and `Users.revoke` delete in the store directly. One per
 * manager.
 */
export class Committer {
  readonly #engine: Engine
  readonly #writer: Writer
  readonly #queue: CommitQueue

  constructor(engine: Engine) {
    const context = { ...engine, receipts: new Receipts(engine.randomText) }
    this.#engine = engine
    this.#writer = new Writer(context)
    this.#queue = new CommitQueue(context, this.#writer)
  }

  /**
   * Commits the changes of a draft. If the status is 500 or above and `saveOnError` is not set, only
   * a flush and the end of an overlap are performed.
   */
  async commit(draft: Draft, status = 200): Promise<void> {
    const failed = status >= 500 && !this.#engine.saveOnError
    if (draft.state.is === 'deferred') return this.#unchanged(draft, failed ? 'failed-response' : 'not-used')
    const scope = this.#scope(draft)
    try {
      const problem = failed ? undefined : detectMutations(draft)
      const discardsChanges = failed || problem !== undefined
      if (draft.state.is === 'unloaded' && draft.intents.length > 0 && !discardsChanges) await loadInto(this.#engine, draft, true)
      const plan = this.#plan(draft, discardsChanges)
      if (plan.do === 'nothing') this.#unchanged(draft, plan.reason)
      else await this.#execute(draft, plan, { ...scope, intents: [...draft.intents], generation: draft.generation })
      if (problem !== undefined) throw problem.error
    } catch (error) {
      throw this.#failed(draft, scope, error)
    }
  }

  /** Removes a property in the store and resolves to its text. At most one caller gets it. */
  async claim(draft: Draft, name: string): Promise<string | undefined> {
    if (!this.#engine.capabilities.compareAndSwap) throw new ConfigError(NO_CLAIM)
    const scope = this.#scope(draft)
    try {
      return await this.#claim(draft, name, scope)
    } catch (error) {
      throw this.#failed(draft, scope, error)
    }
  }

  async load(draft: Draft): Promise<void> {
    draft.openToken()
    if (draft.state.is === 'unloaded') await loadInto(this.#engine, draft)
  }

  async reload(draft: Draft): Promise<void> {
    draft.openToken()
    await loadInto(this.#engine, draft, true)
  }

  /** Ends one session. Resolves to `false` if there was none. Rejects with `StoreError`. */
  async #end(identity: Identity, reason: EndReason, deadline: number): Promise<boolean> {
    const existed = await this.#writer.delete(identity.key, deadline)
    this.#engine.emit({ type: 'ended', reason, handle: identity.handle })
    return existed
  }

  /** Reports changes that nothing will commit. The warning is printed once. */
  reportUncommitted(draft: Draft): void {
    if (draft.isCommitted) return
    const isModified = detectMutations(draft) !== undefined || draft.intents.length > 0 || draft.pendingDeletes.length > 0
    if (!isModified) return
    this.#engine.emit({ type: 'uncommitted', reason: 'closed', ...handleOf(draft) })
    this.#engine.warnOnce(UNCOMMITTED)
  }

  #scope({ generation }: Draft): Scope {
    return { intents: [], generation, deadline: monotonic() + this.#engine.requestTimeout }
  }

  /**
   * Reports a failed commit. After a write with an unknown outcome, nothing more is written for
   * this request.
   */
  #failed(draft: Draft, { generation }: Scope, error: unknown): unknown {
    if (error instanceof CommitUnknownError) draft.markUnknown(generation)
    this.#engine.emit({ type: 'commit-failed', reason: reasonOf(error), ...handleOf(draft) })
    return error
  }

  #plan(draft: Draft, discardsChanges: boolean): Plan {
    const { state, intents, pendingDeletes, accessed, properties } = draft
    const situation = {
      state,
      intents,
      pendingDeletes,
      accessed,
      touches: draft.isActivity && !this.#engine.capabilities.carriesData,
      discardsChanges,
      texts: properties.texts,
      merge: () => draft.merged(),
      now: this.#engine.now(),
    }
    return plan(situation, this.#engine)
  }

  /** Not async, to save two promises per write. */
  #execute(draft: Draft, plan: Exclude<Plan, { do: 'nothing' }>, scope: Scope): Promise<void> {
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
        return this.#endOverlap(draft, plan, scope)
      case 'delete':
        return this.#delete(draft, plan.ended, 'flush', scope)
      case 'delete-then-create':
        return this.#delete(draft, plan.ended, plan.reason, scope).then(() => this.#create(draft, plan.merged, scope))
      case 'refuse':
        return plan.error instanceof SessionEndedError ? this.#sessionEnded(draft, plan.error, scope) : Promise.reject(plan.error)
    }
  }

  #unchanged(draft: Draft, reason: (SessionEvent & { readonly type: 'unchanged' })['reason']): void {
    this.#engine.emit({ type: 'unchanged', reason, ...handleOf(draft) })
  }

  async #touch(draft: Draft, { identity, entry, expiresAt }: PlanOf<'touch'>): Promise<void> {
    const { store, emit, now } = this.#engine
    const { key, handle } = identity
    try {
      const isTouched = await store.touch({ key, expiresAt, expected: entry.version, now: now() })
      if (isTouched) draft.issue('touched', identity, { ...entry, expiresAt })
      emit(isTouched ? { type: 'touched', reason: 'idle', handle } : { type: 'touch-refused', reason: 'changed-concurrently', handle })
    } catch {
      emit({ type: 'touch-refused', reason: 'store-error', handle })
    }
  }

  async #create(draft: Draft, merged: Merged, scope: Scope): Promise<void> {
    requireToken(draft.access, this.#engine.emit) // with `lazy`, it was unknown whether there is a session
    const { entry, identity } = await this.#writer.create(merged, scope.deadline)
    draft.onCommitted(scope.intents, identity, entry, scope.generation)
    this.#engine.emit({ type: 'created', reason: merged.loggedIn ? 'login' : 'changed', handle: identity.handle })
  }

  #join(draft: Draft, { identity, newer: { entry, texts } }: PlanOf<'join'>, scope: Scope): Promise<void> {
    const intents = additive(scope.intents)
    return this.#replace(draft, { ...scope, identity, entry, merged: undefined, latestTexts: texts, intents }, scope)
  }

  /** A failure does not fail the request, because the next request repeats the write. */
  async #endOverlap(draft: Draft, { identity, entry }: PlanOf<'end-overlap'>, scope: Scope): Promise<void> {
    const none = { ...scope, intents: [] }
    try {
      await this.#replace(draft, { ...none, identity, entry, merged: undefined, latestTexts: draft.latestTexts }, none)
    } catch (error) {
      this.#engine.emit({ type: 'commit-failed', reason: reasonOf(error), ...handleOf(draft) })
    }
  }

  async #replace(draft: Draft, job: Omit<Job, 'access'> & Pick<Scope, 'generation'>, scope: Scope): Promise<void> {
    try {
      await this.#write(draft, job, scope.intents)
    } catch (error) {
      if (!(error instanceof SessionEndedError)) throw error
      await this.#sessionEnded(draft, error, scope)
    }
  }

  /** Writes to a session that exists. `own`: the intents of the draft that the job contains. */
  #write(draft: Draft, job: Omit<Job, 'access'> & Pick<Scope, 'generation'>, own: readonly Intent[]): Promise<CommitResult> {
    return this.#queue.commit({ ...job, access: draft.access }).then((done) => {
      draft.onCommitted(own, done.identity, done.entry, job.generation)
      return done
    })
  }

  async #delete(draft: Draft, ended: readonly Identity[], reason: 'flush' | 'other-user', { deadline }: Scope): Promise<void> {
    let existed = false
    for (const identity of ended) existed = (await this.#end(identity, reason, deadline)) || existed
    if (!existed && reason === 'flush') this.#flushedRowMissing(draft)
    for (const { key } of ended) draft.onDeleted(key)
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
  async #sessionEnded(draft: Draft, error: SessionEndedError, scope: Scope): Promise<void> {
    if (scope.generation !== draft.generation) return // this request flushed it while the write was running
    const outcome = this.#outcomeFor(scope.intents)
    this.#engine.emit({ type: 'found-ended', reason: error.reason, outcome, ...handleOf(draft) })
    draft.end(outcome === 'started-new')
    if (outcome === 'started-new') return this.#create(draft, draft.merged(), { ...scope, intents: [...draft.intents] })
    if (outcome === 'error') throw error
  }

  #outcomeFor(intents: readonly Intent[]): 'started-new' | 'discarded' | 'error' {
    const rule = whenEnded(intents)
    if (rule === 'start-new') return 'started-new'
    return rule === 'drop' || this.#engine.whenEnded === 'discard' ? 'discarded' : 'error'
  }

  async #claim(draft: Draft, name: string, { deadline }: Scope): Promise<string | undefined> {
    draft.detectMutation(name)
    const text = draft.properties.texts.get(name)
    if (draft.state.is !== 'live' || (text === undefined && draft.hasPending(name))) {
      if (text !== undefined) draft.record({ kind: 'remove', name })
      return text
    }
    const { userName } = this.#engine.profile
    const own = draft.intents.filter((intent) => affectsProperty(intent, name) || (name === userName && intent.kind === 'login'))
    if (own.length === 0 && !draft.latestTexts.has(name) && !(await this.#isSetMeanwhile(draft, name))) return undefined
    return this.#commitClaim(draft, name, own, deadline)
  }

  /**
   * Reads the newest entry, because another request may have set a property that this one did not
   * see.
   */
  async #isSetMeanwhile(draft: Draft, name: string): Promise<boolean> {
    const { state, generation } = draft
    if (state.is !== 'live') return false
    const result = await loadEntry(this.#engine, state.identity, true)
    if (result.entry === undefined || !result.texts.has(name) || generation !== draft.generation) return false
    draft.onCommitted([], state.identity, result.entry, generation)
    return true
  }

  async #commitClaim(draft: Draft, name: string, own: readonly Intent[], deadline: number): Promise<string | undefined> {
    const { state, generation, latestTexts } = draft
    if (state.is !== 'live') return undefined
    const intents: Intent[] = [...own, { kind: 'claim', name }]
    try {
      const { merged } = await this.#write(draft, { ...state, intents, merged: undefined, latestTexts, generation, deadline }, own)
      draft.removeClaimed(name, generation)
      return merged.claimed
    } catch (error) {
      if (!(error instanceof SessionEndedError) || own.length > 0) throw error
      this.#engine.emit({ type: 'found-ended', reason: error.reason, outcome: 'discarded', ...handleOf(draft) })
      return undefined
    }
  }
}

const NO_CLAIM =
  'claim() needs a store with the capability `compareAndSwap`, because a copy of an old cookie could claim the value again. Remove the property with pop(), and record in a database what may be used only once.'

const UNCOMMITTED =
  'A connection closed with changes of its session that were never saved, so they are lost. A WebSocket has no response that saves them: call `await session.save()` after a change. Further cases are reported only to the option `onEvent`, as events of type `uncommitted`.'

/** Records changes inside of objects. Returns the error when one of them cannot be stored. */
function detectMutations(draft: Draft): { readonly error: unknown } | undefined {
  try {
    draft.detectMutations()
    return undefined
  } catch (error) {
    return { error }
  }
}

function reasonOf(error: unknown): string {
  return error instanceof SessionError ? error.code : 'application'
}

function handleOf({ state: { identity } }: Draft): { readonly handle?: string } {
  return identity === undefined ? {} : { handle: identity.handle }
}
