import { type Analysis, analyze } from './analysis.ts'
import type { Anomaly } from './anomaly.ts'
import { check } from './checker.ts'
import { endsOf } from './ends.ts'
import { type Exchange, familyOf, type History } from './history.ts'

/**
 * The losses that a failover may cause: writes that were acknowledged before they were replicated.
 */
export interface FailoverWindow {
  /** When it began and when all servers worked again, by the clock of the history. */
  readonly from: number
  readonly to: number
  /** Whether the failed master had the row of a session. */
  readonly affected: (family: string) => boolean
}

/** The outcome of acknowledged changes. */
export interface Losses {
  /** Units of changes that were reported as saved. */
  readonly acknowledged: number
  /** Those that no later request saw. */
  readonly lost: number
  /** Sessions that were seen after their end had been acknowledged. */
  readonly revived: number
  /** Claimed values that were returned, or seen, again. */
  readonly claimedAgain: number
  /** Responses with data that was lost later, or without data that had been acknowledged. */
  readonly staleReads: number
  /** Anomalies that a failover does not excuse. */
  readonly wrong: readonly Anomaly[]
}

/** The anomalies that lost writes cause. A failover excuses no others. */
const LOSS_ANOMALIES = new Set([
  'lost update',
  'stale read',
  'forked read',
  'session lost',
  'used after its end',
  'two current ids',
  'claimed twice',
])

/** Counts the losses of the failover, and returns all other anomalies as wrong. */
export function lossesOf(history: History, failover: FailoverWindow): Losses {
  const analysis = analyze(history)
  const visited = familiesIn(history, failover)
  const anomalies = check(history).map((each) => ({ ...each, families: familiesOf(each, analysis) }))
  const isExcused = ({ name, families }: (typeof anomalies)[number]): boolean =>
    LOSS_ANOMALIES.has(name) && families.some((family) => visited.has(family) && failover.affected(family))
  const excused = anomalies.filter(isExcused)
  const byName = (...names: string[]) => excused.filter(({ name }) => names.includes(name))
  return {
    acknowledged: [...analysis.units.values()].filter(({ unit }) => unit.outcome === 'ok').length,
    lost: lostUnits(analysis, new Set(byName('session lost').flatMap(({ families }) => families))),
    revived: new Set(byName('used after its end').flatMap(({ families }) => families)).size,
    claimedAgain: new Set(byName('claimed twice').map(({ detail }) => detail)).size,
    staleReads: byName('stale read', 'forked read', 'two current ids').length,
    wrong: anomalies.filter((each) => !isExcused(each)),
  }
}

/**
 * The number of acknowledged units that the last observation does not have; all of them for a
 * session that vanished.
 */
function lostUnits(analysis: Analysis, vanished: ReadonlySet<string>): number {
  const ends = endsOf(analysis)
  let lost = 0
  for (const { family, observations } of analysis.timelines) {
    if (ends.has(family)) continue
    const [last] = [...observations].sort((a, b) => b.exchange.began - a.exchange.began)
    const left = new Set(vanished.has(family) ? [] : last?.log)
    const due = (analysis.unitsByFamily.get(family) ?? []).filter(
      ({ unit, exchange }) => unit.outcome === 'ok' && (vanished.has(family) || exchange.ended < (last?.exchange.began ?? 0)),
    )
    lost += due.filter(({ unit }) => !left.has(unit.id)).length
  }
  return lost
}

/** The sessions that had a request during the failover. */
function familiesIn({ exchanges }: History, { from, to }: FailoverWindow): ReadonlySet<string> {
  return new Set(exchanges.filter(({ beganAt, endedAt }) => beganAt <= to && endedAt >= from).flatMap(familiesAt))
}

function familiesOf({ request }: Anomaly, { byRequest }: Analysis): readonly string[] {
  const exchange = request === undefined ? undefined : byRequest.get(request)
  return exchange === undefined ? [] : familiesAt(exchange)
}

function familiesAt({ cookie, setCookie }: Exchange): string[] {
  return [cookie, setCookie].filter((id) => id !== undefined && id !== '').map((id) => familyOf(id as string))
}
