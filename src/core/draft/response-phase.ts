import type { Access, AccessNow } from '../base/access.ts'
import type { StartedResponse } from './started-response.ts'

/** How far the response to a request is, and which changes the request may still make. */
export class ResponsePhase {
  readonly #access: AccessNow
  /** The changes that the request may make while the body is written. */
  #lateAccess: Access | undefined
  #hasStarted = false
  /** The response whose start has committed the session, where it is known. */
  #response: StartedResponse | undefined

  constructor(access: AccessNow) {
    this.#access = access
  }

  /** The changes that the request may make now. */
  get access(): Access {
    return this.#lateAccess ?? this.#initial
  }

  /** Whether the response has started, and with it the commit. */
  get hasStarted(): boolean {
    return this.#hasStarted
  }

  /** Whether the response has started and its session can still be changed. */
  get isLate(): boolean {
    return this.#lateAccess !== undefined
  }

  /** Whether the session can only be read, because the response has started. */
  get isReadOnly(): boolean {
    return this.#hasStarted && !this.isLate
  }

  /** Whether its changes can be committed until its end. */
  get savesOnEnd(): boolean {
    return afterHead(this.#initial) !== undefined
  }

  /** Whether values that are read now may still be sent; `undefined` if that is unknown. */
  get isStreaming(): boolean | undefined {
    return this.#response?.isStreaming
  }

  /**
   * The response starts: from now on the session can only be read, unless `startLate` is called.
   */
  start(response?: StartedResponse): void {
    this.#hasStarted = true
    this.#response ??= response
  }

  /** Allows changes until `endLate` is called, if the response can wait for their commit. */
  startLate(): void {
    this.#lateAccess = afterHead(this.#initial)
  }

  endLate(): void {
    this.#lateAccess = undefined
  }

  get #initial(): Access {
    return typeof this.#access === 'function' ? this.#access() : this.#access
  }
}

function afterHead(access: Access): Access | undefined {
  return access.writes === 'all' ? access.afterHead : undefined
}
