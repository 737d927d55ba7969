import type { Store } from './store.ts'

const HOLDERS = new WeakMap<Store, number>()

/**
 * Counts who uses a store. What it answers lets go of it, once. The last one to do so closes it, so that nobody does under another's feet.
 */
export function retainStore(store: Store): () => Promise<void> {
  HOLDERS.set(store, holdersOf(store) + 1)
  let released: Promise<void> | undefined
  return () => (released ??= release(store))
}

async function release(store: Store): Promise<void> {
  const left = holdersOf(store) - 1
  HOLDERS.set(store, left)
  if (left === 0) await store.close?.()
}

function holdersOf(store: Store): number {
  return HOLDERS.get(store) ?? 0
}
