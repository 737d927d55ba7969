import { describe, it } from 'vitest'
import { CookieStore } from '../../../src/stores/cookie.ts'
import type { MemoryStore } from '../../../src/stores/memory.ts'
import { storeSuite } from '../../../src/testing/store-suite.ts'
import { SECRET } from './cookie-secret.ts'
import { revocationRows } from './revocation-rows.ts'

const capabilities = { compareAndSwap: false, list: false, indexes: [], carriesData: true }
const make = (more: { revocation?: MemoryStore; compress?: boolean } = {}) => new CookieStore({ secrets: SECRET, maxSize: 12_288, ...more })

storeSuite('CookieStore', () => make(), { describe, it }, { capabilities })
storeSuite('CookieStore, compressed', () => make({ compress: true }), { describe, it }, { capabilities })
storeSuite(
  'CookieStore with revocation',
  () => make({ revocation: revocationRows() }),
  { describe, it },
  { capabilities, revocation: true },
)
