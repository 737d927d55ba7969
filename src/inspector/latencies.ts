/**
 * The upper limits of the buckets, in milliseconds: four for each doubling, from 0.1 ms to 6.5 s.
 */
const LIMITS = Array.from({ length: 65 }, (_, index) => 0.1 * 2 ** (index / 4))

/** A distribution of durations. A quantile of it is at most 19 % too high. */
export class Latencies {
  readonly #counts = new Uint32Array(LIMITS.length + 1)

  add(milliseconds: number): void {
    const index = LIMITS.findIndex((limit) => milliseconds <= limit)
    this.#increase(index === -1 ? LIMITS.length : index, 1)
  }

  addAll(other: Latencies): void {
    for (const [index, count] of other.#counts.entries()) this.#increase(index, count)
  }

  get count(): number {
    return this.#counts.reduce((sum, count) => sum + count, 0)
  }

  /**
   * The duration that this part of all durations does not exceed; `undefined` if there are none.
   */
  quantile(part: number): number | undefined {
    const total = this.count
    if (total === 0) return undefined
    let seen = 0
    const index = this.#counts.findIndex((count) => (seen += count) >= part * total)
    return LIMITS[Math.min(index, LIMITS.length - 1)]
  }

  #increase(index: number, by: number): void {
    this.#counts[index] = (this.#counts[index] ?? 0) + by
  }
}
