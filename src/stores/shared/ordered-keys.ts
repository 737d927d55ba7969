/**
 * Distinct keys in the order in which they were added. Every key has a number, from which the keys
 * after it are found without reading those before it, also when it was deleted.
 */
export class OrderedKeys {
  readonly #numberOf = new Map<string, number>()
  /** The keys and their numbers, ascending. Deleted keys stay in them until there are too many. */
  #keys: string[] = []
  #numbers: number[] = []
  #next = 0

  get size(): number {
    return this.#numberOf.size
  }

  /** Adds a key at the end. Does nothing if it is there. */
  add(key: string): void {
    if (this.#numberOf.has(key)) return
    this.#numberOf.set(key, this.#next)
    this.#keys.push(key)
    this.#numbers.push(this.#next)
    this.#next += 1
  }

  delete(key: string): void {
    if (!this.#numberOf.delete(key) || this.#keys.length <= 2 * this.size + 16) return
    this.#keys = [...this.#numberOf.keys()]
    this.#numbers = [...this.#numberOf.values()]
  }

  /** The keys with numbers above the given one. Must be read before the keys change. */
  *after(number: number = -1): Generator<readonly [key: string, number: number], void, undefined> {
    for (let index = this.#indexAfter(number); index < this.#keys.length; index += 1) {
      const [key = '', at = 0] = [this.#keys[index], this.#numbers[index]]
      if (this.#numberOf.get(key) === at) yield [key, at]
    }
  }

  #indexAfter(number: number): number {
    let [low, high] = [0, this.#numbers.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#numbers[middle] as number) > number) high = middle
      else low = middle + 1
    }
    return low
  }
}
