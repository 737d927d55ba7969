/** A response that has started. */
export interface StartedResponse {
  /** Whether its whole body is known, so that nothing can change before its end. */
  readonly isComplete: boolean
  /** Whether its body is still being written. */
  readonly isStreaming: boolean | undefined
}
