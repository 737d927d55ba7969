import { monotonic, sleepUnref } from '../../core/base/clock.ts'
import { inTime } from '../shared/in-time.ts'
import { CACHE_PATIENCE } from './cached-rows.ts'

/** Carries short texts between the processes of an application: `redisInvalidation`, `postgresInvalidation`, or one of your own. */
export interface Invalidation {
  /**
   * Begins to listen; is called again after a loss. Every text that any process tells is `heard`, our own too. `lost` says that texts may have
   * been missed.
   */
  listen(heard: (text: string) => void, lost: () => void): Promise<void>
  /** Tells a text to all who listen. */
  tell(text: string): Promise<void>
  /** Ends the listening. */
  close(): Promise<void>
}

/** Between two proofs that we still hear, in milliseconds. */
const BEAT = 1000
/** The same while we do not. */
const RETRY = 100
/** So long without hearing anything is a loss: a connection can be dead without a word. */
const SILENCE = 3000

type Message = readonly [from: string, kind: 'dropped', key: string] | readonly [from: string, kind: 'probe' | 'all', count: number]

/**
 * Hears which keys other processes changed, and knows when it does not hear. A subscription is believed when a text of our own has come
 * back through it, and as long as anything comes. With every loss a new era begins: what was cached before may have missed something.
 */
export class Listening {
  readonly #invalidation: Invalidation
  readonly #drop: (key: string) => void
  readonly #warn: (message: string) => void
  readonly #self: string = crypto.randomUUID()
  #era: string | undefined
  #heardAt = 0
  #probes = 0
  /** Probes before this one say nothing: they were sent before the loss. */
  #firstProbe = 0
  #stage: 'out' | 'joining' | 'in' | 'closed' = 'out'
  /** Something was not told: whoever hears us next has to forget everything. */
  #owesAll = false

  constructor(invalidation: Invalidation, drop: (key: string) => void, warn: (message: string) => void) {
    this.#invalidation = invalidation
    this.#drop = drop
    this.#warn = warn
    void this.#beat()
  }

  /** Names the time for which nothing was missed; `undefined` while something may be. */
  get era(): string | undefined {
    return monotonic() - this.#heardAt > SILENCE ? undefined : this.#era
  }

  /** Tells the others to drop a key. Never throws: what cannot be told now is made up for later. */
  async tell(key: string): Promise<void> {
    if (!(await this.#send([this.#self, 'dropped', key]))) this.#owesAll = true
  }

  async close(): Promise<void> {
    this.#stage = 'closed'
    this.#era = undefined
    await inTime(this.#invalidation.close(), monotonic() + CACHE_PATIENCE, 'the subscription did not end in time').catch(ignore)
  }

  async #beat(): Promise<void> {
    while (this.#stage !== 'closed') {
      if (this.#stage === 'out') void this.#join()
      if (this.#stage === 'in') await this.#probe()
      await sleepUnref(this.#era === undefined ? RETRY : BEAT)
      if (this.#stage === 'in' && monotonic() - this.#heardAt > SILENCE) this.#lose()
    }
  }

  async #join(): Promise<void> {
    this.#stage = 'joining'
    try {
      const listens = this.#invalidation.listen(this.#hear, this.#lose)
      await inTime(listens, monotonic() + SILENCE, 'the subscription was not answered in time')
      this.#heardAt = monotonic()
      this.#enter('in')
    } catch {
      this.#enter('out')
    }
  }

  #enter(stage: 'in' | 'out'): void {
    if (this.#stage === 'joining') this.#stage = stage
  }

  async #probe(): Promise<void> {
    if (this.#era !== undefined && monotonic() - this.#heardAt < BEAT / 2) return
    const sent = await this.#send([this.#self, 'probe', this.#probes++])
    if (sent && this.#owesAll && (await this.#send([this.#self, 'all', 0]))) this.#owesAll = false
  }

  async #send(message: Message): Promise<boolean> {
    try {
      const told = this.#invalidation.tell(JSON.stringify(message))
      await inTime(told, monotonic() + CACHE_PATIENCE, 'what a cache has to drop was not told in time')
      return true
    } catch {
      return false
    }
  }

  readonly #hear = (text: string): void => {
    const message = parsed(text)
    if (message === undefined || this.#stage === 'closed') return
    const [from, kind, what] = message
    const isOwn = from === this.#self
    if (kind === 'probe' && isOwn && this.#era === undefined && what >= this.#firstProbe) this.#begin()
    if (this.#era !== undefined) this.#heardAt = monotonic()
    if (kind === 'dropped' && !isOwn) this.#drop(what)
    if (kind === 'all' && !isOwn && this.#era !== undefined) this.#begin()
  }

  #begin(): void {
    this.#era = crypto.randomUUID()
  }

  readonly #lose = (): void => {
    if (this.#stage === 'closed') return
    if (this.#era !== undefined)
      this.#warn(
        'The cache of the session store does not hear of the changes of other processes; deadline it does the store itself is asked.',
      )
    this.#stage = 'out'
    this.#era = undefined
    this.#firstProbe = this.#probes
  }
}

function ignore(): void {
  // A connection that is dead cannot be left in order.
}

function parsed(text: string): Message | undefined {
  try {
    const message: unknown = JSON.parse(text)
    return Array.isArray(message) ? (message as unknown as Message) : undefined
  } catch {
    return undefined
  }
}
