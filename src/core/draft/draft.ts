import { type Access, FULL_ACCESS, type Refusal } from '../base/access.ts'
import { CommitUnknownError, HeadersSentError, NotLoadedError } from '../base/errors.ts'
import { isReserved } from '../base/reserved.ts'
import { apply, concerns, type Effects, type Intent, noEffects, whenGone } from '../changes/intent.ts'
import { conclude, type Merged, merge } from '../changes/merge.ts'
import type { State } from '../changes/state.ts'
import type { Engine } from '../config/engine.ts'
import type { CommitOutcome, Texts } from '../config/profile.ts'
import type { Delivery } from '../cookie/transport.ts'
import type { Identity } from '../store/id.ts'
import type { Entry } from '../store/store.ts'
import { Properties } from '../values/properties.ts'
import { type Client, PendingDelivery } from './pending-delivery.ts'

/** What a draft works with. */
export type DraftContext = Pick<Engine, 'profile' | 'lifetime' | 'parse' | 'values' | 'emit' | 'now' | 'transport' | 'capabilities'>

const NO_TEXTS: Texts = new Map()

/**
 * One request's view of one session: the state it was opened with, and the changes recorded since.
 * The verbs of `Session` write to it; loading and committing read from it and store their results
 * in it.
 */
export class Draft {
  readonly context: DraftContext
  /** The flashes that this request has read: name and text. */
  readonly flashesRead: Map<string, string> = new Map()
  accessed = false
  #access: Access
  #state: State
  #isNew: boolean | undefined
  #properties: Properties
  #intents: Intent[] = []
  #effects: Effects = noEffects()
  /**
   * Incremented when this request starts a new session, so that results of work begun for the old
   * one are ignored.
   */
  #generation = 0
  #flushed: readonly Identity[] = []
  #flushedCurrent = false
  /** The properties with which the state was opened. */
  #initialTexts: Texts = NO_TEXTS
  /**
   * The properties of the newest entry that this request knows, with other requests' changes that
   * were written together with its own.
   */
  #latestTexts: Texts | undefined = NO_TEXTS
  /**
   * Something was committed since the state was opened, so that what is shown is no longer what the
   * next commit builds on.
   */
  #hasCommitted = false
  #hasThrownLoadError = false
  readonly #pending: PendingDelivery

  constructor(context: DraftContext, state: State, client: Client = {}, access: Access = FULL_ACCESS) {
    this.context = context
    this.#state = state
    this.#access = access
    this.#pending = new PendingDelivery(client, context.emit)
    if (state.is === 'absent' || state.is === 'ended') this.#isNew = true
    this.#properties = new Properties(context.values, NO_TEXTS)
  }

  get generation(): number {
    return this.#generation
  }

  get state(): State {
    return this.#state
  }

  get properties(): Properties {
    return this.#properties
  }

  get intents(): readonly Intent[] {
    return this.#intents
  }

  /** The sessions that this request flushed and that are not deleted yet. */
  get flushed(): readonly Identity[] {
    return this.#flushed
  }

  /** Whether one of them existed when this request read it. */
  get flushedCurrent(): boolean {
    return this.#flushedCurrent
  }

  /** Whether the response has started, so that the session can only be read. */
  get isCommitted(): boolean {
    return this.#access === COMMITTED
  }

  get isNew(): boolean {
    return this.#isNew ?? false
  }

  /** The id that may be shown. The id that an unknown cookie names is not the session's. */
  get currentIdentity(): Identity | undefined {
    const { state } = this
    return state.is === 'live' || state.is === 'unknown' ? state.identity : undefined
  }

  get latestTexts(): Texts {
    this.#latestTexts ??= this.context.values.decode((this.#state as { entry: Entry }).entry.payload) ?? NO_TEXTS
    return this.#latestTexts
  }

