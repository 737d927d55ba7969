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

/** The same with `users`. Here the checker was wrong, and each led to a more exact rule. */
export const FOUND_USER_SEEDS: typeof FOUND_SEEDS = [
  [859, 'a flush with an id that was replaced more than a minute before counted as the end of the session'],
  [509, 'a login that joined and was refused did not add its changes like every other that joins'],
]

/** The same with `renewals` and clocks up to ten minutes apart. */
export const FOUND_RENEWAL_SEEDS: typeof FOUND_SEEDS = [
  [669, 'the checker did not know that the new id of a request may end before its last commit, if clocks differ by minutes'],
]
