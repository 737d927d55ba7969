import type { Store } from '../../src/core/store/store.ts'
import type { MemoryStore } from '../../src/stores/memory.ts'

/** A store that passes everything on to another, except the given methods. */
export function delegate(store: MemoryStore, methods: Partial<Store>): Store {
  return {
    capabilities: store.capabilities,
    load: (operation) => store.load(operation),
    create: (operation) => store.create(operation),
    replace: (operation) => store.replace(operation),
    touch: (operation) => store.touch(operation),
    delete: (operation) => store.delete(operation),
    deleteByIndex: (operation) => store.deleteByIndex(operation),
    list: (operation) => store.list(operation),
    ...methods,
  }
}
