import type { SessionOptions, Store } from '../../../src/index.ts'
import { CachedStore } from '../../../src/stores/cached.ts'
import { MemoryStore } from '../../../src/stores/memory.ts'
import { SealedStore } from '../../../src/stores/sealed.ts'
import { SqliteStore } from '../../../src/stores/sqlite.ts'
import { listAllEntries } from '../../helpers/list-all-entries.ts'
import { SECRET } from '../../stores/cookie/cookie-secret.ts'
import { TestApp } from '../fixture.ts'

/** Opens a new store without rows. */
export type OpenStore = () => Store | Promise<Store>

/** The stores without a server on which the attacks run. Those with one are in test/databases. */
export const LOCAL_STORES: readonly (readonly [name: string, open: OpenStore])[] = [
  ['memory', () => new MemoryStore()],
  ['SQLite', () => new SqliteStore(':memory:')],
  ['a cache', () => new CachedStore({ store: new MemoryStore(), cache: new MemoryStore(), maxStale: '1s' })],
  ['sealed rows', () => new SealedStore({ store: new SqliteStore(':memory:'), secrets: SECRET })],
]

/** The options of a manager on a store that clears no rows by itself. */
export function optionsOn(store: Store): SessionOptions {
  return { store, ...(store.clearExpired !== undefined && { clearExpired: false as const }) }
}

/** Opens a store, and an app on it whose browser has a session with these properties. */
export async function appOn(open: OpenStore, properties: Record<string, unknown>, options: Partial<SessionOptions> = {}): Promise<TestApp> {
  const app = new TestApp({ ...optionsOn(await open()), ...options })
  await app.request((session) => void session.assign(properties))
  app.clearEvents()
  return app
}

export async function rowCount({ store }: TestApp): Promise<number> {
  return (await listAllEntries(store)).length
}
