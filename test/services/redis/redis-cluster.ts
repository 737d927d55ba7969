import { freePort } from '../own-server.ts'
import { redisPrograms } from './redis.ts'
import { quick, RedisNode, until } from './redis-node.ts'

const MASTERS = 3
const SLOTS = 16_384
/** Milliseconds without a sign of life until a node counts as lost. */
const NODE_TIMEOUT = 1000

/** A Redis Cluster of our own: three masters with a replica each. */
export interface RedisCluster {
  readonly nodes: readonly RedisNode[]
  /** The masters of now, as one who lives sees it. */
  masters(): Promise<readonly RedisNode[]>
  replicas(): Promise<readonly RedisNode[]>
  replicaOf(master: RedisNode): Promise<RedisNode>
  /** The master that has a slot. */
  ownerOf(slot: number): Promise<RedisNode>
  /** The slots a master has. */
  slotsAt(master: RedisNode): Promise<ReadonlySet<number>>
  /** The slot of each key. */
  slotsOf(keys: readonly string[]): Promise<readonly number[]>
  /** Until every slot has a master and every master a replica that follows it. */
  whole(): Promise<void>
  remove(): Promise<void>
}

/** One line of `CLUSTER NODES`. */
interface Member {
  readonly id: string
  readonly port: number
  readonly flags: readonly string[]
  readonly slots: readonly (readonly [first: number, last: number])[]
}

/** Starts a Cluster, installing Redis first where that can be done. A text says why there is none. */
export async function startRedisCluster(): Promise<RedisCluster | string> {
  if (redisPrograms() === undefined) return 'Redis is not installed (no redis-server in PATH)'
  const nodes = await Promise.all(Array.from({ length: MASTERS * 2 }, () => startNode()))
  const cluster = new OwnCluster(nodes)
  await introduce(nodes.slice(0, MASTERS), nodes.slice(MASTERS))
  await cluster.whole()
  return cluster
}

async function startNode(): Promise<RedisNode> {
  // Its own bus port: one that is 10,000 higher may not be there.
  const bus = String(await freePort())
  const timeout = String(NODE_TIMEOUT)
  const args = ['--cluster-enabled', 'yes', '--cluster-node-timeout', timeout, '--cluster-port', bus, '--cluster-config-file', 'nodes.conf']
  return RedisNode.start(() => [...quick, ...args])
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

class OwnCluster implements RedisCluster {
  readonly nodes: readonly RedisNode[]

  constructor(nodes: readonly RedisNode[]) {
    this.nodes = nodes
  }

  async masters(): Promise<readonly RedisNode[]> {
    const owners = (await this.#members()).filter(({ flags, slots }) => isLivingMaster(flags) && slots.length > 0)
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
    const owner = (await this.#members()).find((member) => isLivingMaster(member.flags) && has(member))
    if (owner === undefined) throw new Error(`nobody has slot ${slot}`)
    return this.#at(owner.port)
  }

  async slotsAt({ port: own }: RedisNode): Promise<ReadonlySet<number>> {
    const { slots = [] } = (await this.#members()).find(({ port }) => port === own) ?? {}
    return new Set(slots.flatMap(([first, last]) => Array.from({ length: last - first + 1 }, (_, index) => first + index)))
  }

  async slotsOf(keys: readonly string[]): Promise<readonly number[]> {
    const node = await this.#anyone()
    return Promise.all(keys.map((key) => node.command<number>('CLUSTER', 'KEYSLOT', key)))
  }

  async whole(): Promise<void> {
    await until('the Cluster being whole', async () => (await Promise.all(this.nodes.map(isWhole))).every(Boolean))
    await until('all agreeing on the masters', async () => {
      const views = await Promise.all(this.nodes.map(mastersFrom))
      return new Set(views).size === 1
    })
  }

  async remove(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.remove()))
  }

  async #members(): Promise<Member[]> {
    return membersFrom(await this.#anyone())
  }

  /** One that is alive and sees a Cluster that works. */
  async #anyone(): Promise<RedisNode> {
    return Promise.any(this.nodes.map((node) => node.command('CLUSTER', 'INFO').then(() => node)))
  }

  #at(port: number): RedisNode {
    return this.nodes.find((node) => node.port === port) as RedisNode
  }
}

function isLivingMaster(flags: readonly string[]): boolean {
  return flags.includes('master') && !flags.includes('fail') && !flags.includes('fail?')
}

async function isWhole(node: RedisNode): Promise<boolean> {
  const [state, replication] = await Promise.all([node.command<string>('CLUSTER', 'INFO'), node.info('replication')])
  const follows = replication['master_link_status'] === 'up'
  const isFollowed = replication['slave0']?.includes('state=online') === true
  return state.includes('cluster_state:ok') && (replication['role'] === 'slave' ? follows : isFollowed)
}

async function mastersFrom(node: RedisNode): Promise<string> {
  const members = await membersFrom(node)
  return members
    .filter(({ flags }) => isLivingMaster(flags))
    .map(({ port, slots }) => `${port} ${slots.join(' ')}`)
    .sort()
    .join('\n')
}
