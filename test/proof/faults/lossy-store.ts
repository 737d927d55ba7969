import type { Store } from '../../../src/core/store/store.ts'
import { MemoryStore } from '../../../src/stores/memory.ts'
import { everyEntry } from '../../services/every-entry.ts'

/** A memory that can fall back to what it was, as a replica does that takes its master's place. */
export class ForgetfulStore extends MemoryStore {
  #remembered: Awaited<ReturnType<typeof everyEntry>> = []

  async remember(): Promise<void> {
    this.#remembered = await everyEntry(this as Store)
  }

  async forget(): Promise<void> {
    const present = await everyEntry(this as Store)
    // In one turn of the event loop: nobody sees half of it.
    const steps = [...present.map(([key]) => this.delete({ key })), ...this.#remembered.map(([key, entry]) => this.create({ key, entry }))]
    await Promise.all(steps)
  }
}
