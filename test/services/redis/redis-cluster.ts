import { freePort } from '../own-server.ts'
import { redisPrograms } from './redis.ts'
import { RedisNode, TEST_SETTINGS, until } from './redis-node.ts'

const MASTERS = 3
const SLOTS = 16_384
/** Milliseconds without a reply after which a node counts as failed. */
const NODE_TIMEOUT = 1000

/** A Redis Cluster for the tests: three masters with one replica each. */
export interface RedisCluster {
  /** The address of one of its servers: `redis-cluster://host:port`. */
  readonly url: string
  readonly nodes: readonly RedisNode[]
  /** The current masters, as a running node reports them. */
  masters(): Promise<readonly RedisNode[]>
  replicas(): Promise<readonly RedisNode[]>
  replicaOf(master: RedisNode): Promise<RedisNode>
  /** The master of a slot. */
  ownerOf(slot: number): Promise<RedisNode>
  /** The slots of a master. */
  slotsAt(master: RedisNode): Promise<ReadonlySet<number>>
  /** The slot of each key. */
  slotsOf(keys: readonly string[]): Promise<readonly number[]>
  /** Waits until every slot has a master and every master a connected replica. */
  waitUntilHealthy(): Promise<void>
  remove(): Promise<void>
}

/** A line of `CLUSTER NODES`. */
interface Member {
  readonly id: string
  readonly port: number
  readonly flags: readonly string[]
  readonly slots: readonly (readonly [first: number, last: number])[]
}

/**
 * Starts a Cluster, and installs Redis first if possible. A string is the reason why it is not
 * available.
 */
export async function startRedisCluster(): Promise<RedisCluster | string> {
  if (redisPrograms() === undefined) return 'Redis is not installed (no redis-server in PATH)'
  const nodes = await Promise.all(Array.from({ length: MASTERS * 2 }, () => startNode()))
  const cluster = new ClusterFixture(nodes)
  await introduce(nodes.slice(0, MASTERS), nodes.slice(MASTERS))
  await cluster.waitUntilHealthy()
  return cluster
}

async function startNode(): Promise<RedisNode> {
  // With an explicit bus port, because the default, which is 10,000 higher, may be in use.
  const bus = String(await freePort())
  const timeout = String(NODE_TIMEOUT)
  const args = ['--cluster-enabled', 'yes', '--cluster-node-timeout', timeout, '--cluster-port', bus, '--cluster-config-file', 'nodes.conf']
  return RedisNode.start(() => [...TEST_SETTINGS, ...args])
}

async function introduce(masters: readonly RedisNode[], replicas: readonly RedisNode[]): Promise<void> {
  const [first, ...others] = [...masters, ...replicas] as [RedisNode, ...RedisNode[]]
  for (const [index, node] of masters.entries()) {
    const [from, to] = [index, index + 1].map((part) => Math.floor((part * SLOTS) / MASTERS)) as [number, number]
    await node.command('CLUSTER', 'ADDSLOTSRANGE', String(from), String(to - 1))
    await node.command('CLUSTER', 'SET-CONFIG-EPOCH', String(index + 1))
  }
  for (const node of others) await first.command('CLUSTER', 'MEET', node.host, String(node.port), await busPortOf(node))
  for (const node of [first, ...others]) await until('meeting', async () => (await membersFrom(node)).length === others.length + 1)
  for (const [index, replica] of replicas.entries()) {
    const master = await (masters[index] as RedisNode).command<string>('CLUSTER', 'MYID')
    await until('learning the master', () => replica.command('CLUSTER', 'REPLICATE', master).then(() => true))
  }
}

async function busPortOf(node: RedisNode): Promise<string> {
  const [, port] = await node.command<string[]>('CONFIG', 'GET', 'cluster-port')
  return port as string
}

async function membersFrom(node: RedisNode): Promise<Member[]> {
  const text = await node.command<string>('CLUSTER', 'NODES')
  return text.trim().split('\n').map(memberIn)
}

