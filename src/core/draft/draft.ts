import { type AccessNow, FULL_ACCESS, refuse } from '../base/access.ts'
import { CommitUnknownError, ConfigError, NotLoadedError } from '../base/errors.ts'
import { type Intent, RULES, restartsLifetime } from '../changes/intent.ts'
import { type Merged, merge } from '../changes/merge.ts'
import { type Committed, presentedIn, type State } from '../changes/state.ts'
import type { UnverifiedWrite } from '../changes/unverified-write.ts'
import type { Texts } from '../config/profile.ts'
import { carriesToken, type Delivery } from '../cookie/transport.ts'
import type { Identity } from '../store/id.ts'
import type { Properties } from '../values/properties.ts'
import type { ChangeSource } from './change-sources.ts'
import { DraftChanges, NO_TEXTS } from './draft-changes.ts'
import type { DraftContext } from './draft-context.ts'
import { committedError, IN_UPDATE, UNLOADED } from './draft-errors.ts'
import { checkLateRead } from './late-read.ts'
import { ACTIVE, type Activity, type Client, NO_TOKEN, PendingDelivery } from './pending-delivery.ts'
import { ResponsePhase } from './response-phase.ts'

/**
 * One request's view of one session: its state when it was opened, and the changes recorded since
 * (`changes`). The verbs of `Session` record changes in it; loading and committing read it and
 * store their results in it. What its response has to carry is in `pending`.
 */
export class Draft {
  readonly context: DraftContext
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
  #changes: DraftChanges
  #isNew: boolean | undefined
  /**
   * Incremented when this request starts a new session, so that results of work begun for the old
   * one are ignored.
   */
  #generation = 0
  #pendingDeletes: readonly Identity[] = []
  #hasFlushedLiveSession = false
  #hasThrownLoadError = false
  #isUpdating = false
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
    this.pending = new PendingDelivery(client, context, this)
    if (state.is === 'absent' || state.is === 'ended') this.#isNew = true
    this.#changes = new DraftChanges(context)
  }

  get generation(): number {
    return this.#generation
  }

  get state(): State {
    return this.#state
  }

  /** The changes that are not committed. A new session starts with new ones. */
  get changes(): DraftChanges {
    return this.#changes
  }

  /** The properties that the application sees. */
  get properties(): Properties {
    return this.#changes.properties
  }

  get intents(): readonly Intent[] {
    return this.#changes.intents
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
      this.#changes.collect()
    } catch {
      return true
    }
    return this.intents.length > 0 || this.#pendingDeletes.length > 0
  }

  get isNew(): boolean {
    return this.#isNew ?? false
  }

  /** The identity of the stored session. `undefined` unless the session was read or written. */
  get currentIdentity(): Identity | undefined {
    const { state } = this
    return state.is === 'live' || state.is === 'unknown' ? state.identity : undefined
  }

  /** The start of the absolute lifetime, with this request's changes. */
  get createdAt(): number {
    const { state } = this
    return state.is === 'live' && !this.intents.some(restartsLifetime) ? state.entry.createdAt : this.context.now()
  }

  /**
   * Sets the state and replays the changes recorded so far on it, if it was loaded for this
   * generation. If replaying throws, the draft is unchanged.
   */
  open(state: State, texts: Texts = NO_TEXTS, generation: number = this.#generation): void {
    if (generation !== this.#generation) return
    this.#changes.open(texts)
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
    if (!keepsChanges) this.#changes.drop()
    this.properties.stopWatching()
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
    this.#changes = new DraftChanges(this.context)
    this.#reserved = undefined
    this.#state = { is: 'absent' }
    this.#isNew ??= true
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
    this.#state = { is: 'live', identity, entry }
    this.#changes.onCommitted(intents, entry.payload)
    this.#reserved = undefined
    const change = before === undefined ? 'created' : before === identity.id ? 'written' : 'new-id'
    this.pending.onOutcome(isWritten ? change : 'unchanged', identity, entry)
  }

  /**
   * Called when the last write was withdrawn. `state` and `texts` are the session as it is now;
   * changes that were not committed yet are kept.
   */
  onWithdrawn(state: State, texts?: Texts): void {
    const before = this.currentIdentity?.id
    this.properties.stopWatching()
    this.open(state, texts)
    if (state.is !== 'live') this.pending.undoIssue()
    else if (state.identity.id !== before) this.pending.onOutcome('new-id', state.identity, state.entry)
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
    this.#changes.collectBefore(intent)
    if (intent.kind === 'login') this.#endPresentedSessions()
    this.#changes.add(intent, shown)
  }

  /** Records that a property is set to a value. Throws `CodecError` when it cannot be stored. */
  recordSet(name: string, value: unknown): void {
    this.record({ kind: 'set', name, text: this.context.values.print(name, value) })
  }

  /** See `DraftChanges.removeClaimed`. Does nothing if a new session was started since. */
  removeClaimed(name: string, generation: number): void {
    if (generation === this.#generation) this.#changes.removeClaimed(name)
  }

  addSource(source: ChangeSource): void {
    this.#changes.addSource(source, this)
  }

  /** Returns the newest state that this request knows, with its changes. */
  merged(): Merged {
    return this.#changes.merged(this.response.isReadOnly)
  }

  /** Whether the change gives the session a new id or starts one. */
  #needsToken({ kind }: Intent, shown: Intent): boolean {
    if (RULES[kind].newId || (this.#state.is === 'absent' && kind !== 'remove' && kind !== 'clear')) return true
    return merge(this.properties.texts, [shown], this.context).newId
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

  #throwLoadError(error: Error): never {
    this.#hasThrownLoadError = true
    throw error
  }
}