  /** The start of the absolute lifetime, with this request's changes. */
  get createdAt(): number {
    const { state } = this
    return state.is === 'live' && whenGone(this.#intents) !== 'start-new' ? state.entry.createdAt : this.context.now()
  }

  /**
   * Replaces the state under the changes recorded so far, if it was loaded for this generation.
   * Throws what replaying the changes throws; the draft is then unchanged.
   */
  open(state: State, texts: Texts = NO_TEXTS, generation: number = this.#generation): void {
    if (generation !== this.#generation) return
    this.detectMutations()
    const properties = new Properties(this.context.values, texts)
    const effects = noEffects()
    for (const intent of this.#intents) apply(properties.writableTexts(), intent, effects, this.context)
    this.#properties = properties
    this.#effects = effects
    this.#initialTexts = texts
    this.#latestTexts = texts
    this.#hasCommitted = false
    this.#isNew ??= state.is === 'failed' || state.is === 'unloaded' ? undefined : state.is !== 'live'
    if (this.#state.is !== 'unknown') this.#state = state
  }

  /** Decodes a token that contains the session, if that has not happened yet. */
  openToken(): void {
    if (this.#state.is !== 'deferred') return
    const { decode } = this.#state
    this.#state = { is: 'absent' } // for event listeners that use the session while it is decoded
    const { state, texts } = decode()
    this.open(state, texts)
  }

  /**
   * The session ended while this request was running: nothing of it may be shown or saved again.
   * Changes are kept only to start a new one.
   */
  end(keepsChanges: boolean): void {
    const [identity] = presentedIn(this.#state)
    if (!keepsChanges) this.#intents = []
    this.#properties.stopWatching()
    this.open({ is: 'ended', identity })
  }

  /**
   * Ends the session; later changes belong to a new one. `asked`: the application asked for it and
   * wants to know if it had ended already.
   */
  flush(asked = true): void {
    if (this.#access === COMMITTED) throw COMMITTED_REFUSAL.error()
    this.openToken()
    this.accessed = true
    this.#generation++
    this.#flushed = [...this.#flushed, ...presentedIn(this.#state)]
    if (asked && this.#state.is === 'live') this.#flushedCurrent = true
    this.#pending.clear()
    this.flashesRead.clear()
    this.#intents = []
    this.#properties.stopWatching()
    this.#state = { is: 'absent' }
    this.open({ is: 'absent' })
  }

  /** A flushed session was deleted. */
  deleted(key: string): void {
    this.#flushed = this.#flushed.filter((each) => each.key !== key)
  }

  /**
   * A write of these intents succeeded: later commits build on it, while reads keep what they saw.
   * If the session was flushed while the write was running, the written session is flushed too.
   */
  committed(intents: readonly Intent[], identity: Identity, entry: Entry, generation: number): void {
    if (generation !== this.#generation) {
      this.#flushed = [...this.#flushed.filter(({ key }) => key !== identity.key), identity]
      return
    }
    const before = this.currentIdentity?.id
    const sent = new Set(intents)
    this.#intents = this.#intents.filter((intent) => !sent.has(intent))
    this.#state = { is: 'live', identity, entry }
    this.#latestTexts = undefined
    this.#hasCommitted = true
    this.#effects = { ...noEffects(), wiped: this.#effects.wiped }
    this.issue(before === undefined ? 'created' : before === identity.id ? 'written' : 'new-id', identity, entry)
  }

  /** Issues the client a token after a write, if the profile says so. */
  issue(change: CommitOutcome['change'], identity: Identity, entry: Entry): void {
    const { context } = this
    const issue = context.profile.issues({ change, entry, now: context.now(), texts: () => this.latestTexts }, context)
    if (issue !== undefined) this.#pending.issue(identity, issue.lifetime)
  }

  /** The outcome of a write is unknown. */
  markUnknown(generation: number): void {
    const { identity } = this.#state
    if (generation === this.#generation && identity !== undefined) this.#state = { is: 'unknown', identity }
  }

  /** What the response has to carry. While a flushed session is not deleted no cookie is set. */
  delivery(): Delivery {
    const reason = this.context.capabilities.carriesData ? 'new-data' : 'new-id'
    const cookies = this.#flushed.length === 0 ? this.#pending.take(reason) : []
    return { cookies, vary: this.accessed || cookies.length > 0 ? this.context.transport.vary : undefined }
  }

  /**
   * Called by every verb that reads. Throws the load error, the first time, and `NotLoadedError`.
   */
  openForRead(): this {
    this.openToken()
    this.accessed = true
    const state = this.#state
    if (state.is === 'unloaded') throw new NotLoadedError(UNLOADED)
    if (state.is === 'failed' && !this.#hasThrownLoadError) this.#throwLoadError(state.error)
    return this
  }

  /**
   * Called by every verb that changes something. Throws when this request cannot change its
   * session.
   */
  openForWrite(): this {
    if (this.#access === COMMITTED) throw COMMITTED_REFUSAL.error()
    this.openToken()
    this.accessed = true
    const state = this.#state
    if (state.is === 'failed') this.#throwLoadError(state.error)
    if (state.is === 'unknown') throw new CommitUnknownError()
    if (state.is === 'absent' && state.refusal !== undefined) this.#refuse(state.refusal)
    if (this.#access.writes === 'none') this.#refuse(this.#access.refusal)
    return this
  }

  /**
   * Records a change and applies it to what is shown. `shown` is applied in its place where the
   * result is already known.
   */
  record(intent: Intent, shown: Intent = intent): void {
    this.#detectMutationsBefore(intent)
    if (intent.kind === 'login') this.#resolveConflict()
    this.#intents.push(intent)
    apply(this.#properties.writableTexts(), shown, this.#effects, this.context)
    if (this.#isWiping(intent)) this.#wipe()
  }

  /** Records that a property is set to a value. Throws `CodecError` when it cannot be stored. */
  recordSet(name: string, value: unknown): void {
    this.record({ kind: 'set', name, text: this.context.values.print(name, value) })
  }

  /**
   * Records that a flash was read, in front of this request's changes: it removes what was there
   * before them.
   */
  recordConsumed(name: string, text: string): void {
    const intent: Intent = { kind: 'consume', name, text }
    if (!this.hasPending(name)) apply(this.#properties.writableTexts(), intent, this.#effects, this.context)
    this.#intents.unshift(intent)
  }

  /** Withdraws that a flash was read; `false` when that is already committed. */
  withdrawConsumed(name: string, text: string): boolean {
    const index = this.#intents.findIndex((intent) => intent.kind === 'consume' && intent.name === name)
    if (index === -1) return false
    this.#intents.splice(index, 1)
    if (!this.hasPending(name)) this.#properties.writableTexts().set(name, text)
    return true
  }

  /** Removes a claimed property from what is shown, unless this request has set it again. */
  removeClaimed(name: string, generation: number): void {
    if (generation !== this.#generation || this.hasPending(name)) return
    this.#properties.stopWatching(name)
    this.#properties.writableTexts().delete(name)
  }

  /** Whether uncommitted changes determine what the property is. */
  hasPending(name: string): boolean {
    return this.#intents.some((intent) => this.#isWiping(intent) || concerns(intent, name))
  }

  /**
   * Records the changes that were made inside of objects that were handed out. Throws `CodecError`
   * when one cannot be stored.
   */
  detectMutations(): void {
    for (const name of this.#properties.exposed) this.detectMutation(name)
  }

  detectMutation(name: string): void {
    const text = this.#properties.detectMutation(name)
    if (text !== undefined) this.#intents.push({ kind: 'mutate', name, text })
  }

  /**
   * The changes on the newest state that this request knows. Copied while the handler may still
   * make changes.
   */
  merged(): Merged {
    if (this.#hasCommitted) return merge(this.latestTexts, this.#intents, this.context)
    const texts = this.isCommitted ? this.#properties.texts : new Map(this.#properties.texts)
    return conclude(this.#initialTexts, texts, this.#effects, this.context)
  }

  /** The text of a property when the state was opened; `undefined` when it was wiped since. */
  initialText(name: string): string | undefined {
    return this.#effects.wiped ? undefined : this.#initialTexts.get(name)
  }

  /** The response starts: from now on the session can only be read. */
  close(): void {
    this.#access = COMMITTED
  }

  /**
   * Changes inside of an object are recorded before the change of its property, whose object is
   * then no longer watched.
   */
  #detectMutationsBefore(intent: Intent): void {
    if ('name' in intent) {
      if (!isReserved(intent.name)) this.detectMutation(intent.name)
      this.#properties.stopWatching(intent.name)
    } else this.detectMutations()
  }

  /**
   * A login ends all sessions whose ids the request presented, or their cookies would hide the new
   * session from the next request.
   */
  #resolveConflict(): void {
    const state = this.#state
    if (state.is !== 'absent' || state.conflict !== true) return
    this.#flushed = [...this.#flushed, ...presentedIn(state)]
    this.#state = { is: 'absent' }
  }

  #isWiping(intent: Intent): boolean {
    return intent.kind === 'clear' || (intent.kind === 'login' && this.#effects.otherUser)
  }

  #wipe(): void {
    this.#properties.stopWatching()
    this.flashesRead.clear()
  }

  #throwLoadError(error: Error): never {
    this.#hasThrownLoadError = true
    throw error
  }

  #refuse({ reason, error }: Refusal): never {
    if (reason !== 'committed') this.context.emit({ type: 'cookie-refused', reason })
    throw error()
  }
}

/** The identities that a flush ends. */
function presentedIn(state: State): readonly Identity[] {
  if (state.is === 'absent') return state.presented ?? []
  return state.identity === undefined ? [] : [state.identity]
}

const UNLOADED = 'The session is not loaded. With `lazy: true`, call `await session.load()` before you read from it.'

const COMMITTED_REFUSAL: Refusal = {
  reason: 'committed',
  error: () =>
    new HeadersSentError(
      'The response has started, so the session is committed and can only be read. In a long stream, open the session with `sessions.load(id)` and call `save()`.',
    ),
}

const COMMITTED: Access = { writes: 'none', refusal: COMMITTED_REFUSAL }
