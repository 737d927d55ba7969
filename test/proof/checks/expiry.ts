import type { Analysis, Observation, SessionTimeline } from './analysis.ts'
import { type Anomaly, anomaly, anomalyIf } from './anomaly.ts'
import { startsLifetime } from './ends.ts'
import type { Exchange, Rules } from './history.ts'

/**
 * A touch never shortens or revives a session, and never moves its expiry past the absolute end.
 */
export function badTouch({ history }: Analysis): Anomaly[] {
  return history.touches.flatMap(({ before, after, absoluteEnd, now }) => {
    if (after === undefined) return []
    if (before === undefined || before <= now) return anomalyIf(after > now, () => anomaly('revived by a touch', undefined, `to ${after}`))
    if (after < before) return [anomaly('expiry moved backwards', undefined, `from ${before} to ${after}`)]
    return anomalyIf(after > absoluteEnd, () => anomaly('expiry past the absolute end', undefined, `${after} is after ${absoluteEnd}`))
  })
}

/**
 * A write computes the expiry before it is sent. If a touch of another request arrives first, the write
 * makes the expiry earlier by the time between both.
 */
const WRITE_DURATION = 5_000

/**
 * Later requests never see an earlier expiry, except by the difference between clocks or the duration
 * of a write, and no request sees one past the absolute end.
 */
export function badExpiry({ timelines, history, units, unitsByFamily, visibleBefore }: Analysis): Anomaly[] {
  const { absolute, skew } = history.rules
  return timelines.flatMap((timeline) => {
    const starts = (unitsByFamily.get(timeline.family) ?? []).filter(startsLifetime)
    const late = timeline.observations.flatMap(({ exchange, expiresAt }) => {
      const start = Math.max(...starts.filter((placed) => placed.exchange.began < exchange.ended).map((placed) => placed.unit.at))
      return anomalyIf(Number.isFinite(start) && expiresAt > start + absolute + skew, () =>
        anomaly('expiry past the absolute end', exchange, `by ${expiresAt - start - absolute} ms`),
      )
    })
    return [...late, ...movedBackwards(timeline, skew, { units, visibleBefore })]
  })
}

type Reads = Pick<Analysis, 'units' | 'visibleBefore'>

/** A cache may return the state before a commit until that is acknowledged, also after it was seen. */
function movedBackwards({ observations }: SessionTimeline, skew: number, { units, visibleBefore }: Reads): Anomaly[] {
  const acknowledgedAt = ({ exchange, log }: Observation): number =>
    Math.max(exchange.ended, ...log.map((id) => units.get(id)?.exchange.ended ?? 0))
  const known = observations
    .map((observation) => ({ expiresAt: observation.expiresAt, from: acknowledgedAt(observation) }))
    .sort((a, b) => a.from - b.from)
  let next = 0
  let latest = -Infinity
  return [...observations]
    .sort((a, b) => visibleBefore(a.exchange) - visibleBefore(b.exchange))
    .flatMap(({ exchange, expiresAt }) => {
      for (; (known[next]?.from ?? Infinity) < visibleBefore(exchange); next++) latest = Math.max(latest, known[next]?.expiresAt ?? 0)
      return anomalyIf(expiresAt < latest - Math.max(skew, WRITE_DURATION), () =>
        anomaly('expiry moved backwards', exchange, `by ${latest - expiresAt} ms`),
      )
    })
}

/** No request reads a session or saves in it after the last time at which it can have expired. */
export function usedAfterExpiry({ timelines, history, unitsByFamily }: Analysis): Anomaly[] {
  const { rules } = history
  return timelines.flatMap(({ family, requests, observations }) => {
    const seen = observations.flatMap(({ exchange }) => {
      const end = latestEnd(requests, exchange, rules, family)
      return anomalyIf(exchange.beganAt - 2 * rules.skew > end, () =>
        anomaly('used after expiry', exchange, `${exchange.beganAt - end} ms late`),
      )
    })
    const saved = observations.flatMap(({ exchange, expiresAt }) => {
      const saves = (unitsByFamily.get(family) ?? []).filter(
        (placed) => placed.exchange === exchange && placed.unit.outcome === 'ok' && !placed.startsSession,
      )
      const end = Math.max(
        expiresAt,
        latestEnd(
          requests.filter((other) => other !== exchange),
          exchange,
          rules,
          family,
        ),
      )
      const first = saves[0]?.unit
      return anomalyIf(first !== undefined && (exchange.report?.claims.length ?? 0) === 0 && first.at - 2 * rules.skew > end, () =>
        anomaly('used after expiry', exchange, 'saved in a session that had expired'),
      )
    })
    return [...seen, ...saved]
  })
}

/**
 * The latest time to which any earlier request can have moved the expiry. Every request except a
 * failed one may have touched it.
 */
function latestEnd(requests: readonly Exchange[], reader: Exchange, { idle }: Rules, family: string): number {
  const sentId = reader.cookie?.startsWith(family) === true
  const ends = requests
    .filter((other) => other !== reader && other.began < reader.ended)
    .map((other) => Math.min(other.endedAt, reader.endedAt) + idle)
  return ends.length === 0 && sentId ? Infinity : Math.max(...ends)
}
