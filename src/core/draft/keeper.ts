import type { Draft } from './draft.ts'

/** Where a session's asynchronous verbs go. */
export interface Commits {
  /** Takes a property out in the store at once; answers the text that was taken. */
  claim(draft: Draft, name: string): Promise<string | undefined>
  /** Commits what was recorded. */
  perform(draft: Draft, failed: boolean): Promise<void>
  /** Reads the state where nobody has looked yet. */
  load(draft: Draft): Promise<void>
  /** Reads the newest state; what was recorded stays on top. */
  reload(draft: Draft): Promise<void>
}
