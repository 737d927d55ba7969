// Attacks on sessions, on every store. Those of servers are in test/databases/any/attacks.test.ts, and
// Redis Cluster in test/databases/redis/redis-cluster.test.ts.
import { describe } from 'vitest'
import { CookieStore } from '../../../src/stores/cookie.ts'
import { SqliteStore } from '../../../src/stores/sqlite.ts'
import { SECRET } from '../../stores/cookie/cookie-secret.ts'
import { testAttacks } from './attacks.ts'
import { testForgedRequests } from './forged-requests.ts'
import { LOCAL_STORES } from './stores.ts'

describe.each(LOCAL_STORES)('attacks on %s', (_, open) => testAttacks(open))

// The other attacks need a row for each session, or two ids of one session.
describe.each([
  ['sealed cookies', () => new CookieStore({ secrets: SECRET })],
  ['sealed cookies with `revocation`', () => new CookieStore({ secrets: SECRET, revocation: new SqliteStore(':memory:') })],
])('forged requests on %s', (_, open) => testForgedRequests(open))
