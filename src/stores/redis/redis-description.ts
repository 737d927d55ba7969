import type { Operation, StoreDescription } from '../../core/store/store.ts'
import { evictionPolicy, evictionWarning } from './redis-eviction.ts'
import type { RedisRows } from './redis-rows.ts'

/** Describes the first server, and the settings of all servers of a Cluster. */
export async function describeRedis(rows: RedisRows, { deadline }: Operation): Promise<StoreDescription> {
  const { nodes } = rows.scanTargets()
  const call = { operation: 'describe', deadline } as const
  const infos = await Promise.all(nodes.map(async (node) => String(await rows.sendTo(call, node, ['info']))))
  const [first] = nodes
  const time = first === undefined ? [] : ((await rows.sendTo(call, first, ['time'])) as unknown[])
  const policies = infos.map(evictionPolicy).filter((policy) => policy !== undefined)
  const [policy] = policies
  return {
    server: `${serverIn(infos[0] ?? '')}${nodes.length > 1 ? `, ${nodes.length} masters` : ''}`,
    clock: Math.floor(Number(time[0]) * 1000 + Number(time[1]) / 1000),
    warnings: policy === undefined ? [] : [evictionWarning(policy)],
  }
}

function serverIn(info: string): string {
  const [, valkey] = /^valkey_version:(\S+)/m.exec(info) ?? []
  const [, redis = ''] = /^redis_version:(\S+)/m.exec(info) ?? []
  return valkey === undefined ? `Redis ${redis}` : `Valkey ${valkey}`
}
