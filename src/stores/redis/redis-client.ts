import { monotonic } from '../../core/base/clock.ts'
import { PatientLine, UnconnectedError } from './client-link.ts'
import { type Heed, heedingSilence } from './detect-stall.ts'
import { ioLine, isIoLink } from './ioredis-link.ts'
import { isNodeLink, nodeLine } from './node-redis-link.ts'
import type { RedisEvent } from './redis-event.ts'

/** What `RedisStore` needs of `createClient()` or `createClientPool()` of `redis`: the pool has `execute`, the client the rest. */
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

/** What `RedisStore` needs of `createSentinel()` of `redis`. */
export interface NodeRedisSentinel {
  sendCommand(isReadonly: boolean, args: string[], options?: object): Promise<unknown>
  getSentinelNode(): unknown
  on(event: 'client-error', listener: () => void): unknown
}

/** What `RedisStore` needs of `createCluster()` of `redis`. */
export interface NodeRedisCluster {
  sendCommand(firstKey: string | undefined, isReadonly: boolean, args: string[], options?: object): Promise<unknown>
  readonly masters: readonly { readonly address: string }[]
  nodeClient(node: never): Promise<NodeRedisClient> | NodeRedisClient
}

/** What `RedisStore` needs of a `Redis` of `ioredis`. */
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

/** What `RedisStore` needs of a `Cluster` of `ioredis`. */
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

/** One server of those that hold the keys. */
export interface RedisNode {
  readonly name: string
  send(args: string[]): Promise<unknown>
}

/** Commands to Redis, through whatever client the application uses. Always to a master: what a replica says may be old. */
export interface RedisConnection {
  /** What the client itself puts in front of every key. */
  readonly keyPrefix: string
  /** Sends a command about one key, for somebody who waits until then (see `Patience`). */
  send(key: string, args: string[], deadline?: number): Promise<unknown>
  /** The masters, in the order of their names. */
  nodes(): readonly RedisNode[]
  /**
   * Another number whenever commands under way may have been sent twice. A command that the server refused is then not known to have had no
   * effect: the server may have refused the second one.
   */
  resends(): number
  /** Whether the client was ended: it sends nothing any more. */
  hasEnded(): boolean
}

/** Whatever the client maps replies to, these commands answer texts and numbers. */
const PLAIN = Object.freeze({ typeMapping: Object.freeze({}) })
/** `redis` gives each command a timer, for as long as it is not written; a client that is ready writes at once. The timer is most of what a GET costs it. */
const AT_ONCE = Object.freeze({ ...PLAIN, timeout: undefined })

/** To a server of a Cluster that may be silent, so that the line to it finds out, and makes a new connection if it is. */
const PING = ['ping']

const CONNECTIONS = new WeakMap<object, RedisConnection>()
const LINES = new WeakMap<object, Line>()

type Line = Pick<PatientLine, 'send'>

/** The line of a client with one connection, always the same one. */
function lineOf(client: object, make: () => Line): Line {
  const line = LINES.get(client) ?? make()
  LINES.set(client, line)
  return line
}

function nodeLineOf(client: NodeRedisClient): Line {
  return lineOf(client, () => {
    const send = (args: string[]): Promise<unknown> => client.sendCommand(args, client.isReady === true ? AT_ONCE : PLAIN)
    return isNodeLink(client) ? new PatientLine(nodeLine(client, send)) : { send }
  })
}

function ioLineOf(client: IoRedis): Line {
  return lineOf(client, () => {
    const send = ([command = '', ...args]: string[]): Promise<unknown> => client.call(command, args)
    return isIoLink(client) ? new PatientLine(ioLine(client, send)) : { send }
  })
}

/** The connection through a client, always the same one; `undefined` for what is no client of either library. */
export function connectionThrough(client: RedisClient): RedisConnection | undefined {
  if (typeof client !== 'object' || client === null) return undefined
  const connection = CONNECTIONS.get(client) ?? newConnection(client)
  if (connection !== undefined) CONNECTIONS.set(client, connection)
  return connection
}

function newConnection(client: RedisClient): RedisConnection | undefined {
  const { call, nodes, sendCommand, nodeClient, getSentinelNode } = client as Partial<Record<Method, unknown>>
  if (typeof call === 'function')
    return typeof nodes === 'function' ? throughIoCluster(client as IoRedisCluster) : throughIo(client as IoRedis)
  if (typeof sendCommand !== 'function') return undefined
  if (typeof nodeClient === 'function') return throughCluster(client as NodeRedisCluster)
  return typeof getSentinelNode === 'function' ? throughSentinel(client as NodeRedisSentinel) : throughClient(client as NodeRedisClient)
}

