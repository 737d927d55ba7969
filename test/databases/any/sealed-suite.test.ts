import { describe, it } from 'vitest'
import { SealedStore } from '../../../src/stores/sealed.ts'
import { storeSuite } from '../../../src/testing/store-suite.ts'
import { SERVER_STORES } from '../../services/server-stores.ts'
import { SECRET } from '../../stores/cookie/cookie-secret.ts'

for (const [name, isThere, open] of SERVER_STORES) {
  const runner = { describe: describe.skipIf(!isThere), it }
  const capabilities = name === 'Redis' ? { clearExpired: false } : {}
  storeSuite(`SealedStore over ${name}`, async () => new SealedStore({ store: await open(), secrets: SECRET }), runner, capabilities)
}
