import { type Access, refuse } from '../base/access.ts'
import type { Listener } from '../base/events.ts'
import type { Intent } from '../changes/intent.ts'
import type { Texts } from '../config/profile.ts'

/**
 * A part of a request that changes its session without the verbs, such as a plain object that the
 * application assigns to. Its changes are collected before every commit.
 */
export interface ChangeSource {
  /**
   * Records the changes since the last call; what it records is not recorded again. Called at the
   * start of every commit, also by `save` and `claim`, before each verb that changes something, and
   * before the session is read again. An error that it throws fails the commit, of which nothing
   * but a flush is then performed.
   */
  collect(recorder: ChangeRecorder): void
}

/** Records the changes of a `ChangeSource`. */
export interface ChangeRecorder {
  /**
   * The properties as this request sees them. They do not contain changes of other requests that
   * were merged by a commit of this one.
   */
  readonly texts: Texts
  /** Records a change and applies it to `texts`. Throws if the session cannot be changed. */
  record(intent: Intent): void
}

/** The members of a draft that its change sources use. */
export interface RecordingDraft {
  readonly context: { readonly emit: Listener }
  readonly properties: { readonly texts: Texts }
  readonly response: { readonly access: Access }
  openToken(): void
  record(intent: Intent): void
}

/** The change sources of one draft. */
export class ChangeSources implements ChangeRecorder {
  readonly #draft: RecordingDraft
  readonly #sources: ChangeSource[] = []
  /** Whether a source is recording. Its changes are then not collected once more. */
  #isCollecting = false

  constructor(draft: RecordingDraft) {
    this.#draft = draft
  }

  get texts(): Texts {
    return this.#draft.properties.texts
  }

  add(source: ChangeSource): void {
    this.#sources.push(source)
  }

  collect(): void {
    if (this.#isCollecting) return
    this.#isCollecting = true
    try {
      for (const source of this.#sources) source.collect(this)
    } finally {
      this.#isCollecting = false
    }
  }

  record(intent: Intent): void {
    const { response, context } = this.#draft
    const { access } = response
    if (access.writes === 'none') refuse(access.refusal, context.emit)
    this.#draft.openToken()
    this.#draft.record(intent)
  }
}
