import { CommitUnknownError, ConfigError, HeadersSentError, NotLoadedError } from '../base/errors.ts'
import { isReserved } from '../base/reserved.ts'
import { apply, concerns, type Effects, type Intent, logsIn, noEffects } from '../changes/intent.ts'
import { conclude, type Merged, merge } from '../changes/merge.ts'
import type { Deferred, State } from '../changes/state.ts'
import type { Engine } from '../config/engine.ts'
import type { Identity } from '../store/id.ts'
import type { Entry } from '../store/store.ts'
import { Properties } from '../values/properties.ts'
import type { Commits } from './keeper.ts'
import { type Origin, PendingCookies } from './pending-cookies.ts'

const NOTHING: ReadonlyMap<string, string> = new Map()

/**
 * What one request makes of one session: the state it was opened with, what it recorded since, and what it owes the browser. The
 * verbs of `Session` write here; loading and committing read from here and put down what came of it.
 */
export class Draft {
  readonly engine: Engine
  readonly keeper: Commits
  readonly cookies: PendingCookies
  /** Flashes this request has read: name and text. */
  readonly flashesRead: Map<string, string> = new Map()
  accessed = false
  #state: State | Deferred
  #isNew: boolean | undefined
  #properties: Properties
  #intents: Intent[] = []
  #effects: Effects = noEffects()
  /** Counts the sessions this request has had: what was begun for one must not come down on the next. */
  #generation = 0
  #flushed: readonly Identity[] = []
  #flushedCurrent = false
  /** The properties the state was opened with, */
  #initialTexts: ReadonlyMap<string, string> = NOTHING
  /** and those of the newest entry this request knows: other requests' too, when they were written together. */
  #latestTexts: ReadonlyMap<string, string> | undefined = NOTHING
  /** Something was committed since the state was opened, so that what is seen here is not what it is committed on. */
  #hasCommitted = false
  #raised = false
  #sealed = false
  #commit: Promise<void> | undefined
  /** The last of the saves and claims under way. */
  #turn: Promise<unknown> | undefined

  constructor(engine: Engine, keeper: Commits, state: State | Deferred, origin: Origin = {}) {
    this.engine = engine
    this.keeper = keeper
    this.cookies = new PendingCookies(engine, origin)
    this.#state = state
    if (state.is === 'absent' || state.is === 'ended') this.#isNew = true
    this.#properties = new Properties(engine.values, NOTHING)
  }

  get generation(): number {
    return this.#generation
  }

  get state(): State {
    return this.#state.is === 'unopened' ? this.#openDeferred(this.#state) : this.#state
  }

