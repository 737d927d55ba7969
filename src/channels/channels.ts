export type { Channel, ChannelHandlers, MessageKind, Subscription } from '../core/store/channel.ts'
export { createChannel } from './create-channel.ts'
export { type PgListener, type PostgresChannelOptions, postgresChannel } from './postgres-channel.ts'
export type { PubSub, PubSubHandlers } from './pub-sub.ts'
export {
  type IoRedisSubscriber,
  type NodeRedisSubscriber,
  type RedisChannelOptions,
  type RedisPublisher,
  redisChannel,
} from './redis-channel.ts'
