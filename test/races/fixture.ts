import { onTestFinished } from 'vitest'
import type { Store } from '../../src/index.ts'
import { SERVERS, type TestServer, Checkpoints, STORES, Browser } from './checkpoints.ts'

export interface Fixture {
  readonly store: Store
  readonly server: TestServer
  readonly checkpoints: Checkpoints
  readonly browser: Browser
}

/** A running application with one visitor, torn down when the test is over. */
export async function startFixture(storeName: string, serverName: string): Promise<Fixture> {
  const store = (STORES[storeName] as () => Store)()
  const gates = new Checkpoints()
  const server = await (SERVERS[serverName] as (typeof SERVERS)[string])(store, gates)
  onTestFinished(() => server.close())
  return { store, server, checkpoints, browser: new Browser(server) }
}
