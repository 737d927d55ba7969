// The attacks of test/core/attacks, on real databases.
import { describe } from 'vitest'
import { testAttacks } from '../../core/attacks/attacks.ts'
import { SERVER_STORES } from '../../services/server-stores.ts'

for (const [name, isThere, open] of SERVER_STORES) describe.skipIf(!isThere)(`attacks on ${name}`, () => testAttacks(open))
