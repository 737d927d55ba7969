import { aText, checkOptions, invalidOption, type OptionTable, satisfies } from '../core/base/option-checks.ts'
import type { Channel } from '../core/store/channel.ts'
import { createChannel } from './create-channel.ts'
import type { PubSubHandlers } from './pub-sub.ts'

/**
 * The methods that `redisChannel` uses of the client it publishes with, of `redis` or `ioredis`.
 */
export interface RedisPublisher {
  publish(channel: string, message: string): Promise<unknown>
}

/** The methods that `redisChannel` uses of the client it subscribes with, of `redis`. */
export interface NodeRedisSubscriber {
  subscribe(channel: string, listener: (message: string) => void): Promise<unknown>
  unsubscribe(channel: string): Promise<unknown>
  on(event: 'reconnecting' | 'end', listener: () => void): unknown
}

/** The methods that `redisChannel` uses of the client it subscribes with, of `ioredis`. */
export interface IoRedisSubscriber {
  subscribe(channel: string): Promise<unknown>
  unsubscribe(channel: string): Promise<unknown>
  call(command: string): Promise<unknown>
  on(event: 'message', listener: (channel: string, message: string) => void): unknown
  on(event: 'close' | 'end', listener: () => void): unknown
}

/** Options of `redisChannel`. */
export interface RedisChannelOptions {
  /** A connected client of `redis`, or a client of `ioredis`. The application closes it. */
  readonly publisher: RedisPublisher
  /**
   * A second client, which cannot do anything else while it is subscribed: `client.duplicate()`,
   * connected. The application closes it.
   */
  readonly subscriber: NodeRedisSubscriber | IoRedisSubscriber
  /**
   * The name of the channel in Redis, the same in all processes of an application. Default
   * `'sojourn'`.
   */
  readonly name?: string
}

/**
 * Returns a channel over Redis pub/sub.
 *
 * ```ts
 * const publisher = await createClient({ url }).connect()
 * const subscriber = await publisher.duplicate().connect()
 * const channel = redisChannel({ publisher, subscriber })
 * const cached = new CachedStore({ store, cache: new MemoryStore(), maxStale: '1m', channel })
 * const sessions = createSessions({ store: cached, channel })
 * ```
 *
 * @throws ConfigError when an option is invalid.
 */
export function redisChannel(options: RedisChannelOptions): Channel {
  const { publisher, subscriber, name = 'sojourn' } = checkOptions(options, OPTIONS)
  if ((subscriber as unknown) === publisher) throw invalidOption('redisChannel', 'subscriber', subscriber, SECOND_CLIENT)
  let handlers: PubSubHandlers | undefined
  const subscribe = prepareSubscription(subscriber, name, {
    onMessage: (text) => handlers?.onMessage(text),
    onDisconnect: () => handlers?.onDisconnect(),
  })
  return createChannel({
    publish: async (text) => void (await publisher.publish(name, text)),
    async subscribe(given) {
      handlers = given
      await subscribe()
    },
    async close() {
      handlers = undefined
      await subscriber.unsubscribe(name).catch(() => undefined) // without a connection there is nothing to unsubscribe
    },
  })
}

/**
 * Adds the listeners and returns the function that subscribes. Both libraries subscribe again by
 * themselves after a reconnect, and a second subscription has no effect.
 */
function prepareSubscription(
  subscriber: NodeRedisSubscriber | IoRedisSubscriber,
  name: string,
  { onMessage, onDisconnect }: PubSubHandlers,
): () => Promise<unknown> {
  subscriber.on('end', onDisconnect)
  if ('call' in subscriber) {
    subscriber.on('close', onDisconnect)
    subscriber.on('message', (channel, message) => (channel === name ? onMessage(message) : undefined))
    return () => subscriber.subscribe(name)
  }
  subscriber.on('reconnecting', onDisconnect)
  return () => subscriber.subscribe(name, onMessage)
}

const SECOND_CLIENT = 'pass a second client: `client.duplicate()`, connected'

const OPTIONS: OptionTable = {
  owner: 'redisChannel',
  required: ['publisher', 'subscriber'],
  checks: {
    publisher: satisfies(
      (client) => typeof (client as Partial<RedisPublisher> | null)?.publish === 'function',
      'pass a client of `redis` or `ioredis`',
    ),
    subscriber: satisfies((client) => typeof (client as Partial<IoRedisSubscriber> | null)?.subscribe === 'function', SECOND_CLIENT),
    name: aText,
  },
}
