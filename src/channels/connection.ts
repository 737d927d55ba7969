import { monotonic, sleepUnref } from '../core/base/clock.ts'
import type { ChannelHandlers, MessageKind } from '../core/store/channel.ts'
import { CHANNEL_STALL, HEARTBEAT_INTERVAL } from '../core/store/stall-policy.ts'
import type { PubSub } from './pub-sub.ts'

/** Milliseconds between two attempts to subscribe. */
const RETRY_INTERVAL = 100

/** The time limit of a message, in milliseconds. */
const PUBLISH_TIMEOUT = 200

type Message =
  | readonly [sender: string, kind: MessageKind, value: string]
  | readonly [sender: string, kind: 'heartbeat', count: number]
  | readonly [sender: string, kind: 'reset', count: number]

/**
 * Exchanges messages with the other processes, and detects when some may have been missed.
 *
 * A subscription counts as working when a heartbeat of this process has come back through it, and
 * as long as any message arrives. Every interruption begins a new epoch: rows that were cached
 * before it may have missed a change.
 */
export class ChannelConnection {
  readonly #pubSub: PubSub
  readonly #subscribers = new Set<ChannelHandlers>()
  readonly #self: string = crypto.randomUUID()
  #state: 'disconnected' | 'connecting' | 'connected' | 'closed' = 'disconnected'
  #epoch: string | undefined
  #lastMessageAt = 0
  #heartbeats = 0
  /** Heartbeats before this one were sent before the last interruption, so they are ignored. */
  #firstHeartbeat = 0
  /** Whether a message was not published. Then all other processes have to start a new epoch. */
  #needsReset = false

  constructor(pubSub: PubSub) {
    this.#pubSub = pubSub
    void this.#heartbeat()
  }

  /** See `Subscription.epoch`. */
  get epoch(): string | undefined {
    return this.#isStalled() ? undefined : this.#epoch
  }

  add(subscriber: ChannelHandlers): void {
    this.#subscribers.add(subscriber)
  }

  /** Removes a subscriber, and closes the connection when it was the last one. */
  async remove(subscriber: ChannelHandlers): Promise<void> {
    this.#subscribers.delete(subscriber)
    if (this.#subscribers.size === 0) await this.#close()
  }

  get isClosed(): boolean {
    return this.#state === 'closed'
  }

  /**
   * Sends a message to the other processes and to the other subscribers of this one. Never rejects.
   * If it fails, `#probe` makes all processes start a new epoch.
   */
  async publish(kind: MessageKind, value: string, from: ChannelHandlers): Promise<void> {
    this.#deliver(kind, value, from)
    if (!(await this.#send([this.#self, kind, value]))) this.#needsReset = true
  }

  async #close(): Promise<void> {
    this.#state = 'closed'
    this.#epoch = undefined
    await succeeds(() => this.#pubSub.close(), PUBLISH_TIMEOUT)
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
    const isSubscribed = await succeeds(() => this.#pubSub.subscribe(handlers), CHANNEL_STALL)
    if (isSubscribed) this.#lastMessageAt = monotonic()
    if (this.#state === 'connecting') this.#state = isSubscribed ? 'connected' : 'disconnected'
  }

  async #probe(): Promise<void> {
    if (this.#epoch !== undefined && monotonic() - this.#lastMessageAt < HEARTBEAT_INTERVAL / 2) return
    const isSent = await this.#send([this.#self, 'heartbeat', this.#heartbeats++])
    if (isSent && this.#needsReset && (await this.#send([this.#self, 'reset', 0]))) this.#needsReset = false
  }

  #send(message: Message): Promise<boolean> {
    return succeeds(() => this.#pubSub.publish(JSON.stringify(message)), PUBLISH_TIMEOUT)
  }

  readonly #onMessage = (text: string): void => {
    const message = parse(text)
    if (message === undefined || this.#state === 'closed') return
    const [sender, kind, value] = message
    const isOwn = sender === this.#self
    if (kind === 'heartbeat' && isOwn && this.#epoch === undefined && value >= this.#firstHeartbeat) this.#beginEpoch()
    if (this.#epoch !== undefined) this.#lastMessageAt = monotonic()
    if (isOwn) return
    if (kind === 'reset' && this.#epoch !== undefined) this.#beginEpoch()
    if (kind !== 'heartbeat' && kind !== 'reset') this.#deliver(kind, value)
  }

  #deliver(kind: MessageKind, value: string, from?: ChannelHandlers): void {
    for (const subscriber of this.#subscribers) if (subscriber !== from) subscriber.onMessage(kind, value)
  }

  readonly #onDisconnect = (): void => {
    if (this.#state === 'closed') return
    if (this.#epoch !== undefined) for (const { onInterrupt } of this.#subscribers) onInterrupt()
    this.#state = 'disconnected'
    this.#epoch = undefined
    this.#firstHeartbeat = this.#heartbeats
  }

  #beginEpoch(): void {
    this.#epoch = crypto.randomUUID()
    for (const { onResume } of this.#subscribers) onResume?.()
  }

  #isStalled(): boolean {
    return monotonic() - this.#lastMessageAt > CHANNEL_STALL
  }
}

/**
 * Whether the work succeeds in time. A failure is not reported, because the next heartbeat tries
 * again.
 */
function succeeds(work: () => Promise<void>, timeout: number): Promise<boolean> {
  const done = (async () => work())().then(
    () => true,
    () => false,
  )
  return Promise.race([done, sleepUnref(timeout).then(() => false)])
}

const KINDS: ReadonlySet<unknown> = new Set(['changed', 'ended', 'user-ended'])

/** Ignores what is no message of this package, because other programs can publish too. */
function parse(text: string): Message | undefined {
  try {
    const message: unknown = JSON.parse(text)
    if (!Array.isArray(message)) return undefined
    const [sender, kind, value] = message as readonly unknown[]
    const isValid = KINDS.has(kind) ? typeof value === 'string' : typeof value === 'number' && (kind === 'heartbeat' || kind === 'reset')
    return typeof sender === 'string' && isValid ? (message as unknown as Message) : undefined
  } catch {
    return undefined
  }
}
