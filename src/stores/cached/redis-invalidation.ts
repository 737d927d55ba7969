import { invalidOption, refuseUnknownOptions } from '../shared/check-options.ts'
import type { Invalidation } from './invalidation.ts'

/** What `redisInvalidation` needs of the client it publishes with, of `redis` or `ioredis`. */
export interface RedisPublisher {
  publish(channel: string, message: string): Promise<unknown>
}

/** What `redisInvalidation` needs of the client it listens with, of `redis`. */
export interface NodeRedisSubscriber {
  subscribe(channel: string, listener: (message: string) => void): Promise<unknown>
  unsubscribe(channel: string): Promise<unknown>
  on(event: 'reconnecting' | 'end', listener: () => void): unknown
}

/** What `redisInvalidation` needs of the client it listens with, of `ioredis`. */
export interface IoRedisSubscriber {
  subscribe(channel: string): Promise<unknown>
  unsubscribe(channel: string): Promise<unknown>
  call(command: string): Promise<unknown>
  on(event: 'message', listener: (channel: string, message: string) => void): unknown
  on(event: 'close' | 'end', listener: () => void): unknown
}

/** Through which Redis processes tell each other what their caches have to drop. */
export interface RedisInvalidationOptions {
  /** A client of `redis`, connected, or of `ioredis`. It stays the application's. */
  readonly publisher: RedisPublisher
  /** Another one, which can do nothing else while it listens: `client.duplicate()`, connected. It stays the application's. */
  readonly subscriber: NodeRedisSubscriber | IoRedisSubscriber
  /** Of the processes of one application the same. Default `sojourn`. */
  readonly channel?: string
}

/**
 * Carries the invalidations of a `CachedStore` by Redis pub/sub.
 *
 * ```ts
 * const publisher = await createClient({ url }).connect()
 * const subscriber = await publisher.duplicate().connect()
 * const invalidation = redisInvalidation({ publisher, subscriber })
 * const cached = new CachedStore({ store, cache: new MemoryStore(), maxStale: '1m', invalidation })
 * ```
 *
 * @throws ConfigError when an option cannot be used.
 */
export function redisInvalidation(options: RedisInvalidationOptions): Invalidation {
  const { publisher, subscriber, channel } = checked(options)
  let hear: (text: string) => void = ignore
  let lose: () => void = ignore
  const heard = (text: string): void => hear(text)
  const lost = (): void => lose()
  const subscribe = subscriberOf(subscriber, channel, heard, lost)
  return {
    async listen(onText, onLoss) {
      hear = onText
      lose = onLoss
      await subscribe()
    },
    tell: async (text) => void (await publisher.publish(channel, text)),
    async close() {
      hear = ignore
      lose = ignore
      await subscriber.unsubscribe(channel).catch(ignore)
    },
  }
}

type Subscribe = () => Promise<unknown>

/** Both libraries subscribe again by themselves after a loss; to be told twice does them no harm. */
function subscriberOf(
  subscriber: NodeRedisSubscriber | IoRedisSubscriber,
  channel: string,
  heard: (text: string) => void,
  lost: () => void,
): Subscribe {
  subscriber.on('end', lost)
  if ('call' in subscriber) {
    subscriber.on('close', lost)
    subscriber.on('message', (from, message) => (from === channel ? heard(message) : undefined))
    return () => subscriber.subscribe(channel)
  }
  subscriber.on('reconnecting', lost)
  return () => subscriber.subscribe(channel, heard)
}

const OPTIONS = ['publisher', 'subscriber', 'channel']

function checked(options: RedisInvalidationOptions): Required<RedisInvalidationOptions> {
  const given: Partial<RedisInvalidationOptions> = { ...options }
  refuseUnknownOptions('redisInvalidation', given, OPTIONS)
  const { publisher, subscriber, channel = 'sojourn' } = given
  if (typeof publisher?.publish !== 'function')
    throw invalidOption('redisInvalidation', 'publisher', publisher, 'Give a client of `redis` or `ioredis`.')
  if (typeof subscriber?.subscribe !== 'function' || (subscriber as unknown) === publisher)
    throw invalidOption('redisInvalidation', 'subscriber', subscriber, 'Give a client of its own: `client.duplicate()`, connected.')
  if (typeof channel !== 'string' || channel === '') throw invalidOption('redisInvalidation', 'channel', channel, "Give a text: `'shop'`.")
  return { publisher, subscriber, channel }
}

function ignore(): void {
  // Nobody listens, or it has ended already.
}
