import type { ScenarioOptions } from './generator.ts'

/**
 * Seeds that found a bug in the library, and the bug. They run in every test run, and each found
 * its bug again in the sources of its time, with the faults of that time (without `silent`). A seed
 * is only valid together with the generator: after a change of the generator, look for new seeds in
 * those sources.
 */
export const FOUND_SEEDS: readonly (readonly [seed: number, bug: string])[] = [
  ...[4, 52, 73, 212, 245, 323, 368, 379].map((seed) => [seed, 'a late create restored a flushed session (00b82b2)'] as const),
  ...[8, 9, 39, 46, 217, 224].map(
    (seed) => [seed, 'after commits that were batched, the next write of one of them lost the others (38b0dc6)'] as const,
  ),
  [461, 'a create that was sent twice was reported as certainly failed (d8e0e43)'],
]

/** The same under other conditions, also those for which the checker was wrong and got a more exact rule. */
export const FOUND_WITH: readonly (readonly [conditions: ScenarioOptions, seeds: typeof FOUND_SEEDS])[] = [
  [
    { users: true },
    [
      [859, 'the checker: a flush with an id that was replaced more than a minute before ends nothing'],
      [509, 'the checker: a login that joined and was refused adds its changes'],
    ],
  ],
  [
    { users: true, renewals: true },
    [
      [799, 'the checker: a revocation may end a session before the last commit of the request that started it'],
      [175, 'the checker: a cache may return the state before a commit that is not acknowledged'],
    ],
  ],
  [{ users: true, streams: true }, [[171, 'the checker: a touch may arrive before a write that was computed earlier']]],
  [
    { renewals: true },
    [856, 898].map((seed) => [seed, 'the checker: of two ids that are used at the same time, that of the first response may end'] as const),
  ],
  [{ renewals: true, skew: 300_000 }, [[669, 'the checker: with such clocks the new id of a request may end before its last commit']]],
  [
    { renewals: true, streams: true },
    [18, 47, 48, 56, 61].map((seed) => [seed, 'a request that reads lost what it had read, because its id was to be replaced'] as const),
  ],
]
