import type { SessionError } from './errors.ts'

/** Why a session cannot be changed. */
export interface Refusal {
  readonly reason: 'insecure' | 'outside' | 'committed' | 'unreadable'
  /** The error that a verb throws; its message names the remedy. */
  readonly error: () => SessionError
}

/** What may still be changed: everything, or nothing because of a refusal. */
export type Access = { readonly writes: 'all' } | { readonly writes: 'none'; readonly refusal: Refusal }

export const FULL_ACCESS: Access = { writes: 'all' }
