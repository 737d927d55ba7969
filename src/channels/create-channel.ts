import { ConfigError } from '../core/base/errors.ts'
import { formatValue } from '../core/base/format.ts'
import type { Channel, ChannelHandlers, Subscription } from '../core/store/channel.ts'
import { ChannelConnection } from './connection.ts'
import type { PubSub } from './pub-sub.ts'

/**
 * Returns a channel over a message service of your own.
 *
 * ```ts
 * import { createChannel, type PubSubHandlers } from 'sojourn/channels'
 *
 * const listeners = new Set<PubSubHandlers>()
 * const channel = createChannel({
 *   publish: async (text) => listeners.forEach(({ onMessage }) => onMessage(text)),
 *   subscribe: async (handlers) => void listeners.add(handlers),
 *   close: async () => listeners.clear(),
 * })
 * ```
 *
 * @throws ConfigError when a method is missing.
 */
export function createChannel(pubSub: PubSub): Channel {
  for (const method of ['publish', 'subscribe', 'close'] as const)
    if (typeof (pubSub as Partial<PubSub> | null | undefined)?.[method] !== 'function')
      throw new ConfigError(
        `createChannel(pubSub) got ${formatValue(pubSub)} without a method ${method}(). Pass publish, subscribe and close.`,
      )
  let connection: ChannelConnection | undefined
  return {
    subscribe(handlers) {
      if (connection === undefined || connection.isClosed) connection = new ChannelConnection(pubSub)
      return subscriptionOf(connection, handlers)
    },
  }
}

function subscriptionOf(connection: ChannelConnection, given: ChannelHandlers): Subscription {
  const handlers = { ...given } // the same handlers may subscribe twice
  connection.add(handlers)
  let closed: Promise<void> | undefined
  return {
    get epoch() {
      return connection.epoch
    },
    publish: (kind, value) => connection.publish(kind, value, handlers),
    close: () => (closed ??= connection.remove(handlers)),
  }
}
