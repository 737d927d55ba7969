import { ConfigError, SessionEndedError } from '../base/errors.ts'
import { affectsProperty, type Intent } from '../changes/intent.ts'
import type { Engine } from '../config/engine.ts'
import type { Draft } from '../draft/draft.ts'
import { loadEntry } from '../draft/opening.ts'
import { foundReason } from './commit-outcome.ts'
import type { CommitResult, Job } from './job.ts'
import type { CommitQueue } from './queue.ts'
import type { Verifier } from './verifier.ts'
import { writeChanges } from './write-changes.ts'

type ClaimScope = Pick<Job, 'deadline' | 'access' | 'mayCycleId'>

/** Takes properties out of sessions, each for at most one caller. */
export class Claims {
  readonly #engine: Engine
  readonly #queue: CommitQueue
  readonly #verifier: Verifier

  constructor(engine: Engine, queue: CommitQueue, verifier: Verifier) {
    this.#engine = engine
    this.#queue = queue
    this.#verifier = verifier
  }

  /** See `Committer.claim`. */
  async claim(draft: Draft, name: string, scope: ClaimScope): Promise<string | undefined> {
    draft.changes.collectOf(name)
    const text = draft.properties.texts.get(name)
    if (draft.state.is !== 'live' || (text === undefined && draft.changes.affects(name))) {
      if (text !== undefined) draft.record({ kind: 'remove', name })
      return text
    }
    const { user: userName } = this.#engine.profile.names
    const own = draft.intents.filter((intent) => affectsProperty(intent, name) || (name === userName && intent.kind === 'login'))
    if (own.length === 0 && !draft.changes.latestTexts.has(name) && !(await this.#isSetByOther(draft, name))) return undefined
    return this.#commitClaim(draft, name, own, scope)
  }

  /**
   * Reads the newest entry, because another request may have set a property that this one did not
   * see.
   */
  async #isSetByOther(draft: Draft, name: string): Promise<boolean> {
    const { state, generation } = draft
    if (state.is !== 'live') return false
    const result = await loadEntry(this.#engine, state.identity, true)
    if (result.entry === undefined || !result.texts.has(name) || generation !== draft.generation) return false
    draft.onCommitted([], { identity: state.identity, entry: result.entry, isWritten: false }, generation)
    return true
  }

  async #commitClaim(draft: Draft, name: string, own: readonly Intent[], scope: ClaimScope): Promise<string | undefined> {
    const { state, generation, changes } = draft
    if (state.is !== 'live') return undefined
    const { latestTexts } = changes
    const intents: Intent[] = [...own, { kind: 'claim', name }]
    let done: CommitResult
    try {
      done = await writeChanges(this.#queue, draft, { ...scope, ...state, intents, merged: undefined, latestTexts, generation }, own)
    } catch (error) {
      if (!(error instanceof SessionEndedError) || own.length > 0) throw error
      this.#engine.emit({ type: 'found-ended', reason: foundReason(error), outcome: 'discarded', handle: state.identity.handle })
      return undefined
    }
    draft.removeClaimed(name, generation)
    const objection = await this.#verifier.verify(draft, done, state.identity, { ...scope, intents, generation })
    if (objection !== undefined) throw objection.error
    return done.merged.claimed
  }
}

/** Throws where a copy of an old cookie could claim the value again. */
export function requireClaims({ capabilities }: Engine): void {
  if (!capabilities.compareAndSwap) throw new ConfigError(NO_CLAIM)
}

const NO_CLAIM =
  'claim() needs a store with the capability `compareAndSwap`, because a copy of an old cookie could claim the value again. Remove the property with pop(), and record in a database what may be used only once.'
