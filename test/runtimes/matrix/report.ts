/** A framework that passed all its stories in a runtime. */
export interface Cell {
  readonly framework: string
  readonly runtime: string
  /** The version of the runtime. */
  readonly version: string
  /** The number of stories. */
  readonly stories: number
}
