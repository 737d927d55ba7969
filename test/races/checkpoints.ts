/** Holds requests at named points until the test releases them. */
export interface Checkpoints {
  /** Reports that a request has arrived, and waits until it is released. */
  pass(name: string): Promise<void>
}

interface Point {
  readonly arrived: PromiseWithResolvers<void>
  readonly released: PromiseWithResolvers<void>
}

/** Checkpoints of a server in this process. */
export class LocalCheckpoints implements Checkpoints {
  readonly #points = new Map<string, Point>()

  async pass(name: string): Promise<void> {
    this.#point(name).arrived.resolve()
    await this.#point(name).released.promise
  }

  /** Resolves when a request has arrived there. */
  waitFor(name: string): Promise<void> {
    return this.#point(name).arrived.promise
  }

  release(name: string): void {
    this.#point(name).released.resolve()
  }

  #point(name: string): Point {
    const point = this.#points.get(name) ?? { arrived: Promise.withResolvers<void>(), released: Promise.withResolvers<void>() }
    this.#points.set(name, point)
    return point
  }
}
