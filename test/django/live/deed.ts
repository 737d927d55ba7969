/** What one of the sides shall do with the session of a request: a name and its arguments. Both sides know the same names. */
export type Deed = readonly [name: string, ...rest: unknown[]]

/** A site that does deeds: Django, or ours beside it. */
export interface Side {
  readonly url: string
  close(): Promise<void>
}

/** Two sides of one site. They are there when the tests run, not yet when these are declared. */
export interface Sides {
  readonly Django: Side
  readonly Node: Side
}

/** Who begins, and who finds it. */
export const DIRECTIONS = [
  ['Django', 'Node'],
  ['Node', 'Django'],
] as const
