import { type AccessNow, FULL_ACCESS, refuse } from '../base/access.ts'
import { CommitUnknownError, ConfigError, NotLoadedError } from '../base/errors.ts'
import { affectsProperty, apply, type Intent, type MergeEffects, noEffects, RULES, restartsLifetime } from '../changes/intent.ts'
import { type Merged, merge, toMerged } from '../changes/merge.ts'
import { type Committed, presentedIn, type State } from '../changes/state.ts'
import type { UnverifiedWrite } from '../changes/unverified-write.ts'
import type { CommitOutcome, Texts } from '../config/profile.ts'
import { carriesToken, type Delivery } from '../cookie/transport.ts'
import type { Identity } from '../store/id.ts'
import type { Entry } from '../store/store.ts'
import { Properties } from '../values/properties.ts'
import { type ChangeSource, ChangeSources } from './change-sources.ts'
import type { DraftContext, FlashRead } from './draft-context.ts'
import { committedError, IN_UPDATE, UNLOADED } from './draft-errors.ts'
import { checkLateRead } from './late-read.ts'
import { ACTIVE, type Activity, type Client, NO_TOKEN, PendingDelivery } from './pending-delivery.ts'
import { ResponsePhase } from './response-phase.ts'

const NO_TEXTS: Texts = new Map()

/**
 * One request's view of one session: its state when it was opened, and the changes recorded since.
 * The verbs of `Session` record changes in it; loading and committing read it and store their
 * results in it. Its properties exist in up to three versions: those that were opened
 * (`#initialTexts`), those that the application sees (`#properties.texts`), and those of the newest
 * entry (`#latestTexts`). `#initialTexts` decide whether the first commit renews the id and which
 * flashes are read; `#latestTexts` decide what was overwritten, and later commits build on them.
 * The copy costs 0.4 µs for ten properties, and only if the request changes something (decision
 * 0088).
 */
export class Draft {
  readonly context: DraftContext
  /** The messages that this request has read, by the names of their properties. */
  readonly flashesRead: Map<string, FlashRead> = new Map()
  accessed = false
  /** As long as a write is not verified, no id is sent. */
  unverified: UnverifiedWrite | undefined
  /** When the request was opened. */
  readonly openedAt: number
  /** The effects of reading the session. */
  readonly activity: Activity
  readonly response: ResponsePhase
  /** The cookies that the response has to set. */
  readonly pending: PendingDelivery
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
  #sources: ChangeSources | undefined
  /** The identity under which the session is to be created. */
  #reserved: Identity | undefined
  /** The generations that this request left without ending their sessions. */
  #left: readonly number[] = []

