import { MemoryStore } from '../../../src/stores/memory.ts'

/** A `MemoryStore` that passes for a store that keeps its rows: no test fills it. */
export function revocationRows(): MemoryStore {
  const store = new MemoryStore()
  return Object.assign(store, { capabilities: { ...store.capabilities, evicts: false } })
}
