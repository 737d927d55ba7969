import { monotonic } from '../base/clock.ts'
import { CommitUnknownError, ConfigError, SessionEndedError, SessionError } from '../base/errors.ts'
import { concerns, type Intent, logsIn, onlyIncidental } from '../changes/intent.ts'
import type { Merged } from '../changes/merge.ts'
import { type Plan, plan } from '../changes/plan.ts'
import type { Engine } from '../config/engine.ts'
import type { Draft } from '../draft/draft.ts'
import type { Commits } from '../draft/keeper.ts'
import { loadEntry, loadInto } from '../draft/opening.ts'
import type { Identity } from '../store/id.ts'
import { CommitQueue } from './queue.ts'
import { Writer } from './writer.ts'

/** A plan of one kind. */
type PlanOf<Kind extends Plan['do']> = Plan & { readonly do: Kind }

/** What was there when the plan was made: what comes while it is carried out is for the next. */
interface Planned {
  readonly intents: readonly Intent[]
  readonly life: number
  /** The `monotonic()` instant by which it has to be done. */
  readonly deadline: number
}

/** Does what `plan` decides: the one place where a request's changes meet the store. */
export class Committer implements Commits {
  readonly #engine: Engine
  readonly #whenEnded: 'error' | 'discard'
  readonly #writer: Writer
  readonly #queue: CommitQueue

  constructor(engine: Engine, whenEnded: 'error' | 'discard') {
    this.#engine = engine
    this.#whenEnded = whenEnded
    this.#writer = new Writer(engine)
    this.#queue = new CommitQueue(engine, this.#writer)
  }

