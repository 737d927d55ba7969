// Attacks on sessions, on every store. Those of servers are in test/databases/any/attacks.test.ts, and
// Redis Cluster in test/databases/redis/redis-cluster.test.ts.
import { describe } from 'vitest'
import { testAttacks } from './attacks.ts'
import { LOCAL_STORES } from './stores.ts'

describe.each(LOCAL_STORES)('attacks on %s', (_, open) => testAttacks(open))