  constructor(context: DraftContext, state: State, client: Client = {}, access: AccessNow = FULL_ACCESS) {
    this.context = context
    this.#state = state
    this.response = new ResponsePhase(access)
    this.activity = client.activity ?? ACTIVE
    this.openedAt = context.now()
    this.pending = new PendingDelivery(client, context)
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

  /** Whether there are uncommitted changes, which may be such that they cannot be stored. */
  get hasChanges(): boolean {
    try {
      this.collectChanges()
    } catch {
      return true
    }
    return this.#intents.length > 0 || this.#pendingDeletes.length > 0
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
    return state.is === 'live' && !this.#intents.some(restartsLifetime) ? state.entry.createdAt : this.context.now()
  }

  /**
   * Sets the state and replays the changes recorded so far on it, if it was loaded for this
   * generation. If replaying throws, the draft is unchanged.
   */
  open(state: State, texts: Texts = NO_TEXTS, generation: number = this.#generation): void {
    if (generation !== this.#generation) return
    this.collectChanges()
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
    if (this.response.isReadOnly) throw committedError(this.response)
    this.openToken()
    this.accessed = true
    this.#pendingDeletes = [...this.#pendingDeletes, ...presentedIn(this.#state)]
    if (explicit && this.#state.is === 'live') this.#hasFlushedLiveSession = true
    this.unverified = undefined
    this.pending.clear('flush')
    this.#startNew()
  }

  /**
   * Leaves the session as it is in the store; later changes belong to a new one, whose token
   * replaces that of the client. Changes that are not committed are dropped.
   */
  leave(): void {
    this.openForWrite()
    this.#left = [...this.#left, this.#generation]
    this.#startNew()
  }

  /**
   * Returns the identity of the session before it is stored: that of the stored session, or else
   * one under which the first commit creates it. If the outcome of that commit is lost, the session
   * is created under another identity. `given` is used instead of a new one.
   */
  reserveIdentity(given?: Identity): Identity {
    this.openToken()
    if (this.currentIdentity !== undefined) return this.currentIdentity
    this.#reserved ??= given ?? this.context.ids.create()
    return this.#reserved
  }

  /** The identity that is reserved for the session; `undefined` once it is stored. */
  get reservedIdentity(): Identity | undefined {
    return this.#reserved
  }

  #startNew(): void {
    this.#generation++
    this.flashesRead.clear()
    this.#intents = []
    this.#sources = undefined
    this.#reserved = undefined
    this.#properties.stopWatching()
    this.#state = { is: 'absent' }
    this.open({ is: 'absent' })
  }

  /** Called when a flushed session was deleted. */
  onDeleted(key: string): void {
    this.#pendingDeletes = this.#pendingDeletes.filter((identity) => identity.key !== key)
  }

  /**
   * Called when a write of these intents succeeded, or without `isWritten` when nothing had to be
   * written. Later commits build on its entry; the properties that the application sees stay the
   * same. If the session was flushed while the write was running, the written session is flushed
   * too.
   */
  onCommitted(intents: readonly Intent[], { identity, entry, isWritten }: Committed, generation: number): void {
    if (generation !== this.#generation) {
      if (!this.#left.includes(generation))
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
    this.#reserved = undefined
    const change = before === undefined ? 'created' : before === identity.id ? 'written' : 'new-id'
    this.onOutcome(isWritten ? change : 'unchanged', identity, entry)
  }

  /**
   * Called when the last write was withdrawn. `state` and `texts` are the session as it is now;
   * changes that were not committed yet are kept.
   */
  onWithdrawn(state: State, texts?: Texts): void {
    const before = this.currentIdentity?.id
    this.#properties.stopWatching()
    this.open(state, texts)
    if (state.is !== 'live') this.pending.undoIssue()
    else if (state.identity.id !== before) this.onOutcome('new-id', state.identity, state.entry)
  }

  /** Replaces the changes that are not committed. */
  replaceIntents(intents: readonly Intent[]): void {
    this.#intents = [...intents]
    this.open(this.#state, this.latestTexts)
  }

  /** Issues a token to the client after a commit, or deletes it, if the profile requires it. */
  onOutcome(change: CommitOutcome['change'], identity?: Identity, entry?: Entry): void {
    const { context } = this
    const isCurrent = entry !== undefined && change !== 'unchanged'
    const issue = context.profile.issues({ change, isCurrent, entry, now: context.now(), texts: () => this.latestTexts }, context)
    if (issue === 'clear') this.pending.clear('ended')
    else if (issue !== undefined && identity !== undefined)
      this.pending.issue(identity, issue, context.capabilities.carriesData ? 'new-data' : 'new-id')
  }

  /** Called when the outcome of a write is unknown. */
  markUnknown(generation: number): void {
    const { identity } = this.#state
    if (generation === this.#generation && identity !== undefined) this.#state = { is: 'unknown', identity }
  }

  /**
   * The cookies and `Vary` that the response has to carry. As long as a flushed session is not
   * deleted, or a write is not verified, no cookie is set.
   */
  delivery(): Delivery {
    const canIssue = this.#pendingDeletes.length === 0 && this.unverified === undefined
    const { cookies, headers } = canIssue ? this.pending.take() : NO_TOKEN
    const isUsed = this.accessed || carriesToken({ cookies, headers })
    return { cookies, headers, vary: isUsed ? this.context.transport.vary : undefined }
  }

  /**
   * Called by every verb that reads. Throws the load error, the first time, `NotLoadedError`, and
   * `HeadersSentError` when the response has started without a field for the session in its `Vary`.
   */
  openForRead(): this {
    this.openToken()
    if (this.response.hasStarted && !this.accessed) checkLateRead(this.context, this.#state, this.response)
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
    if (this.response.isReadOnly) throw committedError(this.response)
    this.openToken()
    if (!this.response.hasStarted) this.accessed = true // later it has no effect on `Vary`
    const state = this.#state
    if (state.is === 'failed') this.#throwLoadError(state.error)
    if (state.is === 'unknown') throw new CommitUnknownError()
    if (state.is === 'absent' && state.refusal !== undefined) refuse(state.refusal, this.context.emit)
    const { access } = this.response
    if (access.writes === 'none') refuse(access.refusal, this.context.emit)
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
    const { access } = this.response
    if (access.writes !== 'all' && this.#needsToken(intent, shown)) refuse(access.refusal, this.context.emit)
    this.#collectBefore(intent)
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

  addSource(source: ChangeSource): void {
    this.#sources ??= new ChangeSources(this)
    this.#sources.add(source)
  }

  /**
   * Records the changes that were made without verbs: inside of objects that the application read,
   * and those of change sources. Throws `CodecError` if one cannot be stored, and the errors of the
   * sources.
   */
  collectChanges(): void {
    for (const name of this.#properties.exposed) this.#detectMutation(name)
    this.#sources?.collect()
  }

  /** Records such changes of one property, and all of the sources. */
  collectChangesOf(name: string): void {
    this.#detectMutation(name)
    this.#sources?.collect()
  }

  #detectMutation(name: string): void {
    const text = this.#properties.detectMutation(name)
    if (text !== undefined) this.#intents.push({ kind: 'mutate', name, text })
  }

  /**
   * Returns the newest state that this request knows, with its changes. It is a copy as long as
   * further changes are possible.
   */
  merged(): Merged {
    if (this.#hasCommitted) return merge(this.latestTexts, this.#intents, this.context)
    const texts = this.response.isReadOnly ? this.#properties.texts : new Map(this.#properties.texts)
    return toMerged(this.#initialTexts, texts, this.#effects, this.context)
  }

  /** The properties with which the state was opened; none when they were wiped since. */
  get initialTexts(): Texts {
    return this.#effects.wiped ? NO_TEXTS : this.#initialTexts
  }

  /** Whether the change gives the session a new id or starts one. */
  #needsToken({ kind }: Intent, shown: Intent): boolean {
    if (RULES[kind].newId || (this.#state.is === 'absent' && kind !== 'remove' && kind !== 'clear')) return true
    const { texts } = this.#properties
    return merge(texts, [shown], this.context).newId
  }

  /**
   * Records changes inside of the object of a property before the property itself is changed. The
   * object is then no longer watched.
   */
  #collectBefore(intent: Intent): void {
    if ('name' in intent) {
      this.collectChangesOf(intent.name)
      this.#properties.stopWatching(intent.name)
    } else this.collectChanges()
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
