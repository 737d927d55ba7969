import { monotonic } from '../clock.ts'
import type { Draft } from '../draft.ts'
import type { Engine } from '../engine.ts'
import { CommitUnknownError, ConfigError, GoneError, SessionError } from '../errors.ts'
import type { Identity } from '../id.ts'
import type { Keeper } from '../keeper.ts'
import { openFrom, reach } from '../opening.ts'
import { CommitQueue } from './commit-queue.ts'
import { concerns, type Intent, logsIn, onlyIncidental } from './intent.ts'
import type { Merged } from './merge.ts'
import { type Plan, plan } from './plan.ts'
import { Writer } from './writer.ts'

/** A plan of one kind. */
type To<Kind extends Plan['do']> = Plan & { readonly do: Kind }

/** What was there when the plan was made: what comes while it is carried out is for the next. */
interface Planned {
  readonly intents: readonly Intent[]
  readonly life: number
  /** The `monotonic()` instant by which it has to be done. */
  readonly until: number
}

/** Does what `plan` decides: the one place where a request's changes meet the store. */
export class Performer implements Keeper {
  readonly #engine: Engine
  readonly #onGone: 'error' | 'discard'
  readonly #writer: Writer
  readonly #queue: CommitQueue

  constructor(engine: Engine, onGone: 'error' | 'discard') {
    this.#engine = engine
    this.#onGone = onGone
    this.#writer = new Writer(engine)
    this.#queue = new CommitQueue(engine, this.#writer)
  }

