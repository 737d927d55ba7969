import { Commits } from './commits.ts'
import type { Draft } from './draft.ts'
import { type Engine, monotonic } from './engine.ts'
import { GoneError, SessionError } from './errors.ts'
import { gone } from './fold.ts'
import type { Intent } from './intent.ts'
import { unknown } from './job.ts'
import { openFrom } from './opening.ts'
import { logsIn, onlyConsumes, type Plan, plan } from './plan.ts'
import type { Entry } from './store.ts'
import { Writer } from './writer.ts'

/** Does what `plan` decides: the one place where a request's changes meet the store. */
export class Performer {
  readonly #engine: Engine
  readonly #onGone: 'error' | 'discard'
  readonly #writer: Writer
  readonly #commits: Commits

  constructor(engine: Engine, onGone: 'error' | 'discard') {
    this.#engine = engine
    this.#onGone = onGone
    this.#writer = new Writer(engine)
    this.#commits = new Commits(engine, this.#writer)
  }

  /** Commits what a draft recorded; of a failed response only the flush. Saves and claims of one request go one after the other. */
  perform(draft: Draft, failed: boolean): Promise<void> {
    return inTurn(draft, () => this.#perform(draft, failed))
  }

  /** Reads the newest state; what is recorded stays on top. */
  reload(draft: Draft): Promise<void> {
    return inTurn(draft, () => openFrom(this.#engine, draft, true))
  }

  /** Reads the state where nobody has looked yet. */
  load(draft: Draft): Promise<void> {
    return inTurn(draft, async () => (draft.standing === 'unloaded' ? openFrom(this.#engine, draft) : undefined))
  }

  /** Takes a property out in the store at once, with this request's own changes of it; answers the text that was taken. */
  claim(draft: Draft, name: string): Promise<string | undefined> {
    return inTurn(draft, () => this.#claim(draft, name))
  }

  async #perform(draft: Draft, failed: boolean): Promise<void> {
    const problem = failed ? undefined : settled(draft)
    const { intents } = draft
    try {
      if (draft.standing === 'unloaded' && intents.length > 0 && !failed) await openFrom(this.#engine, draft, true)
      await this.#carryOut(draft, this.#plan(draft, failed || problem !== undefined))
    } catch (error) {
      this.#note(draft, error)
      throw error
    }
    if (problem !== undefined) throw problem.error
  }

  #plan(draft: Draft, failed: boolean): Plan {
    const { standing, entry, intents, flushed, accessed } = draft
    const now = this.#engine.now()
    return plan({ standing, entry, intents, flushed, accessed, failed, now, merged: draft.merged() }, this.#engine, draft.identity?.key)
  }

  async #carryOut(draft: Draft, plan: Plan): Promise<void> {
    switch (plan.do) {
      case 'nothing':
        return this.#engine.emit({ type: 'untouched', reason: plan.reason, ...handleOf(draft) })
      case 'touch':
        return this.#touch(draft, plan.expiresAt)
      case 'create':
        return this.#create(draft)
      case 'replace':
        return this.#replace(draft)
      case 'delete':
        return this.#delete(draft, plan.keys, 'flush')
      case 'delete-then-create':
        await this.#delete(draft, plan.keys, plan.reason)
        return this.#create(draft)
      case 'refuse':
        return this.#refuse(draft, plan.reason)
    }
  }

  async #touch(draft: Draft, expiresAt: number): Promise<void> {
    const { store, emit, now } = this.#engine
    const { key } = draft.identity as { key: string }
    try {
      const moved = await store.touch(key, expiresAt, (draft.entry as Entry).version, now())
      emit(moved ? { type: 'touched', reason: 'idle', handle: key } : { type: 'touch-refused', reason: 'changed-meanwhile', handle: key })
    } catch {
      emit({ type: 'touch-refused', reason: 'store-error', handle: key })
    }
  }

  async #create(draft: Draft): Promise<void> {
    const intents = [...draft.intents]
    const merged = draft.merged()
    const { entry, identity } = await this.#writer.create(merged, this.#deadline())
    draft.committed(intents, identity, entry)
    this.#engine.emit({ type: 'created', reason: merged.loggedIn ? 'login' : 'changed', handle: identity.key })
  }

  async #replace(draft: Draft): Promise<void> {
    const { identity, entry, intents } = draft
    if (identity === undefined || entry === undefined) return
    const sent = [...intents]
    try {
      const seen = { version: entry.version, merged: draft.merged() }
      const done = await this.#commits.replace({ identity, entry, intents: sent, known: draft.known, seen })
      draft.committed(sent, done.identity, done.entry)
    } catch (error) {
      if (!(error instanceof GoneError)) throw error
      await this.#gone(draft, error)
    }
  }

  async #delete(draft: Draft, keys: readonly string[], reason: 'flush' | 'other-user'): Promise<void> {
    for (const key of keys) {
      await this.#writer.delete(key, this.#deadline())
      draft.flushed = draft.flushed.filter((each) => each !== key)
      this.#engine.emit({ type: 'deleted', reason, handle: key })
    }
  }

  #refuse(draft: Draft, reason: (Plan & { readonly do: 'refuse' })['reason']): Promise<void> {
    if (reason === 'gone') return this.#gone(draft, gone('ended'))
    throw reason === 'unknown' ? unknown() : (draft.loadError as SessionError)
  }

  /** The session ended meanwhile. Nothing is revived: a login starts a new one with this request's own changes, the others are told. */
  async #gone(draft: Draft, error: GoneError): Promise<void> {
    const { intents } = draft
    const outcome = logsIn(intents) ? 'started-anew' : onlyConsumes(intents) || this.#onGone === 'discard' ? 'discarded' : 'error'
    this.#engine.emit({ type: 'gone', reason: 'ended', outcome, ...handleOf(draft) })
    draft.end(outcome === 'started-anew' ? intents : [])
    if (outcome === 'started-anew') return this.#create(draft)
    if (outcome === 'error') throw error
  }

