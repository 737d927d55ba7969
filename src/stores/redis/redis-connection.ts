import { monotonic } from '../../core/base/clock.ts'
import { ignore } from '../../core/base/ignore.ts'
import { ioRedisLink, isIoRedisLink, isNodeRedisLink, nodeRedisLink } from './client-link.ts'
import { DeadlineClient, detectStall, type OnStall, type SendOptions, UnconnectedError } from './deadline-client.ts'
import type { IoRedis, IoRedisCluster, NodeRedisClient, NodeRedisCluster, NodeRedisSentinel, RedisClient } from './redis-client.ts'

/** One of the servers that hold the keys. */
export interface RedisNode {
  readonly name: string
  send(args: string[]): Promise<unknown>
}

/**
 * Sends commands through any client. Commands go to masters only, because the data of a replica may
 * be old.
 */
export interface RedisConnection {
  /** The prefix that the client itself adds to every key. */
  readonly keyPrefix: string
  /** Sends a command about one key. */
  send(key: string, args: string[], options?: SendOptions): Promise<unknown>
  /** The masters, sorted by name. */
  nodes(): readonly RedisNode[]
  /**
   * Changes when the client may have sent pending commands twice. If the server rejected such a
   * command, it may have executed the first copy and rejected the second.
   */
  resends(): number
  /** Whether the client was closed and sends no more commands. */
  hasEnded(): boolean
  /**
   * Whether the client has been opened, by `connect()` or by itself. It may be without a
   * connection.
   */
  wasOpened(): boolean
}

/** Replies are strings and numbers, whatever type mapping the client has. */
const PLAIN = Object.freeze({ typeMapping: Object.freeze({}) })
/**
 * `redis` starts a timer for each command until it is written. A client that is ready writes at
 * once, so this disables the timer, which takes most of the CPU time of a GET.
 */
const NO_TIMER = Object.freeze({ ...PLAIN, timeout: undefined })

type Sender = Pick<DeadlineClient, 'send'>

const nodeRedisSender = oncePerClient((client: NodeRedisClient): Sender => {
  const send = (args: string[]): Promise<unknown> => client.sendCommand(args, client.isReady === true ? NO_TIMER : PLAIN)
  return isNodeRedisLink(client) ? new DeadlineClient(nodeRedisLink(client, send)) : { send }
})

const ioRedisSender = oncePerClient((client: IoRedis): Sender => {
  const send = ([command = '', ...args]: string[]): Promise<unknown> => client.call(command, args)
  return isIoRedisLink(client) ? new DeadlineClient(ioRedisLink(client, send)) : { send }
})

const connectionOf = oncePerClient(newConnection)

/**
 * Returns the one connection of a client, or `undefined` if this is not a client of either library.
 */
export function connectionThrough(client: RedisClient): RedisConnection | undefined {
  return typeof client === 'object' && client !== null ? connectionOf(client) : undefined
}

/** Returns a function that creates one result for each client. */
function oncePerClient<Client extends object, Result>(create: (client: Client) => Result): (client: Client) => Result {
  const results = new WeakMap<Client, Result>()
  return (client) => {
    const result = results.get(client) ?? create(client)
    results.set(client, result)
    return result
  }
}

/** The methods by which the clients are distinguished. */
type Method = 'call' | 'nodes' | 'sendCommand' | 'nodeClient' | 'getSentinelNode'

function newConnection(client: RedisClient): RedisConnection | undefined {
  const { call, nodes, sendCommand, nodeClient, getSentinelNode } = client as Partial<Record<Method, unknown>>
  if (typeof call === 'function')
    return typeof nodes === 'function' ? throughIoRedisCluster(client as IoRedisCluster) : throughIoRedis(client as IoRedis)
  if (typeof sendCommand !== 'function') return undefined
  if (typeof nodeClient === 'function') return throughCluster(client as NodeRedisCluster)
  return typeof getSentinelNode === 'function' ? throughSentinel(client as NodeRedisSentinel) : throughClient(client as NodeRedisClient)
}

function throughClient(client: NodeRedisClient): RedisConnection {
  const sender = client.execute === undefined ? nodeRedisSender(client) : poolSender(client)
  return { ...NO_RESENDS, ...toOneServer(sender), wasOpened: openedOnce(client) }
}

function toOneServer(sender: Sender): Pick<RedisConnection, 'send' | 'nodes'> {
  return {
    send: (_, args, options) => sender.send(args, options),
    nodes: () => [{ name: '', send: (args) => sender.send(args) }],
  }
}

