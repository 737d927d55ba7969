import { sleepUnref } from '../../core/base/clock.ts'
import { isError } from '../../core/base/realms.ts'
import type { IoRedis, NodeRedisClient, RedisEvent } from './redis-client.ts'

/** The single connection of a client. */
export interface ClientLink {
  send(args: string[]): Promise<unknown>
  /**
   * Whether the client sends or rejects a command at once. Otherwise it queues the command until it
   * has a connection.
   */
  isOpen(): boolean
  /** Whether the connection was lost, or could not be made, and the client has none since. */
  isLost(): boolean
  /**
   * Closes the connection, including one without a completed handshake, and opens a new one. Does
   * nothing without a connection.
   */
  reconnect(): void
  /** Calls `listener` when a connection is made, and again when its handshake is complete. */
  onConnection(listener: () => void): void
  /** Resolves when there is a connection, rejects when the next attempt to connect fails. */
  connected(): Promise<void>
}

/** A client of `redis` with one connection and all its methods. */
export type NodeRedisLink = Required<NodeRedisClient>

/**
 * Whether this is a client of `redis` with one connection. A pool, or an object with only
 * `sendCommand`, is not.
 */
export function isNodeRedisLink(client: NodeRedisClient): client is NodeRedisLink {
  return typeof client.isReady === 'boolean' && (['on', 'off', 'connect', 'destroy'] as const).every((name) => name in client)
}

/** A `Redis` of `ioredis` with all its methods. */
export type IoRedisLink = IoRedis & Required<Pick<IoRedis, 'off' | 'disconnect'>>

export function isIoRedisLink(client: IoRedis): client is IoRedisLink {
  return 'off' in client && 'disconnect' in client
}

/**
 * How long a client of `redis` that was destroyed while it was connecting takes until it can
 * connect again, in milliseconds.
 */
const DESTROY_DELAY = 10

export function nodeRedisLink(client: NodeRedisLink, send: ClientLink['send']): ClientLink {
  let last: RedisEvent | undefined
  let isReplacing = false
  for (const event of ['connect', 'ready', 'error', 'end'] as const)
    client.on(event, () => {
      last = event
    })
  const connect = (): void => {
    isReplacing = false
    client.connect().catch(() => undefined) // the client emits the error
  }
  return {
    send,
    isOpen: () => client.isReady || !(client.isOpen || isReplacing),
    isLost: () => last === 'error' || last === 'end',
    reconnect() {
      if (!client.isReady && last !== 'connect') return
      const delay = client.isReady ? undefined : sleepUnref(DESTROY_DELAY)
      isReplacing = true
      client.destroy()
      if (delay === undefined) connect()
      else void delay.then(connect)
    },
    onConnection: (listener) => onEach(client, ['connect', 'ready'], listener),
    connected: () => nextEvent(client, 'ready', ['error', 'end']),
  }
}

/** In every other status `ioredis` queues commands. In `wait` it connects at the first command. */
const OPEN = ['wait', 'ready', 'monitoring', 'end']
const CONNECTED = ['connect', 'ready']

export function ioRedisLink(client: IoRedisLink, send: ClientLink['send']): ClientLink {
  let isLost = client.status === 'reconnecting'
  for (const event of ['connect', 'close'] as const)
    client.on(event, () => {
      isLost = event === 'close'
    })
  return {
    send,
    isOpen: () => OPEN.includes(client.status),
    isLost: () => isLost,
    reconnect() {
      if (!CONNECTED.includes(client.status)) return
      client.disconnect(true)
      client.stream?.destroy() // otherwise it waits two seconds for the peer to close the connection
    },
    onConnection: (listener) => onEach(client, ['connect', 'ready'], listener),
    connected: () => nextEvent(client, 'ready', ['error', 'close', 'end']),
  }
}

type Listener = (cause?: unknown) => void

interface Emitter {
  on(event: RedisEvent, listener: Listener): unknown
  off(event: RedisEvent, listener: Listener): unknown
}

function onEach(client: Emitter, events: readonly RedisEvent[], listener: Listener): void {
  for (const event of events) client.on(event, listener)
}

/** Resolves at the event `success`, rejects at the first of `failures` before it. */
function nextEvent(client: Emitter, success: RedisEvent, failures: readonly RedisEvent[]): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const succeed = (): void => resolve()
  const fail: Listener = (cause) => reject(isError(cause) ? cause : new Error('the connection was closed'))
  client.on(success, succeed)
  onEach(client, failures, fail)
  return promise.finally(() => {
    client.off(success, succeed)
    for (const event of failures) client.off(event, fail)
  })
}
