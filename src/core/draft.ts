import type { Cookie } from './cookie-rules.ts'
import type { Engine } from './engine.ts'
import { CommitUnknownError, ConfigError, HeadersSentError, NotLoadedError, type SessionError } from './errors.ts'
import type { Identity } from './id.ts'
import { apply, type Effects, type Intent } from './intent.ts'
import { conclude, type Merged, merge, noEffects } from './merge.ts'
import type { Standing } from './plan.ts'
import { Properties } from './properties.ts'
import { isReserved } from './reserved.ts'
import type { Entry } from './store.ts'

/** The request a draft belongs to. */
export interface Origin {
  readonly cookie?: Cookie | undefined
  readonly insecure?: string | undefined
  readonly hasCookie?: boolean
}

const NOTHING: ReadonlyMap<string, string> = new Map()

/**
 * What one request makes of one session: the state it was opened with, what it recorded since, and what it owes the browser. The
 * verbs of `Session` write here; loading and committing read from here and put down what came of it.
 */
export class Draft {
  readonly #engine: Engine
  /** How the browser is given an id; `undefined` outside of requests, and where no cookie can be set. */
  readonly cookie: Cookie | undefined
  /** The setting to name when a cookie cannot be set because the connection looks insecure; `undefined` when it can. */
  readonly insecure: string | undefined
  /** Whether the browser sent a cookie of ours, whatever was in it. */
  readonly hasCookie: boolean
  standing: Standing = 'absent'
  /** The id that leads to the entry; `undefined` for a session that has no row yet. */
  identity: Identity | undefined
  /** What the next commit builds on. */
  entry: Entry | undefined
  loadError: SessionError | undefined
  properties: Properties
  intents: Intent[] = []
  /** Keys of the sessions this request flushed and that are still to be deleted. */
  flushed: string[] = []
  accessed = false
  isNew = true
  /** The commit is planned: from here on it can only be read. */
  sealed = false
  /** What its events have told of the cookie. */
  announced: string | undefined
  /** The last of the saves and claims under way. */
  turn: Promise<unknown> | undefined
  /** An id that was born here and that the browser does not have yet. */
  owedId: Identity | undefined
  /** A session was ended here, so that the browser's cookie has to go. */
  owesDeletion = false
  /** Flashes this request has read: name and text. */
  readonly flashesRead: Map<string, string> = new Map()
  #opened: ReadonlyMap<string, string> = NOTHING
  #known: ReadonlyMap<string, string> | undefined = NOTHING
  #effects: Effects = noEffects()
  /** Something was committed since the state was opened, so that what is seen here is not what it is committed on. */
  #outrun = false
  /** What was there when the state was opened is another user's, or was cleared. */
  #wiped = false
  #raised = false

  constructor(engine: Engine, origin: Origin = {}) {
    this.#engine = engine
    this.cookie = origin.cookie
    this.insecure = origin.insecure
    this.hasCookie = origin.hasCookie ?? false
    this.properties = new Properties(engine.values, NOTHING)
  }

  /** Puts a loaded state under what was recorded so far, or nothing where there is no session. */
  open(standing: Standing, entry: Entry | undefined, texts: ReadonlyMap<string, string>): void {
    this.settle()
    const { intents } = this
    if (this.standing !== 'unknown') this.standing = standing
    this.loadError = undefined
    this.entry = entry
    this.#known = texts
    this.#begin(texts)
    for (const intent of intents) this.record(intent)
  }

  /** The session ended under this request's hands: nothing of it may be seen or saved again. `intents` stay, on nothing. */
  end(intents: Intent[]): void {
    this.intents = intents
    this.properties.release()
    this.open('ended', undefined, NOTHING)
  }

  isOf(engine: Engine): boolean {
    return this.#engine === engine
  }

  /** The properties of `entry`: of other requests too, when they were written together. */
  get known(): ReadonlyMap<string, string> {
    this.#known ??= this.#engine.values.decode(this.entry?.payload ?? '') ?? NOTHING
    return this.#known
  }

  /** The id that may be shown: an unknown one from a browser is not the session's. */
  get living(): Identity | undefined {
    return this.standing === 'absent' || this.standing === 'ended' ? undefined : this.identity
  }

  fail(error: SessionError): void {
    this.standing = 'failed'
    this.loadError = error
  }

  /** Before whatever tells something of the state. */
  look(): Properties {
    this.accessed = true
    if (this.standing === 'unloaded') {
      throw new NotLoadedError('The session is not loaded: with `lazy: true`, put `await session.load()` before you read from it.')
    }
    if (this.loadError !== undefined && !this.#raised) {
      this.#raised = true
      throw this.loadError
    }
    return this.properties
  }

  /** Before whatever changes something. */
  change(): void {
    this.accessed = true
    if (this.sealed) throw new HeadersSentError(SEALED)
    if (this.loadError !== undefined) {
      this.#raised = true
      throw this.loadError
    }
    if (this.standing === 'unknown') throw new CommitUnknownError(UNKNOWN)
    if (this.insecure !== undefined) {
      this.#engine.emit({ type: 'cookie', reason: 'refused-insecure' })
      throw new ConfigError(this.insecure)
    }
  }

