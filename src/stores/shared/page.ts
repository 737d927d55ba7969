import type { Entry, Page } from '../../core/store/store.ts'

/** The page of at most `most` entries out of what was found in the order of keys: one more than that tells that another page follows. */
export function pageFrom(found: readonly (readonly [key: string, entry: Entry])[], most: number): Page {
  const entries = found.slice(0, most)
  const last = entries.at(-1)
  return found.length > most && last !== undefined ? { entries, cursor: last[0] } : { entries }
}
