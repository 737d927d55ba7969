/**
 * Every order in which the steps of several actors can happen, as a list of actors. `lengths` are the
 * numbers of their steps.
 */
export function* interleavings(lengths: readonly number[]): Generator<readonly number[]> {
  if (lengths.every((length) => length === 0)) yield []
  for (const [actor, length] of lengths.entries())
    if (length > 0) for (const rest of interleavings(lengths.with(actor, length - 1))) yield [actor, ...rest]
}
