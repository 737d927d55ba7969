import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { redisPrograms } from './redis.ts'
import { RedisNode, TEST_SETTINGS, until } from './redis-node.ts'

/** The name of the master in the Sentinels. */
export const MASTER_NAME = 'sessions'
/** Milliseconds without a reply after which a master counts as failed. */
const DOWN_AFTER = 1000

/** A master with its replicas and three Sentinels, for the tests. */
export interface RedisSentinels {
  readonly nodes: readonly RedisNode[]
  readonly sentinels: readonly RedisNode[]
  /** The master that a majority of the Sentinels reports. */
  master(): Promise<RedisNode>
  /** Waits until all other servers are replicas of one master. */
  waitUntilHealthy(): Promise<void>
  remove(): Promise<void>
}

/**
 * Starts them, and installs Redis first if possible. `settings` are for the servers. A string is
 * the reason why they are not available.
 */
export async function startRedisSentinels(replicas = 1, settings: readonly string[] = []): Promise<RedisSentinels | string> {
  if (redisPrograms() === undefined) return 'Redis is not installed (no redis-server in PATH)'
  const first = await RedisNode.start(() => [...TEST_SETTINGS, ...settings])
  const follow = ['--replicaof', first.host, String(first.port)]
  const others = await Promise.all(
    Array.from({ length: replicas }, () => RedisNode.start(() => [...TEST_SETTINGS, ...settings, ...follow])),
  )
  await until('replication', async () => Number((await first.info('replication'))['connected_slaves']) === replicas)
  const sentinels = await Promise.all(Array.from({ length: 3 }, () => startSentinel(first)))
  const own = new SentinelsFixture([first, ...others], sentinels)
  await own.waitUntilHealthy()
  return own
}

function startSentinel(master: RedisNode): Promise<RedisNode> {
  const lines = [
    `sentinel monitor ${MASTER_NAME} ${master.host} ${master.port} 2`,
    `sentinel down-after-milliseconds ${MASTER_NAME} ${DOWN_AFTER}`,
    `sentinel failover-timeout ${MASTER_NAME} 5000`,
    `bind ${master.host}`,
  ]
  return RedisNode.start((folder) => {
    const file = join(folder, 'sentinel.conf')
    writeFileSync(file, `${lines.join('\n')}\n`)
    return [file, '--sentinel']
  })
}

class SentinelsFixture implements RedisSentinels {
  readonly nodes: readonly RedisNode[]
  readonly sentinels: readonly RedisNode[]

  constructor(nodes: readonly RedisNode[], sentinels: readonly RedisNode[]) {
    this.nodes = nodes
    this.sentinels = sentinels
  }

  async master(): Promise<RedisNode> {
    const named = await Promise.all(this.sentinels.map(masterBy))
    const port = named.find((each) => named.filter((other) => other === each).length > this.sentinels.length / 2)
    const master = this.nodes.find((node) => node.port === port)
    if (master === undefined) throw new Error('the Sentinels do not agree')
    return master
  }

  async waitUntilHealthy(): Promise<void> {
    await until('all following the one master', async () => {
      const master = await this.master()
      const { role, connected_slaves } = await master.info('replication')
      const seen = await Promise.all(this.sentinels.map((sentinel) => this.#seesAll(sentinel)))
      return role === 'master' && Number(connected_slaves) === this.nodes.length - 1 && seen.every(Boolean)
    })
  }

  async #seesAll(sentinel: RedisNode): Promise<boolean> {
    const [sentinels, replicas] = await Promise.all([
      sentinel.command<unknown[]>('SENTINEL', 'SENTINELS', MASTER_NAME),
      sentinel.command<unknown[][]>('SENTINEL', 'REPLICAS', MASTER_NAME),
    ])
    return sentinels.length === this.sentinels.length - 1 && replicas.length === this.nodes.length - 1
  }

  async remove(): Promise<void> {
    await Promise.all([...this.sentinels, ...this.nodes].map((node) => node.remove()))
  }
}

async function masterBy(sentinel: RedisNode): Promise<number> {
  const [, port] = await sentinel.command<string[]>('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', MASTER_NAME)
  return Number(port)
}