/** By which the clients are told apart. */
type Method = 'call' | 'nodes' | 'sendCommand' | 'nodeClient' | 'getSentinelNode'

function throughClient(client: NodeRedisClient): RedisConnection {
  const line = client.execute === undefined ? nodeLineOf(client) : poolLine(client)
  return {
    ...NEVER_TWICE,
    send: (_, args, deadline) => line.send(args, deadline),
    nodes: () => [{ name: '', send: (args) => line.send(args) }],
  }
}

/** Every member of the pool has a line of its own. Who got one too late has nothing sent. */
function poolLine(pool: NodeRedisClient): Line {
  const lent = (member: NodeRedisClient, args: string[], deadline: number): Promise<unknown> => {
    if (monotonic() < deadline) return nodeLineOf(member).send(args, deadline)
    throw new UnconnectedError('Redis was not asked: no client of the pool was free in time')
  }
  return {
    send: (args, deadline) =>
      deadline === undefined
        ? pool.sendCommand(args, PLAIN)
        : (pool.execute?.((member) => lent(member, args, deadline)) as Promise<unknown>),
  }
}

/** After a command was lost with its connection it sends it again, to the new master. */
function throughSentinel(client: NodeRedisSentinel): RedisConnection {
  const send = (args: string[]): Promise<unknown> => client.sendCommand(false, args, PLAIN)
  const resends = counted((count) => client.on('client-error', count))
  return { ...NEVER_TWICE, resends, send: (_, args) => send(args), nodes: () => [{ name: '', send }] }
}

function throughCluster(cluster: NodeRedisCluster): RedisConnection {
  const send = (key: string | undefined, args: string[]): Promise<unknown> => cluster.sendCommand(key, false, args, PLAIN)
  const prod = async (master: unknown, deadline: number): Promise<unknown> =>
    nodeLineOf(await cluster.nodeClient(master as never)).send(PING, deadline)
  const heed: Heed = (key, deadline) => {
    // Without a key it goes to any server, and the client learns from the one that answers who has the key.
    send(undefined, ['type', key]).catch(ignore)
    if (deadline !== undefined) for (const master of cluster.masters) prod(master, deadline).catch(ignore)
  }
  return {
    ...NEVER_TWICE,
    send: heedingSilence(send, heed),
    nodes: () =>
      inOrder(
        cluster.masters.map((master) => ({
          name: master.address,
          send: async (args) => (await cluster.nodeClient(master as never)).sendCommand(args, PLAIN),
        })),
      ),
  }
}

function throughIo(client: IoRedis): RedisConnection {
  const line = ioLineOf(client)
  return {
    keyPrefix: textOf(client.options.keyPrefix),
    send: (_, args, deadline) => line.send(args, deadline),
    nodes: () => [{ name: '', send: (args) => line.send(args) }],
    resends: counted((count) => client.on('close', count)),
    hasEnded: () => client.status === 'end',
  }
}

function throughIoCluster(cluster: IoRedisCluster): RedisConnection {
  return {
    keyPrefix: textOf(cluster.options.keyPrefix),
    send: heedingSilence(
      (_, [command = '', ...args]) => cluster.call(command, args),
      (_, deadline) => {
        cluster.refreshSlotsCache(ignore)
        if (deadline !== undefined) for (const master of cluster.nodes('master')) ioLineOf(master).send(PING, deadline).catch(ignore)
      },
    ),
    nodes: () =>
      inOrder(
        cluster.nodes('master').map((node) => ({
          name: `${node.options.host}:${node.options.port}`,
          send: ([command = '', ...args]) => node.call(command, args),
        })),
      ),
    resends: counted((count) => cluster.on('-node', count)),
    hasEnded: () => cluster.status === 'end',
  }
}

/** `redis` fails what was under way when a connection is lost, and puts no prefix before the keys of commands that are sent as they are. */
const NEVER_TWICE = { keyPrefix: '', resends: () => 0, hasEnded: () => false } as const

function counted(listen: (count: () => void) => void): () => number {
  let times = 0
  listen(() => {
    times += 1
  })
  return () => times
}

function ignore(): void {
  // There is always a next time.
}

function textOf(prefix: string | Uint8Array | undefined): string {
  return typeof prefix === 'string' ? prefix : new TextDecoder().decode(prefix)
}

function inOrder(nodes: RedisNode[]): RedisNode[] {
  return nodes.sort((one, other) => (one.name < other.name ? -1 : 1))
}
