import type { Entry, Refused, Written } from '../../core/store/store.ts'

/** What `create` and `replace` answer. The ones that say the same every time are made once, frozen. */
export const answer: {
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
