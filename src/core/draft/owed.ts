/** What a session owes to the response that follows, besides what the application set. */
export interface SessionHeaders {
  readonly setCookies: readonly string[]
  /** What the response has to vary by. */
  readonly vary: 'Cookie' | undefined
}
