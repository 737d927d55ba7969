import type { Store } from '../../../src/core/store/store.ts'
import { MemoryStore } from '../../../src/stores/memory.ts'
import { listAllEntries } from '../../helpers/list-all-entries.ts'

/**
 * A memory store that can return to an earlier state, like a replica that replaces its master
 * before it has received every write.
 */
export class LossyStore extends MemoryStore {
  #snapshot: Awaited<ReturnType<typeof listAllEntries>> = []

  async snapshot(): Promise<void> {
    this.#snapshot = await listAllEntries(this as Store)
  }

  async restore(): Promise<void> {
    const present = await listAllEntries(this as Store)
    // All in one turn of the event loop, so no request sees an intermediate state.
    const steps = [...present.map(([key]) => this.delete({ key })), ...this.#snapshot.map(([key, entry]) => this.create({ key, entry }))]
    await Promise.all(steps)
  }
}
