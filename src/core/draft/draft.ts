import { type Access, FULL_ACCESS, refuse } from '../base/access.ts'
import { CommitUnknownError, ConfigError, HeadersSentError, NotLoadedError } from '../base/errors.ts'
import { isReserved } from '../base/reserved.ts'
import { affectsProperty, apply, type Intent, type MergeEffects, noEffects, RULES } from '../changes/intent.ts'
import { type Merged, merge, toMerged } from '../changes/merge.ts'
import type { State } from '../changes/state.ts'
import type { Engine } from '../config/engine.ts'
import type { CommitOutcome, Texts } from '../config/profile.ts'
import type { Delivery } from '../cookie/transport.ts'
import type { Identity } from '../store/id.ts'
import type { Entry } from '../store/store.ts'
import { Properties } from '../values/properties.ts'
import { type Client, PendingDelivery } from './pending-delivery.ts'

/** A response that has started. */
export interface StartedResponse {
  /** Whether its body is still being written. */
  readonly isStreaming: boolean
}

/** The parts of the engine that a draft uses. */
export type DraftContext = Pick<
  Engine,
  'profile' | 'lifetime' | 'parse' | 'print' | 'values' | 'emit' | 'warnOnce' | 'now' | 'randomText' | 'transport' | 'capabilities'
>

/** A message that was read: its property, and the intent that removes it. */
export interface FlashRead {
  readonly name: string
  readonly text: string
  readonly intent: Intent
}

const NO_TEXTS: Texts = new Map()

/**
 * One request's view of one session: its state when it was opened, and the changes recorded since.
 * The verbs of `Session` record changes in it; loading and committing read it and store their
 * results in it. Its properties exist in up to three versions: those that were opened
 * (`#initialTexts`), those that the application sees (`#properties.texts`), and those of the newest
 * entry (`#latestTexts`). `#initialTexts` decide whether the first commit renews the id and which
 * flashes are read; `#latestTexts` decide what was overwritten, and later commits build on them. The copy costs 0.4 µs for ten properties, and only
 * if the request changes something (decision 0088).
 */
export class Draft {
  readonly context: DraftContext
  /** The messages that this request has read, by the names of their properties. */
  readonly flashesRead: Map<string, FlashRead> = new Map()
  accessed = false
  /** Whether reading the session extends it. */
  isActivity = true
  /** When the request was opened. */
  readonly openedAt: number
  /** The changes that the request may make. */
  readonly access: Access
  #isCommitted = false
  /** The response whose start has committed the session, where it is known. */
  #response: StartedResponse | undefined
  #state: State
  #isNew: boolean | undefined
  #properties: Properties
  #intents: Intent[] = []
  #effects: MergeEffects = noEffects()
  /**
   * Incremented when this request starts a new session, so that results of work begun for the old
   * one are ignored.
   */
  #generation = 0
  #pendingDeletes: readonly Identity[] = []
  #hasFlushedLiveSession = false
  /** The properties when the state was opened. */
  #initialTexts: Texts = NO_TEXTS
  /**
   * The properties of the newest entry that this request knows. They contain changes of other
   * requests if those were written in the same batch. `undefined`: not decoded yet.
   */
  #latestTexts: Texts | undefined = NO_TEXTS
  /**
   * Whether something was committed since the state was opened. The next commit then builds on
   * `latestTexts`, not on the properties that the application sees.
   */
  #hasCommitted = false
  #hasThrownLoadError = false
  #isUpdating = false
  readonly #pending: PendingDelivery

  constructor(context: DraftContext, state: State, client: Client = {}, access: Access = FULL_ACCESS) {
    this.context = context
    this.#state = state
    this.access = access
    this.openedAt = context.now()
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
  get pendingDeletes(): readonly Identity[] {
    return this.#pendingDeletes
  }

  /** Whether this request flushed a session that it had read. */
  get hasFlushedLiveSession(): boolean {
    return this.#hasFlushedLiveSession
  }

  /** Whether the response has started, so that the session can only be read. */
  get isCommitted(): boolean {
    return this.#isCommitted
  }

  get isNew(): boolean {
    return this.#isNew ?? false
  }

  /** The identity of the stored session. `undefined` unless the session was read or written. */
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
    const restarts = this.#intents.some(({ kind }) => kind === 'login' || kind === 'confirm')
    return state.is === 'live' && !restarts ? state.entry.createdAt : this.context.now()
  }

