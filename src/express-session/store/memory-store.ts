import { MemoryStore as MemoryRows } from '../../stores/memory.ts'
import { SessionStore } from './session-store.ts'

/**
 * Keeps sessions in the memory of this process, at most 100,000 of them: for tests and development,
 * as the store of the same name in express-session.
 */
export class MemoryStore extends SessionStore {
  constructor() {
    super(new MemoryRows())
  }
}
