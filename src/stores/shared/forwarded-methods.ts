import type { Store } from '../../core/store/store.ts'

/**
 * Those of the optional methods of a store that it has. For a store around it, which passes them on
 * unchanged and has the same ones.
 */
export function forwardedMethods<Name extends 'list' | 'clearExpired' | 'countExpired' | 'describe' | 'migrate'>(
  store: Store,
  names: readonly Name[],
): Pick<Store, Name> {
  return Object.fromEntries(names.flatMap((name) => (store[name] === undefined ? [] : [[name, store[name].bind(store)]]))) as Pick<
    Store,
    Name
  >
}
