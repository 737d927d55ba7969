import type { Anomaly, Check } from './anomaly.ts'
import { cookieChain, crashes, noProgress, orphanRows } from './responses.ts'
import { chainsOf } from './analysis.ts'
import { aliveAfterEnd, lostSession, twoLiveIds } from './ends.ts'
import { aliveAfterExpiry, badExpiry, badTouch } from './expiry.ts'
import type { History } from './history.ts'
import { anothersData, dirtyRead, doubleApplication, forkedRead, lostUpdate } from './order.ts'
import { claimedTwice, ownChanges, wrongMerge } from './state.ts'

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

export type { Anomaly } from './anomaly.ts'