  perform(draft: Draft, failed: boolean): Promise<void> {
    return draft.inTurn(() => this.#withDeadline(draft, (deadline) => this.#commit(draft, failed, deadline)))
  }

  async claim(draft: Draft, name: string): Promise<string | undefined> {
    if (!this.#engine.capabilities.compareAndSwap) throw new ConfigError(NO_CLAIM)
    return draft.inTurn(() => this.#withDeadline(draft, (deadline) => this.#claim(draft, name, deadline)))
  }

  load(draft: Draft): Promise<void> {
    return draft.inTurn(async () => (draft.state.is === 'unloaded' ? loadInto(this.#engine, draft) : undefined))
  }

  reload(draft: Draft): Promise<void> {
    return draft.inTurn(() => loadInto(this.#engine, draft, true))
  }

  /** Runs one commit within its time. After a write whose fate was not found out nothing more is written for this request. */
  async #withDeadline<T>(draft: Draft, commit: (deadline: number) => Promise<T>): Promise<T> {
    const { generation } = draft
    try {
      return await commit(monotonic() + this.#engine.requestTimeout)
    } catch (error) {
      if (error instanceof CommitUnknownError) draft.markUnknown(generation)
      this.#engine.emit({ type: 'commit-failed', reason: error instanceof SessionError ? error.code : 'application', ...handleOf(draft) })
      throw error
    }
  }

  async #commit(draft: Draft, failed: boolean, deadline: number): Promise<void> {
    if (draft.isDeferred) return this.#engine.emit({ type: 'unchanged', reason: failed ? 'failed-response' : 'not-used' })
    const problem = failed ? undefined : detectMutations(draft)
    const isLost = failed || problem !== undefined
    if (draft.state.is === 'unloaded' && draft.intents.length > 0 && !isLost) await loadInto(this.#engine, draft, true)
    await this.#execute(draft, this.#plan(draft, isLost), { intents: [...draft.intents], life: draft.generation, deadline })
    if (problem !== undefined) throw problem.error
  }

  #plan(draft: Draft, failed: boolean): Plan {
    const { state, intents, flushed, accessed, properties } = draft
    const situation = {
      state,
      intents,
      flushed,
      accessed,
      touches: !this.#engine.capabilities.carriesData,
      failed,
      texts: properties.texts,
      merge: () => draft.merged(),
      now: this.#engine.now(),
    }
    return plan(situation, this.#engine)
  }

  async #execute(draft: Draft, plan: Plan, planned: Planned): Promise<void> {
    switch (plan.do) {
      case 'nothing':
        return this.#engine.emit({ type: 'unchanged', reason: plan.reason, ...handleOf(draft) })
      case 'touch':
        return this.#touch(draft, plan)
      case 'create':
        return this.#create(draft, plan.merged, planned)
      case 'replace':
        return this.#replace(draft, plan, planned)
      case 'delete':
        return this.#delete(draft, plan.ended, 'flush', planned)
      case 'delete-then-create':
        await this.#delete(draft, plan.ended, plan.reason, planned)
        return this.#create(draft, plan.merged, planned)
      case 'refuse':
        if (plan.error instanceof SessionEndedError) return this.#sessionEnded(draft, plan.error, planned)
        throw plan.error
    }
  }

  async #touch(draft: Draft, { identity, entry, expiresAt }: PlanOf<'touch'>): Promise<void> {
    const { store, emit, now, rules } = this.#engine
    const { key, handle } = identity
    try {
      const moved = await store.touch({ key, expiresAt, expected: entry.version, now: now() })
      if (moved && rules.cookieAtEveryWrite) draft.cookies.add(identity, { ...entry, expiresAt }, draft.latestTexts)
      emit(moved ? { type: 'touched', reason: 'idle', handle } : { type: 'touch-refused', reason: 'changed-meanwhile', handle })
    } catch {
      emit({ type: 'touch-refused', reason: 'store-error', handle })
    }
  }

  async #create(draft: Draft, merged: Merged, { intents, life, deadline }: Planned): Promise<void> {
    const { entry, identity } = await this.#writer.create(merged, deadline)
    draft.committed(intents, identity, entry, life)
    this.#engine.emit({ type: 'created', reason: merged.loggedIn ? 'login' : 'changed', handle: identity.handle })
  }

  async #replace(draft: Draft, { identity, entry, merged }: PlanOf<'replace'>, planned: Planned): Promise<void> {
    const { intents, life, deadline } = planned
    try {
      const done = await this.#queue.commit({ identity, entry, intents, latestTexts: draft.latestTexts, merged, deadline })
      draft.committed(intents, done.identity, done.entry, life)
    } catch (error) {
      if (!(error instanceof SessionEndedError)) throw error
      await this.#sessionEnded(draft, error, planned)
    }
  }

  async #delete(draft: Draft, ended: readonly Identity[], reason: 'flush' | 'other-user', { deadline }: Planned): Promise<void> {
    let found = false
    for (const { key, handle } of ended) {
      found = (await this.#writer.delete(key, deadline)) || found
      this.#engine.emit({ type: 'ended', reason, handle })
    }
    if (!found && reason === 'flush') this.#flushedRowMissing(draft)
    for (const { key } of ended) draft.deleted(key)
  }

  /** Where a new id is a new key, a session that was there and is not any more may live on under another: that is no logout. */
  #flushedRowMissing(draft: Draft): void {
    if (this.#engine.capabilities.renames !== true || !draft.flushedCurrent) return
    const outcome = this.#whenEnded === 'discard' ? 'discarded' : 'error'
    this.#engine.emit({ type: 'found-ended', reason: 'ended', outcome })
    if (outcome === 'error') throw new SessionEndedError('ended')
  }

  /** The session ended meanwhile. Nothing is revived: a login starts a new one with this request's own changes, the others are told. */
  async #sessionEnded(draft: Draft, error: SessionEndedError, planned: Planned): Promise<void> {
    const { intents, life } = planned
    if (life !== draft.generation) return // this request has flushed it meanwhile, so it is where it should be
    const outcome = logsIn(intents) ? 'started-new' : onlyIncidental(intents) || this.#whenEnded === 'discard' ? 'discarded' : 'error'
    this.#engine.emit({ type: 'found-ended', reason: error.reason, outcome, ...handleOf(draft) })
    draft.end(outcome === 'started-new')
    if (outcome === 'started-new') return this.#create(draft, draft.merged(), { ...planned, intents: [...draft.intents] })
    if (outcome === 'error') throw error
  }

  async #claim(draft: Draft, name: string, deadline: number): Promise<string | undefined> {
    draft.detectMutation(name)
    const text = draft.properties.texts.get(name)
    if (draft.state.is !== 'live' || (text === undefined && draft.hasPending(name))) {
      if (text !== undefined) draft.record({ kind: 'remove', name })
      return text
    }
    const own = draft.intents.filter((intent) => concerns(intent, name) || (name === this.#engine.rules.user && intent.kind === 'login'))
    if (own.length > 0 || draft.latestTexts.has(name) || (await this.#isSetMeanwhile(draft, name)))
      return this.#commitClaim(draft, name, own, deadline)
    return undefined
  }

  /** What this request did not see may have been set by another. */
  async #isSetMeanwhile(draft: Draft, name: string): Promise<boolean> {
    const { state, generation } = draft
    if (state.is !== 'live') return false
    const reached = await loadEntry(this.#engine, state.identity, true)
    if (reached.entry === undefined || !reached.texts.has(name)) return false
    if (generation !== draft.generation) return false
    draft.committed([], state.identity, reached.entry, generation)
    return true
  }

  async #commitClaim(draft: Draft, name: string, own: readonly Intent[], deadline: number): Promise<string | undefined> {
    const { state, generation } = draft
    if (state.is !== 'live') return undefined
    const intents: Intent[] = [...own, { kind: 'claim', name }]
    try {
      const done = await this.#queue.commit({ ...state, intents, latestTexts: draft.latestTexts, merged: undefined, deadline })
      draft.committed(own, done.identity, done.entry, generation)
      draft.removeClaimed(name, generation)
      return done.merged.claimed
    } catch (error) {
      if (!(error instanceof SessionEndedError) || own.length > 0) throw error
      this.#engine.emit({ type: 'found-ended', reason: error.reason, outcome: 'discarded', ...handleOf(draft) })
      return undefined
    }
  }
}

const NO_CLAIM =
  'This store cannot claim (capability `compareAndSwap`): whoever holds an old cookie could claim again. pop() takes a property out; what must be used once only is marked as used in a database.'

/** Takes in-place changes in; what one of them failed with, if any did. */
function detectMutations(draft: Draft): { readonly error: unknown } | undefined {
  try {
    draft.detectMutations()
    return undefined
  } catch (error) {
    return { error }
  }
}

function handleOf({ state: { identity } }: Draft): { readonly handle?: string } {
  return identity === undefined ? {} : { handle: identity.handle }
}
