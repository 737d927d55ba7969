/** A row of the small library. */
export interface Row {
  /** Texts by property, as some writer printed them. */
  readonly texts: ReadonlyMap<string, string>
  readonly secret: string
  readonly version: number
  readonly createdAt: number
  readonly expiresAt: number
}

/** A table at some distance: every operation is atomic, and takes a moment to get there and back. */
export class SmallRows {
  readonly rows: Map<string, Row> = new Map()
  readonly #travel: () => number

  constructor(travel: () => number) {
    this.#travel = travel
  }

  /** Runs one atomic operation on the rows. */
  async at<T>(work: (rows: Map<string, Row>) => T): Promise<T> {
    await this.pause()
    const answer = work(this.rows)
    await this.pause()
    return answer
  }

  pause(): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, this.#travel()))
  }
}
