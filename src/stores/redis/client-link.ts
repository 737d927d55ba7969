import { monotonic, unref } from '../../core/base/clock.ts'
import { connectingUntil, inTime } from '../shared/in-time.ts'

/** The one connection of a client, and what the client says of it. */
export interface RedisLine {
  send(args: string[]): Promise<unknown>
  /** Whether a command goes out at once, or is refused at once, and is not kept until there is a connection. */
  isOpen(): boolean
  /** Ends the connection, also one that was not greeted yet, and has the client make another; nothing where there is none. */
  renew(): void
  /** Is told of every new connection: when it is made, and when it was greeted. */
  onConnection(listener: () => void): void
  /** Resolves as soon as there is a connection, rejects when the next attempt at one fails. */
  coming(): Promise<void>
}

/** Nothing was sent, for want of a connection. */
export class UnconnectedError extends Error {
  override readonly name = 'UnconnectedError'
}

/** So many milliseconds without an answer are silence, however short the patience of whoever waits. */
const SILENCE = 1000
/** So long a new connection may take to be greeted. */
const GREETING = 750
/** Between two looks at who has not been answered. */
const LOOK = 100

interface Waiting {
  readonly since: number
  readonly deadline: number
}

/**
 * Sends over a line for as long as anybody waits, see `Patience`. Without a connection a command waits here and not in the client, which would
 * keep it for whenever the server is back; one that is not greeted soon is begun anew. And a connection is ended when whoever asked first waits no more and it has been silent for all that
 * time: answers come in the order of the commands, so nobody else has one. It may be a connection that a firewall has forgotten; until the
 * system notices that, a quarter of an hour goes by.
 */
export class PatientLine {
  readonly #line: RedisLine
  readonly #waiting = new Set<Waiting>()
  /** Whoever was late at the last look. One look is not enough: if this process itself stood still, the answer may lie there unread. */
  #late: Waiting | undefined
  #connectedAt = monotonic()
  #coming: Promise<void> | undefined
  #timer: ReturnType<typeof setInterval> | undefined

  constructor(line: RedisLine) {
    this.#line = line
    line.onConnection(() => {
      this.#connectedAt = monotonic()
    })
  }

  /** Who does not say until when they wait has the client's own patience. Throws `UnconnectedError` when nothing was sent. */
  async send(args: string[], deadline?: number): Promise<unknown> {
    if (deadline === undefined) return this.#line.send(args)
    if (!this.#line.isOpen()) await this.#connected(deadline)
    return this.#answered(args, deadline)
  }

  async #connected(deadline: number): Promise<void> {
    try {
      this.#coming ??= this.#line.coming().finally(() => {
        this.#coming = undefined
      })
      this.#watch()
      await inTime(this.#coming, connectingUntil(deadline), 'there was no connection in time')
    } catch (error) {
      throw new UnconnectedError(`Redis cannot be reached: ${(error as Error).message}`, { cause: error })
    }
  }

  async #answered(args: string[], deadline: number): Promise<unknown> {
    const own = { since: monotonic(), deadline }
    this.#waiting.add(own)
    this.#watch()
    try {
      return await this.#line.send(args)
    } finally {
      this.#waiting.delete(own)
    }
  }

  #watch(): void {
    this.#timer ??= unref(setInterval(() => this.#look(), LOOK))
  }

  #look(): void {
    const [first] = this.#waiting
    if (first === undefined && this.#coming === undefined) this.#stop()
    else if (!this.#line.isOpen()) this.#lookAtGreeting()
    else if (first !== undefined) this.#lookAt(first)
  }

  #lookAtGreeting(): void {
    if (monotonic() > this.#connectedAt + GREETING) this.#line.renew()
  }

  #lookAt(first: Waiting): void {
    const isLate = monotonic() > Math.max(first.deadline, first.since + SILENCE, this.#connectedAt + SILENCE)
    if (isLate && first === this.#late) this.#line.renew()
    this.#late = isLate ? first : undefined
  }

  #stop(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }
}
