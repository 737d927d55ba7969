import { chainsOf } from './chains.ts'
import type { Anomaly, Check } from './checks/anomaly.ts'
import { cookieChain, crashes, noProgress, orphanRows } from './checks/answers.ts'
import { aliveAfterEnd, lostSession, twoLiveIds } from './checks/ends.ts'
import { aliveAfterExpiry, badExpiry, badTouch } from './checks/expiry.ts'
import { anothersData, dirtyRead, doubleApplication, forkedRead, lostUpdate } from './checks/order.ts'
import { claimedTwice, ownChanges, wrongMerge } from './checks/state.ts'
import type { History } from './history.ts'

const CHECKS: readonly Check[] = [
  doubleApplication,
  forkedRead,
  dirtyRead,
  anothersData,
  lostUpdate,
  wrongMerge,
  ownChanges,
  claimedTwice,
  aliveAfterEnd,
  twoLiveIds,
  lostSession,
  badTouch,
  badExpiry,
  aliveAfterExpiry,
  cookieChain,
  noProgress,
  crashes,
  orphanRows,
]

/** Everything in a history that the guarantee rules out. */
export function check(history: History): Anomaly[] {
  const chains = chainsOf(history)
  return CHECKS.flatMap((look) => look(chains))
}

export type { Anomaly } from './checks/anomaly.ts'
