/** A response that has started. */
export interface StartedResponse {
  /** Whether its body is still being written. */
  readonly isStreaming: boolean
}