  /**
   * Sets the state and replays the changes recorded so far on it, if it was loaded for this
   * generation. If replaying throws, the draft is unchanged.
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
    this.#state = { is: 'absent' } // an event listener may use the session while it is decoded
    const { state, texts } = decode()
    this.open(state, texts)
  }

  /**
   * Called when the session ended while this request was running. None of its properties are shown
   * or saved again. With `keepsChanges`, the changes of this request are kept for a new session.
   */
  end(keepsChanges: boolean): void {
    const [identity] = presentedIn(this.#state)
    if (!keepsChanges) this.#intents = []
    this.#properties.stopWatching()
    this.open({ is: 'ended', identity })
  }

  /**
   * Ends the session; later changes belong to a new one. `explicit`: the application called
   * `flush`, so a missing row is an error.
   */
  flush(explicit = true): void {
    this.checkNotUpdating()
    if (this.#isCommitted) throw committedError()
    this.openToken()
    this.accessed = true
    this.#generation++
    this.#pendingDeletes = [...this.#pendingDeletes, ...presentedIn(this.#state)]
    if (explicit && this.#state.is === 'live') this.#hasFlushedLiveSession = true
    this.#pending.clear()
    this.flashesRead.clear()
    this.#intents = []
    this.#properties.stopWatching()
    this.#state = { is: 'absent' }
    this.open({ is: 'absent' })
  }

  /** Called when a flushed session was deleted. */
  onDeleted(key: string): void {
    this.#pendingDeletes = this.#pendingDeletes.filter((identity) => identity.key !== key)
  }

  /**
   * Called when a write of these intents succeeded. Later commits build on its entry; the
   * properties that the application sees stay the same. If the session was flushed while the write
   * was running, the written session is flushed too.
   */
  onCommitted(intents: readonly Intent[], identity: Identity, entry: Entry, generation: number): void {
    if (generation !== this.#generation) {
      this.#pendingDeletes = [...this.#pendingDeletes.filter(({ key }) => key !== identity.key), identity]
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

  /** Issues a token to the client after a write, if the profile requires it. */
  issue(change: CommitOutcome['change'], identity: Identity, entry: Entry): void {
    const { context } = this
    const issue = context.profile.issues({ change, entry, now: context.now(), texts: () => this.latestTexts }, context)
    if (issue !== undefined) this.#pending.issue(identity, issue.lifetime)
  }

  /** Called when the outcome of a write is unknown. */
  markUnknown(generation: number): void {
    const { identity } = this.#state
    if (generation === this.#generation && identity !== undefined) this.#state = { is: 'unknown', identity }
  }

  /**
   * The cookies and `Vary` that the response has to carry. As long as a flushed session is not
   * deleted, no cookie is set.
   */
  delivery(): Delivery {
    const reason = this.context.capabilities.carriesData ? 'new-data' : 'new-id'
    const cookies = this.#pendingDeletes.length === 0 ? this.#pending.take(reason) : []
    return { cookies, vary: this.accessed || cookies.length > 0 ? this.context.transport.vary : undefined }
  }

  /**
   * Called by every verb that reads. Throws the load error, the first time, `NotLoadedError`, and
   * `HeadersSentError` when the response has started without a field for the session in its `Vary`.
   */
  openForRead(): this {
    this.openToken()
    if (this.#isCommitted && !this.accessed) this.#checkLateRead()
    this.accessed = true
    const state = this.#state
    if (state.is === 'unloaded') throw new NotLoadedError(UNLOADED)
    if (state.is === 'failed' && !this.#hasThrownLoadError) this.#throwLoadError(state.error)
    return this
  }

  /**
   * Called by every verb that changes something. Throws if this request cannot change its session.
   */
  openForWrite(): this {
    this.checkNotUpdating()
    if (this.#isCommitted) throw committedError()
    this.openToken()
    this.accessed = true
    const state = this.#state
    if (state.is === 'failed') this.#throwLoadError(state.error)
    if (state.is === 'unknown') throw new CommitUnknownError()
    if (state.is === 'absent' && state.refusal !== undefined) refuse(state.refusal, this.context.emit)
    if (this.access.writes === 'none') refuse(this.access.refusal, this.context.emit)
    return this
  }

  /** Runs a function of `update`, which must not change the session. */
  duringUpdate<T>(change: () => T): T {
    this.#isUpdating = true
    try {
      return change()
    } finally {
      this.#isUpdating = false
    }
  }

  /**
   * Throws in a function of `update`. A change there would be lost or repeated when the function
   * runs again on a conflict.
   */
  checkNotUpdating(): void {
    if (this.#isUpdating) throw new ConfigError(IN_UPDATE)
  }

  /**
   * Records a change and applies it to the properties that the application sees. If the result is
   * already known, `shown` is applied instead.
   */
  record(intent: Intent, shown: Intent = intent): void {
    if (this.access.writes !== 'all' && this.#needsToken(intent)) refuse(this.access.refusal, this.context.emit)
    this.#detectMutationsBefore(intent)
    if (intent.kind === 'login') this.#endPresentedSessions()
    this.#intents.push(intent)
    apply(this.#properties.writableTexts(), shown, this.#effects, this.context)
    if (this.#isWiping(intent)) this.#wipe()
  }

  /** Records that a property is set to a value. Throws `CodecError` when it cannot be stored. */
  recordSet(name: string, value: unknown): void {
    this.record({ kind: 'set', name, text: this.context.values.print(name, value) })
  }

  /**
   * Withdraws that these messages were read, and puts them back in front of newer ones. Returns
   * those whose removal is committed already.
   */
  withdraw(read: readonly FlashRead[]): readonly FlashRead[] {
    const uncommitted = read.filter(({ intent }) => this.#intents.includes(intent))
    const withdrawn = new Set(uncommitted.map(({ intent }) => intent))
    this.#intents = this.#intents.filter((intent) => !withdrawn.has(intent))
    this.#properties.restore(uncommitted)
    return read.filter(({ intent }) => !withdrawn.has(intent))
  }

  /**
   * Removes a claimed property from those that the application sees, unless this request has set it
   * again.
   */
  removeClaimed(name: string, generation: number): void {
    if (generation !== this.#generation || this.hasPending(name)) return
    this.#properties.stopWatching(name)
    this.#properties.writableTexts().delete(name)
  }

  /** Whether uncommitted changes affect the property. */
  hasPending(name: string): boolean {
    return this.#intents.some((intent) => this.#isWiping(intent) || affectsProperty(intent, name))
  }

  /**
   * Records the changes that the application made inside of objects that it read. Throws
   * `CodecError` if one cannot be stored.
   */
  detectMutations(): void {
    for (const name of this.#properties.exposed) this.detectMutation(name)
  }

  detectMutation(name: string): void {
    const text = this.#properties.detectMutation(name)
    if (text !== undefined) this.#intents.push({ kind: 'mutate', name, text })
  }

  /**
   * Returns the newest state that this request knows, with its changes. It is a copy as long as the
   * handler may make changes.
   */
  merged(): Merged {
    if (this.#hasCommitted) return merge(this.latestTexts, this.#intents, this.context)
    const texts = this.isCommitted ? this.#properties.texts : new Map(this.#properties.texts)
    return toMerged(this.#initialTexts, texts, this.#effects, this.context)
  }

  /** The properties with which the state was opened; none when they were wiped since. */
  get initialTexts(): Texts {
    return this.#effects.wiped ? NO_TEXTS : this.#initialTexts
  }

  /** The response starts: from now on the session can only be read. */
  close(response?: StartedResponse): void {
    this.#isCommitted = true
    this.#response ??= response
  }

  /**
   * The session is read for the first time after the start of its response. If the response can
   * still show what is read, a shared cache could serve it to other visitors.
   */
  #checkLateRead(): void {
    const isStreaming = this.#response?.isStreaming
    if (isStreaming === false) return
    const { emit, warnOnce, transport } = this.context
    emit({ type: 'late-read', reason: 'no-vary', ...handleOf(this.#state) })
    if (isStreaming === true) throw new HeadersSentError(lateRead(transport.vary))
    warnOnce(lateRead(transport.vary))
  }

  /** Whether the change gives the session a new id or starts one. */
  #needsToken({ kind }: Intent): boolean {
    return RULES[kind].newId || (this.#state.is === 'absent' && kind !== 'remove' && kind !== 'clear')
  }

  /**
   * Records changes inside of the object of a property before the property itself is changed. The
   * object is then no longer watched.
   */
  #detectMutationsBefore(intent: Intent): void {
    if ('name' in intent) {
      if (!isReserved(intent.name)) this.detectMutation(intent.name)
      this.#properties.stopWatching(intent.name)
    } else this.detectMutations()
  }

  /**
   * Flushes all sessions whose ids the request presented, if they are in conflict. Called for a
   * login, because their cookies would make the next request ambiguous again.
   */
  #endPresentedSessions(): void {
    const state = this.#state
    if (state.is !== 'absent' || state.conflict !== true) return
    this.#pendingDeletes = [...this.#pendingDeletes, ...presentedIn(state)]
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
}

/** Returns the identities that a flush ends. */
function presentedIn(state: State): readonly Identity[] {
  if (state.is === 'absent') return state.presented ?? []
  return state.identity === undefined ? [] : [state.identity]
}

function handleOf({ identity }: State): { readonly handle?: string } {
  return identity === undefined ? {} : { handle: identity.handle }
}

function lateRead(vary: string): string {
  return `The session was read for the first time after the response had started, so the response has no \`Vary: ${vary}\`, and a cache could serve it to other visitors. Read what you need of the session before the response starts.`
}

const IN_UPDATE =
  'The function of update() changed the session that it is called for. It may run again on a newer state, so it must use its argument only. Call the other verb before or after update().'

const UNLOADED = 'The session is not loaded. With `lazy: true`, call `await session.load()` before you read from it.'

function committedError(): HeadersSentError {
  return new HeadersSentError(
    'The response has started, so the session is committed and can only be read. In a long stream, open the session with `sessions.load(id)` and call `save()`.',
  )
}
