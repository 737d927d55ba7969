import type { SessionError } from './errors.ts'

/** The reason why a session cannot be changed. */
export interface Refusal {
  readonly reason: 'insecure' | 'outside' | 'committed' | 'unreadable'
  /** Returns the error that a verb throws; its message names the remedy. */
  readonly error: () => SessionError
}

/** Whether the session can be changed, or the refusal. */
export type Access = { readonly writes: 'all' } | { readonly writes: 'none'; readonly refusal: Refusal }

export const FULL_ACCESS: Access = { writes: 'all' }
