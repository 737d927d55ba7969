import type { Store } from '../../../src/index.ts'
import { MemoryStore } from '../../../src/stores/memory.ts'
import { SqliteStore } from '../../../src/stores/sqlite.ts'

/** The stores on which the attacks on logins run. */
export const STORES: readonly (readonly [name: string, open: () => Store])[] = [
  ['memory', () => new MemoryStore()],
  ['sqlite', () => new SqliteStore(':memory:')],
]