  get properties(): Properties {
    if (this.#state.is === 'unopened') this.#openDeferred(this.#state)
    return this.#properties
  }

  /** Whether nobody has looked yet at what the browser brought. */
  get isDeferred(): boolean {
    return this.#state.is === 'unopened'
  }

  get intents(): readonly Intent[] {
    return this.#intents
  }

  /** The sessions this request flushed and that are still to be deleted. */
  get flushed(): readonly Identity[] {
    return this.#flushed
  }

  /** Whether one of them was there when this request looked. */
  get flushedCurrent(): boolean {
    return this.#flushedCurrent
  }

  get isSealed(): boolean {
    return this.#sealed
  }

  get isNew(): boolean {
    return this.#isNew ?? false
  }

  /** The id that may be shown: what an unknown cookie names is not the session's. */
  get currentIdentity(): Identity | undefined {
    const { state } = this
    return state.is === 'live' || state.is === 'unknown' ? state.identity : undefined
  }

  get latestTexts(): ReadonlyMap<string, string> {
    this.#latestTexts ??= this.engine.values.decode((this.state as { entry: Entry }).entry.payload) ?? NOTHING
    return this.#latestTexts
  }

  /** The start of the absolute lifetime, with this request's changes. */
  get createdAt(): number {
    const { state } = this
    return state.is === 'live' && !logsIn(this.#intents) ? state.entry.createdAt : this.engine.now()
  }

  /**
   * Puts a loaded state under what was recorded so far, if it was loaded for the session this request still has. Throws what replaying
   * throws; then everything is as it was.
   */
  open(state: State, texts: ReadonlyMap<string, string> = NOTHING, life: number = this.#generation): void {
    if (life !== this.#generation) return
    this.detectMutations()
    const properties = new Properties(this.engine.values, texts)
    const effects = noEffects()
    for (const intent of this.#intents) apply(properties.own, intent, effects, this.engine)
    this.#properties = properties
    this.#effects = effects
    this.#initialTexts = texts
    this.#latestTexts = texts
    this.#hasCommitted = false
    this.#isNew ??= state.is === 'failed' || state.is === 'unloaded' ? undefined : state.is !== 'live'
    if (this.#state.is !== 'unknown') this.#state = state
  }

  /** The session ended under this request's hands: nothing of it may be seen or saved again. Its changes stay only where they start a new one. */
  end(keepsChanges: boolean): void {
    const { identity } = this.state
    if (!keepsChanges) this.#intents = []
    this.#properties.stopWatching()
    this.open({ is: 'ended', identity })
  }

  /** Forgets the session; what is recorded from here on belongs to a new one. `asked`: somebody wants to hear that it ended. */
  flush(asked = true): void {
    if (this.#sealed) throw new HeadersSentError(SEALED)
    this.accessed = true
    const { is, identity } = this.state
    this.#generation++
    if (identity !== undefined) this.#flushed = [...this.#flushed, identity]
    if (asked && is === 'live') this.#flushedCurrent = true
    this.cookies.end()
    this.flashesRead.clear()
    this.#intents = []
    this.#properties.stopWatching()
    this.#state = { is: 'absent' }
    this.open({ is: 'absent' })
  }

  /** A flushed session is deleted. */
  deleted(key: string): void {
    this.#flushed = this.#flushed.filter((each) => each.key !== key)
  }

  /**
   * A write of these intents went through: later commits build on it, while reads keep what they saw. Was the session flushed while the
   * write was under way, then what it wrote is flushed too.
   */
  committed(intents: readonly Intent[], identity: Identity, entry: Entry, life: number): void {
    if (life !== this.#generation) {
      this.#flushed = [...this.#flushed.filter(({ key }) => key !== identity.key), identity]
      return
    }
    const sent = new Set(intents)
    const isBorn = identity.id !== this.currentIdentity?.id
    this.#intents = this.#intents.filter((intent) => !sent.has(intent))
    this.#state = { is: 'live', identity, entry }
    this.#latestTexts = undefined
    this.#hasCommitted = true
    this.#effects = { ...noEffects(), wiped: this.#effects.wiped }
    if (isBorn || this.engine.rules.cookieAtEveryWrite) this.cookies.add(identity, entry, this.latestTexts)
  }

  /** A write's fate was not found out. */
  markUnknown(life: number): void {
    const { identity } = this.state
    if (life === this.#generation && identity !== undefined) this.#state = { is: 'unknown', identity }
  }

  /** Before whatever tells something of the state. */
  look(): Properties {
    this.accessed = true
    const { state } = this
    if (state.is === 'unloaded') throw new NotLoadedError(UNLOADED)
    if (state.is === 'failed' && !this.#raised) this.#raise(state.error)
    return this.#properties
  }

  /** Before whatever changes something. */
  change(): void {
    this.accessed = true
    if (this.#sealed) throw new HeadersSentError(SEALED)
    const { state } = this
    if (state.is === 'failed') this.#raise(state.error)
    if (state.is === 'unknown') throw new CommitUnknownError()
    const { refusal } = this.cookies
    if (refusal === undefined) return
    this.engine.emit({ type: 'cookie-refused', reason: refusal.reason })
    throw new ConfigError(refusal.remedy)
  }

  /** Records a change and shows it; what is shown may be given, where it is known already. */
  record(intent: Intent, shown: Intent = intent): void {
    this.#detectMutationsBefore(intent)
    this.#intents.push(intent)
    apply(this.#properties.own, shown, this.#effects, this.engine)
    if (this.#isWiping(intent)) this.#wipe()
  }

  /** Reading a flash takes away what was there before all that this request itself did. */
  recordConsumed(name: string, text: string): void {
    const intent: Intent = { kind: 'consume', name, text }
    if (!this.hasPending(name)) apply(this.#properties.own, intent, this.#effects, this.engine)
    this.#intents.unshift(intent)
  }

  /** Takes back that a flash was read; `false` when that is committed already. */
  forgetConsumed(name: string, text: string): boolean {
    const index = this.#intents.findIndex((intent) => intent.kind === 'consume' && intent.name === name)
    if (index === -1) return false
    this.#intents.splice(index, 1)
    if (!this.hasPending(name)) this.#properties.own.set(name, text)
    return true
  }

  /** A property was claimed: this request does not see it any more, unless it has set it anew. */
  removeClaimed(name: string, life: number): void {
    if (life !== this.#generation || this.hasPending(name)) return
    this.#properties.stopWatching(name)
    this.#properties.own.delete(name)
  }

  /** Whether changes that say what the property is wait to be committed. */
  hasPending(name: string): boolean {
    return this.#intents.some((intent) => this.#isWiping(intent) || concerns(intent, name))
  }

  /** Makes intents of the changes that were made inside of handed-out objects. */
  detectMutations(): void {
    for (const name of this.#properties.exposed) this.detectMutation(name)
  }

  detectMutation(name: string): void {
    const text = this.#properties.detectMutation(name)
    if (text !== undefined) this.#intents.push({ kind: 'edit', name, text })
  }

  /** The changes on the newest state this request knows. A handler that is still running may go on changing, so it gets a copy. */
  merged(): Merged {
    if (this.#hasCommitted) return merge(this.latestTexts, this.#intents, this.engine)
    const texts = this.#sealed ? this.#properties.texts : new Map(this.#properties.texts)
    return conclude(this.#initialTexts, texts, this.#effects, this.engine)
  }

  /** The text a property had when the state was opened, if that still concerns anybody. */
  initialText(name: string): string | undefined {
    return this.#effects.wiped ? undefined : this.#initialTexts.get(name)
  }

  /** From here on the session can only be read. Whoever asks again gets the same outcome. */
  seal(commit: () => Promise<void>): Promise<void> {
    this.#sealed = true
    this.#commit ??= commit()
    return this.#commit
  }

  /** Saves, claims and loads of one request go one after the other. */
  inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn === undefined ? work() : this.#turn.then(work, work)
    this.#turn = turn
    return turn
  }

  /** A change made inside of an object comes before the one that is about to be recorded; the object of the property itself is watched no more. */
  #detectMutationsBefore(intent: Intent): void {
    if ('name' in intent) {
      if (!isReserved(intent.name)) this.detectMutation(intent.name)
      this.#properties.stopWatching(intent.name)
    } else this.detectMutations()
  }

  #isWiping(intent: Intent): boolean {
    return intent.kind === 'clear' || (intent.kind === 'login' && this.#effects.otherUser)
  }

  #wipe(): void {
    this.#properties.stopWatching()
    this.flashesRead.clear()
  }

  #openDeferred(unopened: Deferred): State {
    this.#state = { is: 'absent' } // what a listener sees that looks while it is told
    const { state, texts } = unopened.open()
    this.open(state, texts)
    return state
  }

  #raise(error: Error): never {
    this.#raised = true
    throw error
  }
}

const UNLOADED = 'The session is not loaded: with `lazy: true`, put `await session.load()` before you read from it.'
const SEALED =
  'The response has started: the session is committed and can only be read. A long stream opens its own with `sessions.load(id)` and saves by hand.'
