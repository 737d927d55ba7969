import { type Check, satisfies } from '../base/option-checks.ts'

/**
 * What a message is about:
 *
 * - `changed`: the row of this key was changed or deleted, so caches have to drop it
 * - `ended`: the session with this handle ended, or has another id or another user
 * - `user-ended`: sessions of a user ended; the value is the one of the index of the store
 */
export type MessageKind = 'changed' | 'ended' | 'user-ended'

/**
 * Carries messages about changed sessions between the processes of an application: a `redisChannel`
 * or a `postgresChannel` of `sojourn/channels`, or one that `createChannel` makes. One channel
 * serves several managers and `CachedStore`s of a process.
 */
export interface Channel {
  /** Starts to receive messages. The last subscription that closes also closes the connection. */
  subscribe(handlers: ChannelHandlers): Subscription
}

/** The functions that a subscription calls. */
export interface ChannelHandlers {
  /** Called with the messages of all other subscriptions, also those of this process. */
  readonly onMessage: (kind: MessageKind, value: string) => void
  /** Called when messages may be missed, for example because the connection was lost. */
  readonly onInterrupt: () => void
  /** Called when messages arrive reliably: at first, and again after some may have been missed. */
  readonly onResume?: () => void
}

/** The part of a channel that belongs to one manager or one `CachedStore`. */
export interface Subscription {
  /**
   * Identifies the period in which no message was missed. `undefined` while some may be missed.
   */
  readonly epoch: string | undefined
  /** Sends a message to all other subscriptions. Never rejects. */
  publish(kind: MessageKind, value: string): Promise<void>
  /** Ends the subscription. None of its handlers is called after it. */
  close(): Promise<void>
}

export const aChannel: Check = satisfies(
  (value) => typeof value === 'object' && value !== null && 'subscribe' in value && !('publish' in value),
  'pass a `redisChannel`, a `postgresChannel` or a `createChannel` of sojourn/channels',
)
