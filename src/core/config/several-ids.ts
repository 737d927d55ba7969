import type { Capabilities } from '../store/store.ts'

/**
 * Whether a session can have several valid ids at a time. Where an id is the key, or carries the
 * data, it cannot.
 */
export function hasSeveralIds({ carriesData, renames }: Capabilities): boolean {
  return !carriesData && renames !== true
}