  /** Records a change and shows it. */
  record(intent: Intent): void {
    this.#settleBefore(intent)
    this.intents.push(intent)
    apply(this.properties.own, intent, this.#effects)
    if (intent.kind === 'clear' || (intent.kind === 'login' && this.#effects.otherUser)) this.#wipe()
  }

  /** Records an update whose function has already run on what this request sees. */
  recordUpdate(intent: Intent & { readonly kind: 'update' }, text: string | undefined): void {
    this.#settleBefore(intent)
    this.intents.push(intent)
    apply(this.properties.own, { ...intent, change: () => text }, this.#effects)
  }

  /** Reading a flash takes away what was there before all that this request itself did. */
  recordConsumed(name: string, text: string): void {
    const intent: Intent = { kind: 'consume', name, text }
    if (!this.hasPending(name)) apply(this.properties.own, intent, this.#effects)
    this.intents.unshift(intent)
  }

  /** Takes back that a flash was read; `false` when that is committed already. */
  forgetConsumed(name: string, text: string): boolean {
    const index = this.intents.findIndex((intent) => intent.kind === 'consume' && intent.name === name)
    if (index === -1) return false
    this.intents.splice(index, 1)
    if (!this.hasPending(name)) this.properties.own.set(name, text)
    return true
  }

  /** A property was claimed: this request does not see it any more. */
  forget(name: string): void {
    this.properties.release(name)
    this.properties.own.delete(name)
  }

  /** Whether changes of a property, or of all, wait to be committed. */
  hasPending(name: string): boolean {
    return this.#wiped || this.intents.some((intent) => 'name' in intent && intent.name === name)
  }

  /** Makes intents of the changes that were made inside of handed-out objects. */
  settle(): void {
    for (const name of this.properties.watched) this.settleOne(name)
  }

  /** The changes on the newest state this request knows. A handler that is still running may go on changing, so it gets a copy. */
  merged(): Merged {
    if (this.#outrun) return merge(this.known, this.intents, this.#engine)
    const texts = this.sealed ? this.properties.texts : new Map(this.properties.texts)
    return conclude(this.#opened, texts, this.#effects, this.#engine)
  }

  /** The start of the absolute lifetime, with this request's changes. */
  get createdAt(): number {
    const starts = this.entry === undefined || this.intents.some((intent) => intent.kind === 'login')
    return starts ? this.#engine.now() : (this.entry as Entry).createdAt
  }

  /** The text a property had when the state was opened, if that still concerns anybody. */
  opened(name: string): string | undefined {
    return this.#wiped ? undefined : this.#opened.get(name)
  }

  /** Forgets the session; what is recorded from here on belongs to a new one. */
  flush(): void {
    if (this.sealed) throw new HeadersSentError(SEALED)
    this.accessed = true
    if (this.identity !== undefined) this.flushed.push(this.identity.key)
    this.owesDeletion = this.hasCookie
    this.owedId = undefined
    this.identity = undefined
    this.intents = []
    this.properties.release()
    this.flashesRead.clear()
    this.standing = 'absent'
    this.open('absent', undefined, NOTHING)
  }

  /** A write of these intents went through: later commits build on it, while reads keep what they saw. */
  committed(intents: readonly Intent[], identity: Identity, entry: Entry): void {
    const sent = new Set(intents)
    this.intents = this.intents.filter((intent) => !sent.has(intent))
    if (identity.id !== this.identity?.id) this.owedId = identity
    this.standing = 'live'
    this.identity = identity
    this.entry = entry
    this.#known = undefined
    this.#outrun = true
  }

  #begin(texts: ReadonlyMap<string, string>): void {
    this.properties = new Properties(this.#engine.values, texts)
    this.#opened = texts
    this.#effects = noEffects()
    this.#outrun = false
    this.#wiped = false
    this.intents = []
  }

  #wipe(): void {
    this.#wiped = true
    this.flashesRead.clear()
  }

  /** A change made inside of an object comes before the one that is about to be recorded, and the object is no longer watched. */
  #settleBefore(intent: Intent): void {
    if ('name' in intent) {
      if (!isReserved(intent.name)) this.settleOne(intent.name)
      this.properties.release(intent.name)
    } else if (intent.kind !== 'cycle') {
      this.settle()
      this.properties.release()
    }
  }

  /** The same for one property. */
  settleOne(name: string): void {
    const text = this.properties.settle(name)
    if (text !== undefined) this.intents.push({ kind: 'edit', name, text })
  }
}

const SEALED =
  'The response has started: the session is committed and can only be read. A long stream opens its own with `sessions.load(id)` and saves by hand.'
const UNKNOWN = 'An earlier save of this request had an unknown outcome; only flush() is still possible.'
