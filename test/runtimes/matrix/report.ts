/** A framework that told all its stories in a runtime. */
export interface Cell {
  readonly framework: string
  readonly runtime: string
  /** Of the runtime. */
  readonly version: string
  /** How many. */
  readonly stories: number
}
