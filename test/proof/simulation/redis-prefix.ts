import { Cluster, Redis } from 'ioredis'
import { createClient, createCluster } from 'redis'
import type { Store } from '../../../src/core/store/store.ts'
import { type RedisClient, RedisStore } from '../../../src/stores/redis.ts'
import type { FixtureContext } from './simulate.ts'

type TrackIo = FixtureContext['trackIo']

interface ProofClient {
  withTrackedIo(trackIo: TrackIo): RedisClient
  end(): void
}

type OpenClient = (url: string) => ProofClient

/** The runs of this process, because the keys of a run stay on the server. */
let runs = 0

/**
 * A new prefix of Redis or Redis Cluster for every run. Each process has its own client, and every
 * second one uses the other library.
 */
export class RedisPrefix {
  readonly #url: string
  readonly #clients: ProofClient[] = []

  constructor(url: string) {
    this.#url = url
  }

  readonly open = (processes: number, trackIo: TrackIo): readonly Store[] => {
    runs += 1
    const prefix = `run_${runs}:`
    return Array.from({ length: processes }, (_, index) => new RedisStore({ client: this.#client(index).withTrackedIo(trackIo), prefix }))
  }

  async end(): Promise<void> {
    for (const client of this.#clients) client.end()
  }

  #client(index: number): ProofClient {
    const [even, odd] = this.#url.startsWith('redis-cluster:') ? [ioCluster, nodeCluster] : [ioRedis, nodeRedis]
    return (this.#clients[index] ??= (index % 2 === 0 ? even : odd)(this.#url))
  }
}

/** The methods of a client or node of `ioredis` that the store uses, with tracked calls. */
function trackedCalls(client: Redis | Cluster, trackIo: TrackIo) {
  return {
    status: '',
    on: () => undefined,
    call: (name: string, args: string[]): Promise<unknown> => trackIo(client.call(name, args)),
  }
}

const ioRedis: OpenClient = (url) => {
  const client = new Redis(url)
  return {
    withTrackedIo: (trackIo) => ({ ...trackedCalls(client, trackIo), options: {} }),
    end: () => client.disconnect(),
  }
}

const nodeRedis: OpenClient = (url) => {
  const client = createClient({ url })
  client.connect().catch(ignore)
  return {
    withTrackedIo: (trackIo) => ({ sendCommand: (args: string[], options?: object) => trackIo(client.sendCommand(args, options)) }),
    end: () => client.destroy(),
  }
}

const ioCluster: OpenClient = (url) => {
  const client = new Cluster([addressOf(url)])
  client.on('error', ignore)
  return {
    withTrackedIo: (trackIo) => ({
      ...trackedCalls(client, trackIo),
      isCluster: true,
      options: {},
      nodes: (role) => client.nodes(role).map((node) => ({ ...trackedCalls(node, trackIo), options: node.options })),
      refreshSlotsCache: ignore,
    }),
    end: () => client.disconnect(),
  }
}

const nodeCluster: OpenClient = (url) => {
  const client = createCluster({ rootNodes: [{ socket: addressOf(url) }] })
  client.on('error', ignore)
  const connected = client.connect()
  return {
    withTrackedIo: (trackIo) => ({
      sendCommand: (key: string | undefined, isReadonly: boolean, args: string[], options?: object) =>
        trackIo(connected.then(() => client.sendCommand(key, isReadonly, args, options))),
      get masters() {
        return client.masters
      },
      async nodeClient(node: never) {
        const member = await client.nodeClient(node)
        return { sendCommand: (args: string[], options?: object) => trackIo(member.sendCommand(args, options)) }
      },
    }),
    end: () => client.destroy(),
  }
}

function addressOf(url: string): { host: string; port: number } {
  const { hostname, port } = new URL(url)
  return { host: hostname, port: Number(port) }
}

function ignore(): void {}
