import { shareValue } from '../base/copies.ts'
import type { Store } from './store.ts'

/** Managers of other copies of this package can use the same store. */
const USERS = shareValue('storeUsers', () => new WeakMap<Store, number>())

/**
 * Counts the users of a store. Returns a function that releases the store; repeated calls return
 * the same promise. The last release closes the store, so a store in use is never closed.
 */
export function retainStore(store: Store): () => Promise<void> {
  USERS.set(store, usersOf(store) + 1)
  let released: Promise<void> | undefined
  return () => (released ??= release(store))
}

async function release(store: Store): Promise<void> {
  const left = usersOf(store) - 1
  USERS.set(store, left)
  if (left === 0) await store.close?.()
}

function usersOf(store: Store): number {
  return USERS.get(store) ?? 0
}