  perform(draft: Draft, failed: boolean): Promise<void> {
    return draft.inTurn(() => this.#noting(draft, (until) => this.#perform(draft, failed, until)))
  }

  async claim(draft: Draft, name: string): Promise<string | undefined> {
    if (!this.#engine.can.compareAndSwap) throw new ConfigError(NO_CLAIM)
    return draft.inTurn(() => this.#noting(draft, (until) => this.#claim(draft, name, until)))
  }

  load(draft: Draft): Promise<void> {
    return draft.inTurn(async () => (draft.state.is === 'unloaded' ? openFrom(this.#engine, draft) : undefined))
  }

  reload(draft: Draft): Promise<void> {
    return draft.inTurn(() => openFrom(this.#engine, draft, true))
  }

  /** Runs one commit within its time. After a write whose fate was not found out nothing more is written for this request. */
  async #noting<T>(draft: Draft, commit: (until: number) => Promise<T>): Promise<T> {
    const { life } = draft
    try {
      return await commit(monotonic() + this.#engine.requestTimeout)
    } catch (error) {
      if (error instanceof CommitUnknownError) draft.lose(life)
      this.#engine.emit({ type: 'commit-failed', reason: error instanceof SessionError ? error.code : 'application', ...handleOf(draft) })
      throw error
    }
  }

  async #perform(draft: Draft, failed: boolean, until: number): Promise<void> {
    if (draft.isUnopened) return this.#engine.emit({ type: 'untouched', reason: failed ? 'failed-response' : 'not-used' })
    const problem = failed ? undefined : noticed(draft)
    const isLost = failed || problem !== undefined
    if (draft.state.is === 'unloaded' && draft.intents.length > 0 && !isLost) await openFrom(this.#engine, draft, true)
    await this.#carryOut(draft, this.#plan(draft, isLost), { intents: [...draft.intents], life: draft.life, until })
    if (problem !== undefined) throw problem.error
  }

  #plan(draft: Draft, failed: boolean): Plan {
    const { state, intents, flushed, accessed, properties } = draft
    const situation = {
      state,
      intents,
      flushed,
      accessed,
      touches: !this.#engine.can.carriesData,
      failed,
      texts: properties.texts,
      merge: () => draft.merged(),
      now: this.#engine.now(),
    }
    return plan(situation, this.#engine)
  }

  async #carryOut(draft: Draft, plan: Plan, planned: Planned): Promise<void> {
    switch (plan.do) {
      case 'nothing':
        return this.#engine.emit({ type: 'untouched', reason: plan.reason, ...handleOf(draft) })
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
        if (plan.error instanceof GoneError) return this.#gone(draft, plan.error, planned)
        throw plan.error
    }
  }

  async #touch(draft: Draft, { identity, entry, expiresAt }: To<'touch'>): Promise<void> {
    const { store, emit, now, customs } = this.#engine
    const { key, handle } = identity
    try {
      const moved = await store.touch(key, expiresAt, entry.version, now())
      if (moved && customs.cookieAtEveryWrite) draft.debt.owe(identity, { ...entry, expiresAt }, draft.known)
      emit(moved ? { type: 'touched', reason: 'idle', handle } : { type: 'touch-refused', reason: 'changed-meanwhile', handle })
    } catch {
      emit({ type: 'touch-refused', reason: 'store-error', handle })
    }
  }

  async #create(draft: Draft, merged: Merged, { intents, life, until }: Planned): Promise<void> {
    const { entry, identity } = await this.#writer.create(merged, until)
    draft.committed(intents, identity, entry, life)
    this.#engine.emit({ type: 'created', reason: merged.loggedIn ? 'login' : 'changed', handle: identity.handle })
  }

  async #replace(draft: Draft, { identity, entry, merged }: To<'replace'>, planned: Planned): Promise<void> {
    const { intents, life, until } = planned
    try {
      const done = await this.#queue.commit({ identity, entry, intents, known: draft.known, merged, until })
      draft.committed(intents, done.identity, done.entry, life)
    } catch (error) {
      if (!(error instanceof GoneError)) throw error
      await this.#gone(draft, error, planned)
    }
  }

  async #delete(draft: Draft, ended: readonly Identity[], reason: 'flush' | 'other-user', { until }: Planned): Promise<void> {
    let found = false
    for (const { key, handle } of ended) {
      found = (await this.#writer.delete(key, until)) || found
      this.#engine.emit({ type: 'deleted', reason, handle })
    }
    if (!found && reason === 'flush') this.#missed(draft)
    for (const { key } of ended) draft.deleted(key)
  }

  /** Where a new id is a new key, a session that was there and is not any more may live on under another: that is no logout. */
  #missed(draft: Draft): void {
    if (this.#engine.can.renames !== true || !draft.flushedLiving) return
    const outcome = this.#onGone === 'discard' ? 'discarded' : 'error'
    this.#engine.emit({ type: 'gone', reason: 'ended', outcome })
    if (outcome === 'error') throw new GoneError('ended')
  }

  /** The session ended meanwhile. Nothing is revived: a login starts a new one with this request's own changes, the others are told. */
  async #gone(draft: Draft, error: GoneError, planned: Planned): Promise<void> {
    const { intents, life } = planned
    if (life !== draft.life) return // this request has flushed it meanwhile, so it is where it should be
    const outcome = logsIn(intents) ? 'started-anew' : onlyIncidental(intents) || this.#onGone === 'discard' ? 'discarded' : 'error'
    this.#engine.emit({ type: 'gone', reason: error.reason, outcome, ...handleOf(draft) })
    draft.end(outcome === 'started-anew')
    if (outcome === 'started-anew') return this.#create(draft, draft.merged(), { ...planned, intents: [...draft.intents] })
    if (outcome === 'error') throw error
  }

  async #claim(draft: Draft, name: string, until: number): Promise<string | undefined> {
    draft.noticeEdit(name)
    const text = draft.properties.texts.get(name)
    if (draft.state.is !== 'live' || (text === undefined && draft.hasPending(name))) {
      if (text !== undefined) draft.record({ kind: 'remove', name })
      return text
    }
    const own = draft.intents.filter((intent) => concerns(intent, name) || (name === this.#engine.customs.user && intent.kind === 'login'))
    if (own.length > 0 || draft.known.has(name) || (await this.#isSetMeanwhile(draft, name))) return this.#takeOut(draft, name, own, until)
    return undefined
  }

  /** What this request did not see may have been set by another. */
  async #isSetMeanwhile(draft: Draft, name: string): Promise<boolean> {
    const { state, life } = draft
    if (state.is !== 'live') return false
    const reached = await reach(this.#engine, state.identity, true)
    if (reached.entry === undefined || !reached.texts.has(name)) return false
    if (life !== draft.life) return false
    draft.committed([], state.identity, reached.entry, life)
    return true
  }

  async #takeOut(draft: Draft, name: string, own: readonly Intent[], until: number): Promise<string | undefined> {
    const { state, life } = draft
    if (state.is !== 'live') return undefined
    const intents: Intent[] = [...own, { kind: 'claim', name }]
    try {
      const done = await this.#queue.commit({ ...state, intents, known: draft.known, merged: undefined, until })
      draft.committed(own, done.identity, done.entry, life)
      draft.forget(name, life)
      return done.merged.claimed
    } catch (error) {
      if (!(error instanceof GoneError) || own.length > 0) throw error
      this.#engine.emit({ type: 'gone', reason: error.reason, outcome: 'discarded', ...handleOf(draft) })
      return undefined
    }
  }
}

const NO_CLAIM =
  'This store cannot claim (capability `compareAndSwap`): whoever holds an old cookie could claim again. pop() takes a property out; what must be used once only is marked as used in a database.'

/** Takes in-place changes in; what one of them failed with, if any did. */
function noticed(draft: Draft): { readonly error: unknown } | undefined {
  try {
    draft.noticeEdits()
    return undefined
  } catch (error) {
    return { error }
  }
}

function handleOf({ state: { identity } }: Draft): { readonly handle?: string } {
  return identity === undefined ? {} : { handle: identity.handle }
}
