/** Events of the clients of both libraries. */
export type RedisEvent = 'connect' | 'ready' | 'error' | 'close' | 'end'

/**
 * The methods that `RedisStore` uses of `createClient()` and `createClientPool()` of `redis`:
 * `execute` of the pool, the others of the client.
 */
export interface NodeRedisClient {
  sendCommand(args: string[], options?: object): Promise<unknown>
  execute?(work: (member: NodeRedisClient) => Promise<unknown>): Promise<unknown>
  readonly isReady?: boolean
  readonly isOpen?: boolean
  on?(event: RedisEvent, listener: (cause?: unknown) => void): unknown
  off?(event: RedisEvent, listener: (cause?: unknown) => void): unknown
  connect?(): Promise<unknown>
  destroy?(): void
}

/** The methods that `RedisStore` uses of `createSentinel()` of `redis`. */
export interface NodeRedisSentinel {
  readonly isOpen?: boolean
  sendCommand(isReadonly: boolean, args: string[], options?: object): Promise<unknown>
  getSentinelNode(): unknown
  on(event: 'client-error', listener: () => void): unknown
}

/** The methods that `RedisStore` uses of `createCluster()` of `redis`. */
export interface NodeRedisCluster {
  readonly isOpen?: boolean
  sendCommand(firstKey: string | undefined, isReadonly: boolean, args: string[], options?: object): Promise<unknown>
  readonly masters: readonly { readonly address: string }[]
  nodeClient(node: never): Promise<NodeRedisClient> | NodeRedisClient
}

/** The methods that `RedisStore` uses of a `Redis` of `ioredis`. */
export interface IoRedis {
  call(command: string, args: string[]): Promise<unknown>
  readonly status: string
  readonly options: {
    readonly keyPrefix?: string | Uint8Array | undefined
    readonly host?: string | undefined
    readonly port?: number | undefined
  }
  readonly stream?: { destroy(): unknown }
  on(event: RedisEvent, listener: (cause?: unknown) => void): unknown
  off?(event: RedisEvent, listener: (cause?: unknown) => void): unknown
  disconnect?(reconnect: boolean): void
}

/** The methods that `RedisStore` uses of a `Cluster` of `ioredis`. */
export interface IoRedisCluster {
  readonly isCluster: true
  call(command: string, args: string[]): Promise<unknown>
  readonly status: string
  readonly options: { readonly keyPrefix?: string | Uint8Array | undefined; readonly scaleReads?: unknown }
  nodes(role: 'master'): IoRedis[]
  refreshSlotsCache(done: () => void): void
  on(event: '-node', listener: () => void): unknown
}

/** A client of one of the two libraries. */
export type RedisClient = NodeRedisClient | NodeRedisSentinel | NodeRedisCluster | IoRedis | IoRedisCluster
