import { startChild } from '../measure/pinned-child.ts'
import type { StoreLocation, StoreName } from '../stores/connections.ts'

export interface GrowthOptions {
  readonly store: StoreName
  readonly location: Omit<StoreLocation, 'name'>
  readonly sizes: readonly number[]
}

/**
 * The time of a load and a replace together, in microseconds, in a store with this many sessions.
 */
export interface GrowthPoint {
  readonly store: StoreName
  readonly sessions: number
  readonly micros: number
}

const STORES: readonly StoreName[] = ['memory', 'sqlite', 'redis', 'postgres']
const PROCESS = new URL('./growth-process.ts', import.meta.url).pathname

/** Fills stores of all sizes first, and then measures them in turns. */
export async function measureGrowth(location: Omit<StoreLocation, 'name'>, sizes: readonly number[]): Promise<readonly GrowthPoint[]> {
  const points: GrowthPoint[] = []
  for (const store of STORES) {
    const options: GrowthOptions = { store, location, sizes }
    const child = await startChild(PROCESS, [JSON.stringify(options)], ['--max-old-space-size=8192'])
    points.push(...(child.ready as GrowthPoint[]))
    await child.stop()
  }
  return points
}
