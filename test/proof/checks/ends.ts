// How sessions and ids end: a flush, another user's login, a new id, expiry; and that nothing else
// ends them.

import { type Analysis, type PlacedUnit, renewsId, type SessionTimeline } from './analysis.ts'
import { type Anomaly, anomaly, anomalyIf } from './anomaly.ts'
import { type Exchange, familyOf } from './history.ts'

/** When each session had certainly ended, by family: the position of the response that ended it. */
export function endsOf({ history, units, byFamily }: Analysis): Map<string, number> {
  const { exchanges, rules } = history
  const ends = new Map<string, number>()
  const end = (id: string, at: number): unknown => ends.set(familyOf(id), Math.min(at, ends.get(familyOf(id)) ?? Infinity))
  for (const { cookie, report, ended } of exchanges) {
    const canEnd = rules.replacedIdsEnd || report?.opened?.exists === true
    if (cookie !== undefined && report?.flush === 'ok' && canEnd) end(cookie, ended)
  }
  for (const { unit, exchange, startsSession, family = '' } of units.values()) {
    // A session that begins with a login over another user's session starts from the data of the
    // session that the login ended; its log contains the commits of that session.
    const endsOther = startsSession && unit.outcome === 'ok' && (byFamily.get(family)?.start ?? 0) > 0
    if (endsOther && exchange.cookie !== undefined) end(exchange.cookie, exchange.ended)
  }
  return ends
}

/** After the response to a flush no request reads the session, and no request saves in it. */
export function usedAfterEnd(analysis: Analysis): Anomaly[] {
  const ends = endsOf(analysis)
  const seen = analysis.timelines.flatMap(({ family, observations }) =>
    observations.flatMap(({ exchange }) =>
      anomalyIf(analysis.visibleBefore(exchange) > (ends.get(family) ?? Infinity), () =>
        anomaly('used after its end', exchange, 'saw a session that was flushed'),
      ),
    ),
  )
  const saved = [...analysis.units.values()].flatMap(({ unit, exchange, family }) =>
    anomalyIf(family !== undefined && unit.outcome === 'ok' && exchange.began > (ends.get(family) ?? Infinity), () =>
      anomaly('used after its end', exchange, 'saved in a session that was flushed'),
    ),
  )
  return [...seen, ...saved]
}

/** A request that reads a session sent the id that was current at that time. */
export function twoCurrentIds({ timelines, units }: Analysis): Anomaly[] {
  const outdated = timelines.flatMap(({ observations, ids }) =>
    observations.flatMap(({ exchange, log }) => {
      const current = ids[log.length - 1]
      return anomalyIf(current !== undefined && exchange.cookie !== current, () =>
        anomaly('two current ids', exchange, `sent an id that ${log.at(-1)} had replaced`),
      )
    }),
  )
  return [...outdated, ...findCopies(timelines, units)]
}

/** The same commit in two sessions: one is a copy of the other. */
function findCopies(all: readonly SessionTimeline[], units: Analysis['units']): Anomaly[] {
  return all.flatMap(({ family, log, start }) => {
    const copied = log.slice(start).find((id) => (units.get(id)?.family ?? family) !== family)
    return copied === undefined ? [] : [anomaly('two current ids', units.get(copied)?.exchange, `${copied} is in two sessions`)]
  })
}

/**
 * If a request finds no session, or fails with `ERR_SESSION_ENDED`, an earlier request ended it or
 * it expired.
 */
export function lostSession(analysis: Analysis): Anomaly[] {
  return analysis.history.exchanges.flatMap((exchange) => {
    const { cookie, report, code } = exchange
    if (cookie === undefined || (report?.opened?.exists !== false && code !== 'ERR_SESSION_ENDED')) return []
    const timeline = analysis.byFamily.get(familyOf(cookie))
    const isExcused = timeline === undefined || endedBy(timeline, exchange, analysis) || mayHaveExpired(timeline, exchange, analysis)
    return anomalyIf(!isExcused, () =>
      anomaly('session lost', exchange, code === undefined ? 'found no session' : 'failed with ERR_SESSION_ENDED'),
    )
  })
}

function endedBy({ requests }: SessionTimeline, reader: Exchange, { issuers }: Analysis): boolean {
  const issuer = issuers.get(reader.cookie ?? '')
  return requests.some((exchange) => {
    if (exchange.began > reader.ended || exchange === reader) return false
    if (exchange.report === undefined)
      return exchange.script.steps.some((step) => step.do === 'flush' || step.do === 'cycle' || step.do === 'login')
    if (exchange.report.flush !== undefined && exchange.report.flush !== 'no') return true
    if (exchange.ended < (issuer?.began ?? 0)) return false
    return (
      exchange !== issuer &&
      exchange.report.units.some((unit) => renewsId(unit) && (unit.outcome !== 'no' || exchange.code !== 'ERR_SESSION_ENDED'))
    )
  })
}

function mayHaveExpired({ family }: SessionTimeline, reader: Exchange, { history, unitsByFamily }: Analysis): boolean {
  const { idle, absolute, skew } = history.rules
  const acknowledged = (unitsByFamily.get(family) ?? []).filter(
    ({ unit, exchange }) => unit.outcome === 'ok' && exchange.ended < reader.began,
  )
  const start = Math.max(...acknowledged.filter(startsLifetime).map(({ unit }) => unit.at))
  const earliest = Math.max(...acknowledged.map(({ unit }) => Math.min(unit.at + idle, start + absolute)))
  return reader.endedAt + 2 * skew >= earliest
}

export function startsLifetime({ unit, startsSession }: PlacedUnit): boolean {
  return startsSession || unit.changes.some((change) => change.do === 'login')
}
