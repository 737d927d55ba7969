import { monotonic, sleepUnref } from '../../core/base/clock.ts'
import { CHANNEL_STALL, HEARTBEAT_INTERVAL } from '../../core/store/stall-policy.ts'
import { withDeadline } from '../shared/deadline.ts'
import type { Channel } from './channel.ts'
import { CACHE_TIMEOUT } from './row-cache.ts'

/** Milliseconds between two attempts to subscribe. */
const RETRY_INTERVAL = 100

type Message =
  | readonly [sender: string, kind: 'invalidate', key: string]
  | readonly [sender: string, kind: 'heartbeat' | 'reset', count: number]

/**
 * Publishes the keys that this process changed, receives the keys that other processes changed, and
 * detects when it may have missed some.
 *
 * A subscription counts as working when a heartbeat of this process has come back through it, and
 * as long as any message arrives. Every interruption begins a new epoch: rows that were cached
 * before it may have missed a change.
 */
export class InvalidationChannel {
  readonly #channel: Channel
  readonly #onInvalidate: (key: string) => void
  readonly #warn: (message: string) => void
  readonly #self: string = crypto.randomUUID()
  #state: 'disconnected' | 'connecting' | 'connected' | 'closed' = 'disconnected'
  #epoch: string | undefined
  #lastMessageAt = 0
  #heartbeats = 0
  /** Heartbeats before this one were sent before the last interruption, so they are ignored. */
  #firstHeartbeat = 0
  /**
   * Whether an invalidation was not published. Then all other processes have to start a new epoch.
   */
  #needsReset = false

  constructor(channel: Channel, onInvalidate: (key: string) => void, warn: (message: string) => void) {
    this.#channel = channel
    this.#onInvalidate = onInvalidate
    this.#warn = warn
    void this.#heartbeat()
  }

  /**
   * Identifies the period in which no invalidation was missed. `undefined` while some may be
   * missed.
   */
  get epoch(): string | undefined {
    return this.#isStalled() ? undefined : this.#epoch
  }

  /**
   * Informs the other processes that a key has changed. Never rejects. If it fails, `#probe` makes
   * all processes start a new epoch.
   */
  async publish(key: string): Promise<void> {
    if (!(await this.#send([this.#self, 'invalidate', key]))) this.#needsReset = true
  }

  async close(): Promise<void> {
    this.#state = 'closed'
    this.#epoch = undefined
    await succeeds(() => this.#channel.close(), CACHE_TIMEOUT)
  }

  async #heartbeat(): Promise<void> {
    while (this.#state !== 'closed') {
      if (this.#state === 'disconnected') void this.#connect()
      if (this.#state === 'connected') await this.#probe()
      await sleepUnref(this.#epoch === undefined ? RETRY_INTERVAL : HEARTBEAT_INTERVAL)
      if (this.#state === 'connected' && this.#isStalled()) this.#onDisconnect()
    }
  }

  async #connect(): Promise<void> {
    this.#state = 'connecting'
    const handlers = { onMessage: this.#onMessage, onDisconnect: this.#onDisconnect }
    const isSubscribed = await succeeds(() => this.#channel.subscribe(handlers), CHANNEL_STALL)
    if (isSubscribed) this.#lastMessageAt = monotonic()
    if (this.#state === 'connecting') this.#state = isSubscribed ? 'connected' : 'disconnected'
  }

  async #probe(): Promise<void> {
    if (this.#epoch !== undefined && monotonic() - this.#lastMessageAt < HEARTBEAT_INTERVAL / 2) return
    const isSent = await this.#send([this.#self, 'heartbeat', this.#heartbeats++])
    if (isSent && this.#needsReset && (await this.#send([this.#self, 'reset', 0]))) this.#needsReset = false
  }

  #send(message: Message): Promise<boolean> {
    return succeeds(() => this.#channel.publish(JSON.stringify(message)), CACHE_TIMEOUT)
  }

  readonly #onMessage = (text: string): void => {
    const message = parse(text)
    if (message === undefined || this.#state === 'closed') return
    const [sender, kind, value] = message
    const isOwn = sender === this.#self
    if (kind === 'heartbeat' && isOwn && this.#epoch === undefined && value >= this.#firstHeartbeat) this.#beginEpoch()
    if (this.#epoch !== undefined) this.#lastMessageAt = monotonic()
    if (kind === 'invalidate' && !isOwn) this.#onInvalidate(value)
    if (kind === 'reset' && !isOwn && this.#epoch !== undefined) this.#beginEpoch()
  }

  readonly #onDisconnect = (): void => {
    if (this.#state === 'closed') return
    if (this.#epoch !== undefined)
      this.#warn(
        'CachedStore: the channel was interrupted, so changes of other processes may be missed. Reads go to the store until it works again.',
      )
    this.#state = 'disconnected'
    this.#epoch = undefined
    this.#firstHeartbeat = this.#heartbeats
  }

  #beginEpoch(): void {
    this.#epoch = crypto.randomUUID()
  }

  #isStalled(): boolean {
    return monotonic() - this.#lastMessageAt > CHANNEL_STALL
  }
}

/**
 * Whether the work succeeds in time. A failure is not reported, because the next heartbeat tries
 * again.
 */
async function succeeds(work: () => Promise<void>, timeout: number): Promise<boolean> {
  try {
    await withDeadline(work(), monotonic() + timeout, 'it took too long')
    return true
  } catch {
    return false
  }
}

function parse(text: string): Message | undefined {
  try {
    const message: unknown = JSON.parse(text)
    return Array.isArray(message) ? (message as unknown as Message) : undefined
  } catch {
    return undefined
  }
}