function memberIn(line: string): Member {
  const [id = '', address = '', flags = '', , , , , , ...ranges] = line.split(' ')
  const slots = ranges.filter((range) => !range.startsWith('[')).map((range) => range.split('-').map(Number))
  return {
    id,
    port: Number(/:(\d+)@/.exec(address)?.[1]),
    flags: flags.split(','),
    slots: slots.map(([first = 0, last = first]) => [first, last] as const),
  }
}

class ClusterFixture implements RedisCluster {
  readonly nodes: readonly RedisNode[]

  constructor(nodes: readonly RedisNode[]) {
    this.nodes = nodes
  }

  get url(): string {
    const { host, port } = this.nodes[0] as RedisNode
    return `redis-cluster://${host}:${port}`
  }

  async masters(): Promise<readonly RedisNode[]> {
    const owners = (await this.#members()).filter(({ flags, slots }) => isRunningMaster(flags) && slots.length > 0)
    return owners.map(({ port }) => this.#at(port))
  }

  async replicas(): Promise<readonly RedisNode[]> {
    const masters = await this.masters()
    return this.nodes.filter((node) => !masters.includes(node))
  }

  async replicaOf(master: RedisNode): Promise<RedisNode> {
    const { slave0 = '' } = await master.info('replication')
    return this.#at(Number(/port=(\d+)/.exec(slave0)?.[1]))
  }

  async ownerOf(slot: number): Promise<RedisNode> {
    const has = ({ slots }: Member): boolean => slots.some(([first, last]) => first <= slot && slot <= last)
    const owner = (await this.#members()).find((member) => isRunningMaster(member.flags) && has(member))
    if (owner === undefined) throw new Error(`slot ${slot} has no master`)
    return this.#at(owner.port)
  }

  async slotsAt({ port: own }: RedisNode): Promise<ReadonlySet<number>> {
    const { slots = [] } = (await this.#members()).find(({ port }) => port === own) ?? {}
    return new Set(slots.flatMap(([first, last]) => Array.from({ length: last - first + 1 }, (_, index) => first + index)))
  }

  async slotsOf(keys: readonly string[]): Promise<readonly number[]> {
    const node = await this.#runningNode()
    return Promise.all(keys.map((key) => node.command<number>('CLUSTER', 'KEYSLOT', key)))
  }

  async waitUntilHealthy(): Promise<void> {
    await until('a healthy Cluster', async () => (await Promise.all(this.nodes.map(isHealthy))).every(Boolean))
    await until('agreement on the masters', async () => {
      const views = await Promise.all(this.nodes.map(mastersFrom))
      return new Set(views).size === 1
    })
  }

  async remove(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.remove()))
  }

  async #members(): Promise<Member[]> {
    return membersFrom(await this.#runningNode())
  }

  /** Returns a running node. */
  async #runningNode(): Promise<RedisNode> {
    return Promise.any(this.nodes.map((node) => node.command('CLUSTER', 'INFO').then(() => node)))
  }

  #at(port: number): RedisNode {
    return this.nodes.find((node) => node.port === port) as RedisNode
  }
}

function isRunningMaster(flags: readonly string[]): boolean {
  return flags.includes('master') && !flags.includes('fail') && !flags.includes('fail?')
}

async function isHealthy(node: RedisNode): Promise<boolean> {
  const [state, replication] = await Promise.all([node.command<string>('CLUSTER', 'INFO'), node.info('replication')])
  const follows = replication['master_link_status'] === 'up'
  const isFollowed = replication['slave0']?.includes('state=online') === true
  return state.includes('cluster_state:ok') && (replication['role'] === 'slave' ? follows : isFollowed)
}

async function mastersFrom(node: RedisNode): Promise<string> {
  const members = await membersFrom(node)
  return members
    .filter(({ flags }) => isRunningMaster(flags))
    .map(({ port, slots }) => `${port} ${slots.join(' ')}`)
    .sort()
    .join('\n')
}