  async #claim(draft: Draft, name: string): Promise<string | undefined> {
    draft.settleOne(name)
    const text = draft.properties.texts.get(name)
    if (draft.standing !== 'live' || (text === undefined && draft.hasPending(name))) {
      if (text !== undefined) draft.record({ kind: 'remove', name })
      return text
    }
    if (logsIn(draft.intents)) await this.#perform(draft, false) // it decides whose property this is
    const own = draft.intents.filter((intent) => 'name' in intent && intent.name === name)
    if (own.length === 0 && !draft.known.has(name)) return this.#claimUnseen(draft, name)
    return this.#take(draft, name, own)
  }

  /** What this request did not see may have been set meanwhile. */
  async #claimUnseen(draft: Draft, name: string): Promise<string | undefined> {
    const { identity } = draft
    if (identity === undefined) return undefined
    const entry = await this.#engine.store.load(identity.key, this.#engine.now(), { fresh: true })
    const texts = entry?.proof === identity.proof ? this.#engine.values.decode(entry.payload) : undefined
    if (entry === undefined || texts?.has(name) !== true) return undefined
    draft.committed([], identity, entry)
    return this.#take(draft, name, [])
  }

  async #take(draft: Draft, name: string, own: readonly Intent[]): Promise<string | undefined> {
    const { identity, entry } = draft
    if (identity === undefined || entry === undefined) return undefined
    try {
      const intents: Intent[] = [...own, { kind: 'take', name }]
      const done = await this.#commits.replace({ identity, entry, intents, known: draft.known, seen: undefined })
      draft.committed(own, done.identity, done.entry)
      draft.forget(name)
      return done.merged.taken
    } catch (error) {
      this.#note(draft, error)
      if (error instanceof GoneError && own.length === 0) return undefined
      throw error
    }
  }

  #note(draft: Draft, error: unknown): void {
    if (error instanceof SessionError && error.code === 'ERR_SESSION_COMMIT_UNKNOWN') draft.standing = 'unknown'
    this.#engine.emit({ type: 'commit-failed', reason: error instanceof SessionError ? error.code : 'application', ...handleOf(draft) })
  }

  #deadline(): number {
    return monotonic() + this.#engine.patience
  }
}

/** Takes in-place changes in; what one of them failed with, if any did. */
function settled(draft: Draft): { readonly error: unknown } | undefined {
  try {
    draft.settle()
    return undefined
  } catch (error) {
    return { error }
  }
}

function handleOf({ identity }: Draft): { readonly handle?: string } {
  return identity === undefined ? {} : { handle: identity.key }
}

function inTurn<T>(draft: Draft, work: () => Promise<T>): Promise<T> {
  const turn = draft.turn === undefined ? work() : draft.turn.then(work, work)
  draft.turn = turn
  return turn
}
