/**
 * Carries short texts between the processes of an application: `redisChannel`, `postgresChannel`,
 * or your own implementation.
 *
 * ```ts
 * import type { Channel, ChannelHandlers } from 'sojourn/stores/cached'
 *
 * const listeners = new Set<ChannelHandlers>()
 * const channel: Channel = {
 *   publish: async (text) => listeners.forEach(({ onMessage }) => onMessage(text)),
 *   subscribe: async (handlers) => void listeners.add(handlers),
 *   close: async () => listeners.clear(),
 * }
 * ```
 */
export interface Channel {
  /**
   * Sends a text to all subscribers, including the one of this process. Rejects if the text was not
   * sent.
   */
  publish(text: string): Promise<void>
  /**
   * Subscribes, and resolves when the subscription is active. It is called again after
   * `onDisconnect`, with the same handlers.
   */
  subscribe(handlers: ChannelHandlers): Promise<void>
  /** Ends the subscription. No handler is called after it. */
  close(): Promise<void>
}

/** The callbacks of a subscription. */
export interface ChannelHandlers {
  /** Called with every text that any process publishes. */
  readonly onMessage: (text: string) => void
  /** Called when texts may have been missed, for example because the connection was lost. */
  readonly onDisconnect: () => void
}
