import type { ScenarioOptions } from '../scenario/generator.ts'
import { memoryStores, sojournOn, type Wrap } from '../simulation/fixtures.ts'
import type { MakeFixture } from '../simulation/simulate.ts'
import { keyOf } from '../simulation/subject.ts'
import * as broken from './broken-stores.ts'
import { type Flaw, smallLibrary } from './small-library.ts'
import { SmallRows } from './small-rows.ts'

/** A broken variant, and the anomalies of which the checker must find at least one. */
export interface Mutant {
  readonly name: string
  readonly fixture: MakeFixture
  readonly options: ScenarioOptions
  readonly anomalies: readonly string[]
}

/** No faults except the mutant's, so that every anomaly is caused by the mutant. */
const NO_FAULTS: ScenarioOptions = { faults: false, resent: false, longWaits: false }

const PARALLEL_LOGINS: ScenarioOptions = { ...NO_FAULTS, parallelLogins: true }
const USERS: ScenarioOptions = { ...NO_FAULTS, users: true, skew: 0 }
const RENEWALS: ScenarioOptions = { ...NO_FAULTS, renewals: true, skew: 0 }
const FAULTS: ScenarioOptions = { longWaits: false }

function store(name: string, wrap: Wrap, anomalies: readonly string[], options: ScenarioOptions = NO_FAULTS): Mutant {
  return { name, fixture: sojournOn(memoryStores, wrap), options, anomalies }
}

function library(flaw: Flaw, anomalies: readonly string[], options: ScenarioOptions = NO_FAULTS): Mutant {
  return { name: flaw, fixture: small(flaw), options, anomalies }
}

/** Processes with the small library, on one table. */
export function small(flaw: Flaw): MakeFixture {
  return ({ scenario, random, clock }) => {
    const { idle, absolute, limit, maxIdAge, processes, faultRates } = scenario
    const rows = new SmallRows(() => random.next() * faultRates.latency)
    let ids = 0
    const process = (index: number): ReturnType<typeof smallLibrary> =>
      smallLibrary({ rows, flaw, idle, absolute, limit, maxIdAge, now: clock(index), randomText: () => `id${ids++}` })
    return {
      subjects: Array.from({ length: processes }, (_, index) => process(index)),
      observer: process(-1),
      rows: async () => [...rows.rows.keys()].map((key) => keyOf(key.split('.')[0] as string)),
      touches: () => [],
      lateRows: () => 0,
    }
  }
}

export const MUTANTS: readonly Mutant[] = [
  store('blind write', broken.blindWrite, ['lost update']),
  store('upsert that resurrects', broken.upsert, ['used after its end', 'orphan rows']),
  store('stale cached retry', broken.staleRetry, ['no progress']),
  store('double application after a silent re-send', broken.withoutReceipts, ['double application'], { ...NO_FAULTS, resent: true }),
  store('double application after an unknown outcome', broken.withoutReceipts, ['double application'], { ...NO_FAULTS, faults: true }),
  store('receipts aged by the clocks of processes', broken.agedReceipts, ['double application'], { ...FAULTS, skew: 30_000 }),
  store('one receipt per manager', broken.oneReceiptPerManager, ['double application'], { ...FAULTS, merging: false }),
  store('receipts without a floor', broken.receiptsWithoutFloor, ['double application'], FAULTS),
  store('deletion confirmed before it is done', broken.delayedDelete, ['used after its end']),
  store('deletion not done', broken.skippedDelete, ['used after its end', 'orphan rows']),
  store('load through a cache', broken.cachedLoad, ['stale read']),
  store('write confirmed before it is done', broken.earlyWriteResult, ['lost update', 'stale read']),
  store('failure reported as a success', broken.swallowedErrors, ['lost update'], { ...NO_FAULTS, faults: true }),
  store('load of an unfinished write', broken.dirtyLoad, ['dirty read', 'forked read']),
  store("another session's result", broken.mixedResults, ["another session's data"]),
  store('expired row returned as used', broken.expiryIgnored, ['used after expiry'], { ...NO_FAULTS, longWaits: true }),
  store('touch that shortens', broken.shorteningTouch, ['expiry moved backwards']),
  store('touch that revives', broken.revivingTouch, ['used after its end', 'orphan rows']),
  store('touch without an absolute end', broken.endlessTouch, ['expiry past the absolute end']),
  store('marks checked before the write only', broken.marksBeforeTheWriteOnly, ['survived a revocation'], USERS),
  store('mark set after the deletion', broken.markAfterTheDeletion, ['survived a revocation'], USERS),
  store('revocation that misses a session', broken.incompleteRevocation, ['survived a revocation'], USERS),
  store('list of a user that misses the newest sessions', broken.delayedList, ['one too many'], USERS),
  store('marks that refuse later logins', broken.marksOfTheFuture, ['wrong refusal'], USERS),
  library('whole snapshot', ['lost update', 'wrong merge']),
  library('deep merge', ['wrong merge', 'lost update']),
  library('two-step claim', ['claimed twice']),
  library('copy, then delete', ['two current ids', 'lost update']),
  library('flush misses a concurrently renewed id', ['used after its end', 'orphan rows']),
  library('read that writes', ['lost update', 'forked read']),
  library('cookie from an uncommitted cycle', ['wrong cookie']),
  library('expiry not checked', ['used after expiry'], { ...NO_FAULTS, longWaits: true }),
  library('login that joins with any old id', ['wrong join'], PARALLEL_LOGINS),
  library('login that joins the session of another user', ['wrong join'], PARALLEL_LOGINS),
  library('login that joins and replaces data it did not see', ['wrong merge'], PARALLEL_LOGINS),
  library('login that joins and ends the other id', ['session lost'], PARALLEL_LOGINS),
  library('cycleId that keeps the ids of parallel logins', ['two current ids'], PARALLEL_LOGINS),
  library('ids of parallel logins that stay valid', ['two current ids'], PARALLEL_LOGINS),
  library('revocation without marks', ['survived a revocation'], USERS),
  library('revocation that spares no session', ['session lost'], USERS),
  library('limit counted before the write', ['one too many'], USERS),
  library('limit that leaves one session', ['session lost'], USERS),
  library('reauthentication of any user', ['wrong reauthentication'], USERS),
  library('reauthentication that keeps the ids of parallel logins', ['two current ids'], USERS),
  library('renewal that ends the id before', ['session lost'], RENEWALS),
  library('renewal that keeps the id before', ['old id alive'], RENEWALS),
  library('renewal that keeps all ids', ['old id alive'], RENEWALS),
  library('renewal by the age of the presented id alone', ['forked renewal'], RENEWALS),
  library('renewal of a young id', ['early renewal'], RENEWALS),
  library('renewal that is not sent', ['missed renewal'], RENEWALS),
  library('login that keeps the id before a renewal', ['two current ids'], RENEWALS),
  library('revocation that leaves the id before a renewal', ['survived a revocation'], RENEWALS),
  library('flush that leaves the id before a renewal', ['used after its end'], RENEWALS),
  library('late commit that creates', ['orphan rows', 'wrong cookie'], { ...NO_FAULTS, streams: true }),
]
