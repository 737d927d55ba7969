import type { Anomaly } from './anomaly.ts'
import { type Chains, chainsOf } from './analysis.ts'
import { check } from './checker.ts'
import { endsOf } from './ends.ts'
import { type Exchange, familyOf, type History } from './history.ts'

/** What a failover is allowed to take, by nobody's fault: writes that were acknowledged before they had reached the replica. */
export interface Failover {
  /** When it began and when all was well again, by the clock of the history. */
  readonly from: number
  readonly to: number
  /** Whether the master that failed had the row of a session. */
  readonly hit: (family: string) => boolean
}

/** What became of what was acknowledged. */
export interface Losses {
  /** Units of changes that were reported as saved. */
  readonly acknowledged: number
  /** Those of them that are nowhere to be seen. */
  readonly lost: number
  /** Sessions that were seen after their end had been acknowledged. */
  readonly risen: number
  /** Claimed values that were handed out, or seen, once more. */
  readonly claimedAgain: number
  /** Answers that told of something that was lost afterwards, or not yet of something acknowledged. */
  readonly staleAnswers: number
  /** What no failover excuses. */
  readonly wrong: readonly Anomaly[]
}

/** How lost writes look to the checker. Everything else is wrong, whatever the database went through. */
const OF_LOSS = new Set([
  'lost update',
  'stale read',
  'forked read',
  'session lost',
  'alive after its end',
  'two live ids',
  'claimed twice',
])

/** Tells what a failover took from what nothing may take: counted, not hidden. */
export function lossesOf(history: History, failover: Failover): Losses {
  const chains = chainsOf(history)
  const visited = familiesIn(history, failover)
  const anomalies = check(history).map((each) => ({ ...each, families: familiesOf(each, chains) }))
  const isExcused = ({ name, families }: (typeof anomalies)[number]): boolean =>
    OF_LOSS.has(name) && families.some((family) => visited.has(family) && failover.hit(family))
  const excused = anomalies.filter(isExcused)
  const named = (...names: string[]) => excused.filter(({ name }) => names.includes(name))
  return {
    acknowledged: [...chains.units.values()].filter(({ unit }) => unit.outcome === 'ok').length,
    lost: lostUnits(chains, new Set(named('session lost').flatMap(({ families }) => families))),
    risen: new Set(named('alive after its end').flatMap(({ families }) => families)).size,
    claimedAgain: new Set(named('claimed twice').map(({ detail }) => detail)).size,
    staleAnswers: named('stale read', 'forked read', 'two live ids').length,
    wrong: anomalies.filter((each) => !isExcused(each)),
  }
}

/** The marks that were acknowledged and are not in what was seen last; all of a session that vanished. */
function lostUnits(chains: Chains, vanished: ReadonlySet<string>): number {
  const ends = endsOf(chains)
  let lost = 0
  for (const { family, readings } of chains.all) {
    if (ends.has(family)) continue
    const [last] = [...readings].sort((a, b) => b.exchange.began - a.exchange.began)
    const left = new Set(vanished.has(family) ? [] : last?.log)
    const due = (chains.homes.get(family) ?? []).filter(
      ({ unit, exchange }) => unit.outcome === 'ok' && (vanished.has(family) || exchange.ended < (last?.exchange.began ?? 0)),
    )
    lost += due.filter(({ unit }) => !left.has(unit.mark)).length
  }
  return lost
}

/** The sessions that had something to do with a request while the failover was on. */
function familiesIn({ exchanges }: History, { from, to }: Failover): ReadonlySet<string> {
  return new Set(exchanges.filter(({ beganAt, endedAt }) => beganAt <= to && endedAt >= from).flatMap(familiesAt))
}

function familiesOf({ request }: Anomaly, { scripts }: Chains): readonly string[] {
  const exchange = request === undefined ? undefined : scripts.get(request)
  return exchange === undefined ? [] : familiesAt(exchange)
}

function familiesAt({ cookie, setCookie }: Exchange): string[] {
  return [cookie, setCookie].filter((id) => id !== undefined && id !== '').map((id) => familyOf(id as string))
}
