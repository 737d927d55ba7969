import { startChild } from '../measure/pinned-child.ts'
import type { Place, StoreName } from '../stores/connections.ts'

export interface GrowthOrder {
  readonly store: StoreName
  readonly place: Omit<Place, 'name'>
  readonly sizes: readonly number[]
}

/** What a load and a replace take together, in microseconds, when so many sessions are in the store. */
export interface Grown {
  readonly store: StoreName
  readonly sessions: number
  readonly micros: number
}

const STORES: readonly StoreName[] = ['memory', 'sqlite', 'redis', 'postgres']
const PROCESS = new URL('./growth-process.ts', import.meta.url).pathname

/** Stores of all sizes are filled first and then measured in turns. */
export async function growth(place: Omit<Place, 'name'>, sizes: readonly number[]): Promise<readonly Grown[]> {
  const grown: Grown[] = []
  for (const store of STORES) {
    const order: GrowthOrder = { store, place, sizes }
    const child = await startChild(PROCESS, [JSON.stringify(order)], ['--max-old-space-size=8192'])
    grown.push(...(child.hello as Grown[]))
    await child.stop()
  }
  return grown
}
