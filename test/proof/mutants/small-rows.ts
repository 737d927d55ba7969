/** A row of the small library. */
export interface Row {
  /** Texts by property, as printed by the writer. */
  readonly texts: ReadonlyMap<string, string>
  /** The newest id. */
  readonly secret: string
  readonly idAt: number
  /** Further valid ids of parallel logins, newest first, with the times at which they were created. */
  readonly others: readonly (readonly [id: string, idAt: number])[]
  /** The id that the last login replaced, and when. */
  readonly from?: readonly [id: string, replacedAt: number] | undefined
  readonly version: number
  readonly createdAt: number
  readonly expiresAt: number
}

/**
 * A table accessed over a network: every operation is atomic, and takes a moment in each direction.
 */
export class SmallRows {
  readonly rows: Map<string, Row> = new Map()
  /** When the sessions of users were ended, except one. */
  readonly marks: { readonly user: string; readonly at: number; readonly except: string | undefined }[] = []
  readonly #latency: () => number

  constructor(travel: () => number) {
    this.#latency = travel
  }

  /** Runs one atomic operation on the rows. */
  async run<T>(work: (rows: Map<string, Row>) => T): Promise<T> {
    await this.#delay()
    const result = work(this.rows)
    await this.#delay()
    return result
  }

  #delay(): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, this.#latency()))
  }
}
