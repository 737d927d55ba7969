import { startChild } from '../measure/pinned-child.ts'
import type { StoreLocation, StoreName } from '../stores/connections.ts'

export interface GrowthOptions {
  readonly store: StoreName
  readonly place: Omit<StoreLocation, 'name'>
  readonly sizes: readonly number[]
}

/** What a load and a replace take together, in microseconds, when so many sessions are in the store. */
export interface GrowthPoint {
  readonly store: StoreName
  readonly sessions: number
  readonly micros: number
}

const STORES: readonly StoreName[] = ['memory', 'sqlite', 'redis', 'postgres']
const PROCESS = new URL('./growth-process.ts', import.meta.url).pathname

/** Stores of all sizes are filled first and then measured in turns. */
export async function measureGrowth(place: Omit<StoreLocation, 'name'>, sizes: readonly number[]): Promise<readonly GrowthPoint[]> {
  const grown: GrowthPoint[] = []
  for (const store of STORES) {
    const order: GrowthOptions = { store, place, sizes }
    const child = await startChild(PROCESS, [JSON.stringify(order)], ['--max-old-space-size=8192'])
    grown.push(...(child.ready as GrowthPoint[]))
    await child.stop()
  }
  return grown
}
