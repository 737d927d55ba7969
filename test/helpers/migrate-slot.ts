import type { RedisNode } from '../services/redis/redis-node.ts'

/** The migration of a slot from one master to another. */
export interface SlotMigration {
  readonly slot: number
  readonly from: RedisNode
  readonly to: RedisNode
  readonly masters: readonly RedisNode[]
  /** Awaited between two steps. Each step leaves some keys on each of the two masters. */
  readonly betweenSteps: () => Promise<void>
}

/** Keys that are migrated in one step. */
const KEYS_PER_STEP = '25'

/** Migrates a slot while it is in use, as `redis-cli --cluster reshard` does. */
export async function migrateSlot({ slot: number, from, to, masters, betweenSteps }: SlotMigration): Promise<void> {
  const slot = String(number)
  const [source, target] = await Promise.all([from, to].map((node) => node.command<string>('CLUSTER', 'MYID')))
  await to.command('CLUSTER', 'SETSLOT', slot, 'IMPORTING', source as string)
  await from.command('CLUSTER', 'SETSLOT', slot, 'MIGRATING', target as string)
  for (;;) {
    await betweenSteps()
    const keys = await from.command<string[]>('CLUSTER', 'GETKEYSINSLOT', slot, KEYS_PER_STEP)
    if (keys.length === 0) break
    await from.command('MIGRATE', to.host, String(to.port), '', '0', '5000', 'KEYS', ...keys)
  }
  // The new owner first, so that no client is redirected by both masters.
  const others = masters.filter((node) => node !== from && node !== to)
  for (const node of [to, from, ...others]) await node.command('CLUSTER', 'SETSLOT', slot, 'NODE', target as string)
}
