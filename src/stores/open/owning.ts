import type { Store } from '../../core/store/store.ts'

/** A store whose `close` also ends the client it was given, once. */
export function owning<S extends Store>(store: S, end: () => Promise<unknown>): S {
  const close = store.close?.bind(store)
  let closed: Promise<void> | undefined
  const closeBoth = async (): Promise<void> => {
    await close?.()
    await end()
  }
  return Object.assign(store, { close: () => (closed ??= closeBoth()) })
}
