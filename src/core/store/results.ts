import type { Entry, Page, Refused, Written } from './store.ts'

/** The results of `create` and `replace`. Results without an entry are frozen and shared. */
export const results: {
  readonly written: Written
  readonly taken: Refused
  readonly missing: Refused
  stale(current: Entry): Refused
} = {
  written: Object.freeze({ ok: true }),
  taken: Object.freeze({ ok: false, reason: 'taken' }),
  missing: Object.freeze({ ok: false, reason: 'missing' }),
  stale: (current) => ({ ok: false, reason: 'stale', current }),
}

/**
 * Returns a page of at most `limit` entries in the order of keys. If one more than `limit` was
 * found, another page follows.
 */
export function toPage(found: readonly (readonly [key: string, entry: Entry])[], limit: number): Page {
  const entries = found.slice(0, limit)
  const last = entries.at(-1)
  return found.length > limit && last !== undefined ? { entries, cursor: last[0] } : { entries }
}