/** Each member of the pool has its own sender. After the deadline nothing is sent. */
function poolSender(pool: NodeRedisClient): Sender {
  const sendThrough = (member: NodeRedisClient, args: string[], options: SendOptions): Promise<unknown> => {
    if (monotonic() < Number(options.deadline)) return nodeRedisSender(member).send(args, options)
    throw new UnconnectedError('The command was not sent to Redis: no client of the pool was free in time')
  }
  return {
    send: (args, options?: SendOptions) =>
      options?.deadline === undefined
        ? pool.sendCommand(args, PLAIN)
        : (pool.execute?.((member) => sendThrough(member, args, options)) as Promise<unknown>),
  }
}

/** A command whose connection was lost is sent again to the new master. */
function throughSentinel(client: NodeRedisSentinel): RedisConnection {
  const send = (args: string[]): Promise<unknown> => client.sendCommand(false, args, PLAIN)
  return {
    ...NO_RESENDS,
    ...toOneServer({ send }),
    resends: counter((count) => client.on('client-error', count)),
    wasOpened: openedOnce(client),
  }
}

function throughCluster(cluster: NodeRedisCluster): RedisConnection {
  const clientOf = async (master: unknown): Promise<NodeRedisClient> => cluster.nodeClient(master as never)
  const send = (key: string | undefined, args: string[]): Promise<unknown> => cluster.sendCommand(key, false, args, PLAIN)
  const onStall: OnStall = (key, deadline) => {
    // A command without a key goes to a random server. The reply of a healthy one informs the
    // client which server has the key.
    send(undefined, ['type', key]).catch(ignore)
    pingAll(cluster.masters, async (master) => nodeRedisSender(await clientOf(master)), deadline)
  }
  return {
    ...NO_RESENDS,
    wasOpened: openedOnce(cluster),
    send: detectStall(send, onStall),
    nodes: () =>
      byName(cluster.masters, (master) => ({
        name: master.address,
        send: async (args) => (await clientOf(master)).sendCommand(args, PLAIN),
      })),
  }
}

function throughIoRedis(client: IoRedis): RedisConnection {
  return {
    ...toOneServer(ioRedisSender(client)),
    keyPrefix: toText(client.options.keyPrefix),
    resends: counter((count) => client.on('close', count)),
    hasEnded: () => client.status === 'end',
    wasOpened: isOpenedByItself,
  }
}

function throughIoRedisCluster(cluster: IoRedisCluster): RedisConnection {
  const onStall: OnStall = (_, deadline) => {
    cluster.refreshSlotsCache(ignore)
    pingAll(cluster.nodes('master'), ioRedisSender, deadline)
  }
  return {
    keyPrefix: toText(cluster.options.keyPrefix),
    send: detectStall((_, [command = '', ...args]) => cluster.call(command, args), onStall),
    nodes: () =>
      byName(cluster.nodes('master'), (node) => ({
        name: `${node.options.host}:${node.options.port}`,
        send: ([command = '', ...args]) => node.call(command, args),
      })),
    resends: counter((count) => cluster.on('-node', count)),
    hasEnded: () => cluster.status === 'end',
    wasOpened: isOpenedByItself,
  }
}

/**
 * Pings all masters, so that the sender of a stalled one replaces its connection. Callers without a
 * deadline leave that to the client.
 */
function pingAll<T>(masters: readonly T[], sender: (master: T) => Sender | Promise<Sender>, deadline: number): void {
  if (deadline === Number.POSITIVE_INFINITY) return
  const ping = async (master: T): Promise<unknown> => (await sender(master)).send(['ping'], { deadline, probe: true })
  for (const master of masters) ping(master).catch(ignore)
}

/**
 * `redis` rejects pending commands when their connection is lost, and adds no prefix to the keys of
 * raw commands.
 */
const NO_RESENDS = { keyPrefix: '', resends: () => 0, hasEnded: () => false } as const

/** `ioredis` connects at the first command at the latest. */
const isOpenedByItself = (): boolean => true

/** Remembers that the client of `redis` was open. One that was closed later is not a mistake. */
function openedOnce(client: { readonly isOpen?: boolean }): () => boolean {
  let wasOpened = client.isOpen !== false
  return () => (wasOpened ||= client.isOpen !== false)
}

function counter(listen: (count: () => void) => void): () => number {
  let count = 0
  listen(() => {
    count += 1
  })
  return () => count
}

function toText(prefix: string | Uint8Array | undefined): string {
  return typeof prefix === 'string' ? prefix : new TextDecoder().decode(prefix)
}

function byName<T>(masters: readonly T[], toNode: (master: T) => RedisNode): RedisNode[] {
  return masters.map(toNode).sort((one, other) => (one.name < other.name ? -1 : 1))
}
