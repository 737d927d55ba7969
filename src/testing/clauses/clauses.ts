import type { Store } from '../../core/store/store.ts'

/** Clauses of the store port by what they say. Each is given an empty store and throws when the clause is broken. */
export type Clauses = Readonly<Record<string, (store: Store) => Promise<void>>>
