import { onTestFinished } from 'vitest'
import type { Store } from '../../src/index.ts'
import { LocalCheckpoints } from './checkpoints.ts'
import { Browser, SERVERS, STORES, type TestServer } from './servers.ts'

export interface Fixture {
  readonly store: Store
  readonly server: TestServer
  readonly checkpoints: LocalCheckpoints
  readonly browser: Browser
}

/** Starts an application with one browser; it is closed at the end of the test. */
export async function startFixture(storeName: string, serverName: string): Promise<Fixture> {
  const store = (STORES[storeName] as () => Store)()
  const checkpoints = new LocalCheckpoints()
  const server = await (SERVERS[serverName] as (typeof SERVERS)[string])(store, checkpoints)
  onTestFinished(() => server.close())
  return { store, server, checkpoints, browser: new Browser(server) }
}
