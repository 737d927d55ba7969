// Sessions whose ids are replaced because of their age, and browsers that miss some of the new ones.

import type { Random } from './random.ts'

/** The shortest age that the library allows, in milliseconds. */
export const MAX_ID_AGE = 300_000

/** Waits between rounds, in milliseconds: within the overlap of two ids, after it, and until the next renewal. */
export const RENEWAL_WAITS: readonly number[] = [0, 5, 5_000, 60_000, 130_000, 310_000, 320_000, 450_000]

/** Fewer requests than usual end their session or change its id, so that most ids get old. */
export const RENEWAL_KINDS = { read: 35, write: 46, claim: 12, end: 3, identity: 4 } as const

/** What a browser does with the ids of one request and of its response. */
export function generateClient(random: Random): { readonly sendsPrevious: boolean; readonly isLost: boolean } {
  return { sendsPrevious: random.chance(0.1), isLost: random.chance(0.15) }
}
