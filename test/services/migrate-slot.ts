import type { RedisNode } from './redis/redis-node.ts'

/** A slot on its way from one master to another. */
export interface Move {
  readonly slot: number
  readonly from: RedisNode
  readonly to: RedisNode
  readonly masters: readonly RedisNode[]
  /** Is waited for between two steps, each of which leaves some keys here and some there. */
  readonly rest: () => Promise<void>
}

/** Keys that travel in one step. */
const TOGETHER = '25'

/** Brings a slot to another master while it is in use, as `redis-cli --cluster reshard` does. */
export async function migrateSlot({ slot: number, from, to, masters, rest }: Move): Promise<void> {
  const slot = String(number)
  const [source, target] = await Promise.all([from, to].map((node) => node.command<string>('CLUSTER', 'MYID')))
  await to.command('CLUSTER', 'SETSLOT', slot, 'IMPORTING', source as string)
  await from.command('CLUSTER', 'SETSLOT', slot, 'MIGRATING', target as string)
  for (;;) {
    await rest()
    const keys = await from.command<string[]>('CLUSTER', 'GETKEYSINSLOT', slot, TOGETHER)
    if (keys.length === 0) break
    await from.command('MIGRATE', to.host, String(to.port), '', '0', '5000', 'KEYS', ...keys)
  }
  // The new owner first: nobody is to be sent away by both.
  const others = masters.filter((node) => node !== from && node !== to)
  for (const node of [to, from, ...others]) await node.command('CLUSTER', 'SETSLOT', slot, 'NODE', target as string)
}
