import { describe } from 'vitest'
import { testCycleId } from './cycle-id.ts'
import { testEnds } from './ends.ts'
import { testForgedRequests } from './forged-requests.ts'
import { testParallelLogins } from './parallel-logins.ts'
import { testSealedRows } from './sealed-rows.ts'
import { testSeveralCookies } from './several-cookies.ts'
import type { OpenStore } from './stores.ts'

const LISTS: Readonly<Record<string, (open: OpenStore) => void>> = {
  'sockets and streams': testEnds,
  'parallel logins': testParallelLogins,
  'the option `cycleId`': testCycleId,
  'several cookies': testSeveralCookies,
  'forged requests': testForgedRequests,
  'sealed rows': testSealedRows,
}

/** Runs every list of attacks on a store. */
export function testAttacks(open: OpenStore): void {
  for (const [name, test] of Object.entries(LISTS)) describe(name, () => test(open))
}
