import { type Anomaly, anomaly, found } from './anomaly.ts'
import type { Chain, Chains } from './analysis.ts'
import { startsLifetime } from './ends.ts'
import type { Exchange, Rules } from './history.ts'

/** A touch never shortens, revives or passes the absolute end. */
export function badTouch({ history }: Chains): Anomaly[] {
  return history.touches.flatMap(({ before, after, absoluteEnd, now }) => {
    if (after === undefined) return []
    if (before === undefined || before <= now) return found(after > now, () => anomaly('revived by a touch', undefined, `to ${after}`))
    if (after < before) return [anomaly('expiry moved backwards', undefined, `from ${before} to ${after}`)]
    return found(after > absoluteEnd, () => anomaly('expiry past the absolute end', undefined, `${after} is after ${absoluteEnd}`))
  })
}

/** What requests saw of the expiry: later ones never less, but for the clocks' disagreement; none past the absolute end. */
export function badExpiry({ all, history, homes, asOf }: Chains): Anomaly[] {
  const { absolute, skew } = history.rules
  return all.flatMap((chain) => {
    const starts = (homes.get(chain.family) ?? []).filter(startsLifetime)
    const late = chain.readings.flatMap(({ exchange, expiresAt }) => {
      const start = Math.max(...starts.filter((placed) => placed.exchange.began < exchange.ended).map((placed) => placed.unit.at))
      return found(Number.isFinite(start) && expiresAt > start + absolute + skew, () =>
        anomaly('expiry past the absolute end', exchange, `by ${expiresAt - start - absolute} ms`),
      )
    })
    return [...late, ...backwards(chain, skew, asOf)]
  })
}

function backwards({ readings }: Chain, skew: number, asOf: Chains['asOf']): Anomaly[] {
  const byEnd = [...readings].sort((a, b) => a.exchange.ended - b.exchange.ended)
  let next = 0
  let most = -Infinity
  return [...readings]
    .sort((a, b) => asOf(a.exchange) - asOf(b.exchange))
    .flatMap(({ exchange, expiresAt }) => {
      for (; (byEnd[next]?.exchange.ended ?? Infinity) < asOf(exchange); next++) most = Math.max(most, byEnd[next]?.expiresAt ?? 0)
      return found(expiresAt < most - skew, () => anomaly('expiry moved backwards', exchange, `by ${most - expiresAt} ms`))
    })
}

/** Nobody sees a session, and nobody saves in it, after the last instant at which it can have expired. */
export function aliveAfterExpiry({ all, history, homes }: Chains): Anomaly[] {
  const { rules } = history
  return all.flatMap(({ family, visits, readings }) => {
    const seen = readings.flatMap(({ exchange }) => {
      const end = latestEnd(visits, exchange, rules, family)
      return found(exchange.beganAt - 2 * rules.skew > end, () =>
        anomaly('alive after expiry', exchange, `${exchange.beganAt - end} ms late`),
      )
    })
    const saved = readings.flatMap(({ exchange, expiresAt }) => {
      const own = (homes.get(family) ?? []).filter((placed) => placed.exchange === exchange && placed.unit.outcome === 'ok' && !placed.born)
      const end = Math.max(
        expiresAt,
        latestEnd(
          visits.filter((other) => other !== exchange),
          exchange,
          rules,
          family,
        ),
      )
      const first = own[0]?.unit
      return found(first !== undefined && (exchange.report?.claims.length ?? 0) === 0 && first.at - 2 * rules.skew > end, () =>
        anomaly('alive after expiry', exchange, 'saved in a session that had expired'),
      )
    })
    return [...seen, ...saved]
  })
}

/** The latest instant to which any earlier request can have moved the expiry: all but failed ones may have touched it. */
function latestEnd(visits: readonly Exchange[], reader: Exchange, { idle }: Rules, family: string): number {
  const born = reader.cookie?.startsWith(family) === true
  const ends = visits
    .filter((other) => other !== reader && other.began < reader.ended)
    .map((other) => Math.min(other.endedAt, reader.endedAt) + idle)
  return ends.length === 0 && born ? Infinity : Math.max(...ends)
}
