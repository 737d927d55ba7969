import { analyze } from './analysis.ts'
import type { Anomaly, Check } from './anomaly.ts'
import { lostSession, twoCurrentIds, usedAfterEnd, wrongJoin } from './ends.ts'
import { badExpiry, badTouch, usedAfterExpiry } from './expiry.ts'
import type { History } from './history.ts'
import { anothersData, dirtyRead, doubleApplication, forkedRead, lostUpdate } from './order.ts'
import { earlyRenewal, forkedRenewal, missedRenewal, oldIdAlive } from './renewals.ts'
import { crashes, noProgress, orphanRows, wrongCookie } from './responses.ts'
import { claimedTwice, ownChanges, wrongMerge } from './state.ts'
import { oneTooMany, survivedRevocation, wrongReauthentication, wrongRefusal } from './users.ts'

const CHECKS: readonly Check[] = [
  doubleApplication,
  forkedRead,
  dirtyRead,
  anothersData,
  lostUpdate,
  wrongMerge,
  ownChanges,
  claimedTwice,
  usedAfterEnd,
  twoCurrentIds,
  wrongJoin,
  lostSession,
  earlyRenewal,
  forkedRenewal,
  missedRenewal,
  oldIdAlive,
  survivedRevocation,
  oneTooMany,
  wrongRefusal,
  wrongReauthentication,
  badTouch,
  badExpiry,
  usedAfterExpiry,
  wrongCookie,
  noProgress,
  crashes,
  orphanRows,
]

/** Returns everything in a history that the guarantee rules out. */
export function check(history: History): Anomaly[] {
  const analysis = analyze(history)
  return CHECKS.flatMap((findAnomalies) => findAnomalies(analysis))
}

export type { Anomaly } from './anomaly.ts'
