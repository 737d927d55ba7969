import { affectsProperty, apply, type Intent, type MergeEffects, noEffects } from '../changes/intent.ts'
import { type Merged, merge, toMerged } from '../changes/merge.ts'
import type { Texts } from '../config/profile.ts'
import { Properties } from '../values/properties.ts'
import { type ChangeSource, ChangeSources, type RecordingDraft } from './change-sources.ts'
import type { DraftContext, FlashRead } from './draft-context.ts'

export const NO_TEXTS: Texts = new Map()

/**
 * The changes of a draft that are not committed yet, and its properties with them. Properties exist
 * in up to three versions: those that were opened (`initialTexts`), those that the application sees
 * (`properties.texts`), and those of the newest entry (`latestTexts`). `initialTexts` decide
 * whether the first commit renews the id and which flashes are read; `latestTexts` decide what was
 * overwritten, and later commits build on them. The copy costs 0.4 µs for ten properties, and only
 * if the request changes something (decision 0088).
 */
export class DraftChanges {
  /** The messages that this request has read, by the names of their properties. */
  readonly flashesRead: Map<string, FlashRead> = new Map()
  readonly #context: DraftContext
  #properties: Properties
  #intents: Intent[] = []
  #effects: MergeEffects = noEffects()
  #initialTexts: Texts = NO_TEXTS
  /** `undefined`: not decoded yet. */
  #latestTexts: Texts | undefined = NO_TEXTS
  #latestPayload = ''
  /**
   * Whether something was committed since the state was opened. The next commit then builds on
   * `latestTexts`, not on the properties that the application sees.
   */
  #hasCommitted = false
  #sources: ChangeSources | undefined

  constructor(context: DraftContext) {
    this.#context = context
    this.#properties = new Properties(context.values, NO_TEXTS)
  }

  get properties(): Properties {
    return this.#properties
  }

  get intents(): readonly Intent[] {
    return this.#intents
  }

  /** The properties with which the state was opened; none when they were wiped since. */
  get initialTexts(): Texts {
    return this.#effects.wiped ? NO_TEXTS : this.#initialTexts
  }

  /**
   * The properties of the newest entry that this request knows. They contain changes of other
   * requests if those were written in the same batch.
   */
  get latestTexts(): Texts {
    this.#latestTexts ??= this.#context.values.decode(this.#latestPayload) ?? NO_TEXTS
    return this.#latestTexts
  }

  /**
   * Replays the changes on the properties of a loaded state. If that throws, nothing is changed.
   */
  open(texts: Texts): void {
    this.collect()
    const properties = new Properties(this.#context.values, texts)
    const effects = noEffects()
    for (const intent of this.#intents) apply(properties.writableTexts(), intent, effects, this.#context)
    this.#properties = properties
    this.#effects = effects
    this.#initialTexts = texts
    this.#latestTexts = texts
    this.#hasCommitted = false
  }

  /** Drops the changes; the properties still show them until the next `open`. */
  drop(): void {
    this.#intents = []
  }

  /** Replaces the changes. */
  replaceIntents(intents: readonly Intent[]): void {
    this.#intents = [...intents]
    this.open(this.latestTexts)
  }

  /**
   * Called when these intents were committed, or when nothing had to be written. Later commits
   * build on this payload; the properties that the application sees stay the same.
   */
  onCommitted(intents: readonly Intent[], payload: string): void {
    const committed = new Set(intents)
    this.#intents = this.#intents.filter((intent) => !committed.has(intent))
    this.#latestTexts = undefined
    this.#latestPayload = payload
    this.#hasCommitted = true
    this.#effects = { ...noEffects(), wiped: this.#effects.wiped }
  }

  /** Adds an intent, and applies `shown` to the properties that the application sees. */
  add(intent: Intent, shown: Intent): void {
    this.#intents.push(intent)
    apply(this.#properties.writableTexts(), shown, this.#effects, this.#context)
    if (!this.#isWiping(intent)) return
    this.#properties.stopWatching()
    this.flashesRead.clear()
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
  removeClaimed(name: string): void {
    if (this.affects(name)) return
    this.#properties.stopWatching(name)
    this.#properties.writableTexts().delete(name)
  }

  /** Whether the changes affect the property. */
  affects(name: string): boolean {
    return this.#intents.some((intent) => this.#isWiping(intent) || affectsProperty(intent, name))
  }

  /** `draft` records the changes of the source. */
  addSource(source: ChangeSource, draft: RecordingDraft): void {
    this.#sources ??= new ChangeSources(draft)
    this.#sources.add(source)
  }

  /**
   * Records the changes that were made without verbs: inside of objects that the application read,
   * and those of change sources. Throws `CodecError` if one cannot be stored, and the errors of the
   * sources.
   */
  collect(): void {
    for (const name of this.#properties.exposed) this.#detectMutation(name)
    this.#sources?.collect()
  }

  /** Records such changes of one property, and all of the sources. */
  collectOf(name: string): void {
    this.#detectMutation(name)
    this.#sources?.collect()
  }

  /**
   * Records changes inside of the object of a property before the property itself is changed. The
   * object is then no longer watched.
   */
  collectBefore(intent: Intent): void {
    if (!('name' in intent)) return this.collect()
    this.collectOf(intent.name)
    this.#properties.stopWatching(intent.name)
  }

  /**
   * Returns the newest state that this request knows, with its changes. It is a copy unless
   * `isFinal`: no further changes are possible.
   */
  merged(isFinal: boolean): Merged {
    if (this.#hasCommitted) return merge(this.latestTexts, this.#intents, this.#context)
    const { texts } = this.#properties
    return toMerged(this.#initialTexts, isFinal ? texts : new Map(texts), this.#effects, this.#context)
  }

  #detectMutation(name: string): void {
    const text = this.#properties.detectMutation(name)
    if (text !== undefined) this.#intents.push({ kind: 'mutate', name, text })
  }

  #isWiping(intent: Intent): boolean {
    return intent.kind === 'clear' || (intent.kind === 'login' && this.#effects.otherUser)
  }
}
