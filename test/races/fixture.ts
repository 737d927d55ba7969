import { onTestFinished } from 'vitest'
import type { Store } from '../../src/index.ts'
import { DOORS, type Door, Gates, STORES, Visitor } from './checkpoints.ts'

export interface Scene {
  readonly store: Store
  readonly door: Door
  readonly gates: Gates
  readonly visitor: Visitor
}

/** A running application with one visitor, torn down when the test is over. */
export async function scene(storeName: string, doorName: string): Promise<Scene> {
  const store = (STORES[storeName] as () => Store)()
  const gates = new Gates()
  const door = await (DOORS[doorName] as (typeof DOORS)[string])(store, gates)
  onTestFinished(() => door.close())
  return { store, door, gates, visitor: new Visitor(door) }
}
