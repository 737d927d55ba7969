/**
 * Seeds that found something in the library, with what it was. They are run for ever, and found it again in the sources of their time
 * (a seed is worth something only together with the generator: whoever changes that looks for new ones in those sources).
 */
export const FOUND_SEEDS: readonly (readonly [seed: number, what: string])[] = [
  ...[4, 52, 73, 212, 245, 323, 368, 379].map(
    (seed) => [seed, 'a create that arrived late brought a flushed session back (00b82b2)'] as const,
  ),
  ...[8, 9, 39, 46, 217, 224].map(
    (seed) => [seed, 'after commits that travelled together, the next write of one lost the others (38b0dc6)'] as const,
  ),
  [461, 'a create that was heard twice was reported as surely failed (d8e0e43)'],
]
