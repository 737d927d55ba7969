import type { Store } from '../../core/store/store.ts'

/**
 * Clauses of the store port by name. Each gets an empty store, and throws if the store violates it.
 */
export type Clauses = Readonly<Record<string, (store: Store) => Promise<void>>>
