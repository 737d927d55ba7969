/**
 * Counts names in bounded memory (the algorithm of Misra and Gries). Each count is at most the true
 * one, and exact as long as there are no more than `limit` different names.
 */
export class FrequentNames {
  readonly #limit: number
  readonly #counts = new Map<string, number>()

  constructor(limit: number) {
    this.#limit = limit
  }

  add(name: string): void {
    const count = this.#counts.get(name)
    if (count !== undefined || this.#counts.size < this.#limit) this.#counts.set(name, (count ?? 0) + 1)
    else this.#decrementAll()
  }

  /** The most frequent names with their counts, the most frequent first. */
  top(length: number): (readonly [name: string, count: number])[] {
    return [...this.#counts].sort(([, one], [, other]) => other - one).slice(0, length)
  }

  /** Each call removes `limit` earlier additions, so on average it costs one step per addition. */
  #decrementAll(): void {
    for (const [name, count] of this.#counts) {
      if (count === 1) this.#counts.delete(name)
      else this.#counts.set(name, count - 1)
    }
  }
}
