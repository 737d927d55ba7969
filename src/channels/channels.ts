// See core/values/session-data.ts.
// oxlint-disable-next-line typescript/triple-slash-reference -- an import would not be in the declarations
/// <reference path="../index.ts" preserve="true" />
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
