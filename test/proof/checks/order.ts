// The order of commits, from the property `log`.

import type { Analysis, PlacedUnit, SessionTimeline } from './analysis.ts'
import { type Anomaly, anomaly, anomalyIf } from './anomaly.ts'
import type { Exchange, Rules } from './history.ts'

/** A unit that is in the log twice was applied twice. */
export function doubleApplication({ timelines }: Analysis): Anomaly[] {
  return timelines.flatMap(({ observations }) =>
    observations.flatMap(({ log, exchange }) =>
      anomalyIf(new Set(log).size !== log.length, () => anomaly('double application', exchange, `saw ${log.join(' ')}`)),
    ),
  )
}

/** Every request must see a prefix of the same list. */
export function forkedRead({ timelines }: Analysis): Anomaly[] {
  return timelines.flatMap(({ observations, log, start }) =>
    observations.flatMap(({ log: seen, exchange }) =>
      anomalyIf(seen.length <= start || seen.some((id, index) => id !== log[index]), () =>
        anomaly('forked read', exchange, `saw ${seen.join(' ')} where others saw ${log.join(' ')}`),
      ),
    ),
  )
}

/**
 * Changes that were reported as not saved, or whose request had not begun, must not be visible.
 * Entries from before the session's start are judged where the request that copied them saw them.
 */
export function dirtyRead({ timelines, units, byRequest, history }: Analysis): Anomaly[] {
  return timelines.flatMap(({ observations, start }) =>
    observations.flatMap(({ log, exchange }) => {
      const dirty = log
        .slice(start)
        .find((id) => isUnsaved(units.get(id), exchange, history.rules) || hasNoSource(id, units, byRequest, exchange))
      return dirty === undefined ? [] : [anomaly('dirty read', exchange, `saw ${dirty}, which was not saved`)]
    }),
  )
}

function isUnsaved(placed: PlacedUnit | undefined, reader: Exchange, { resends }: Rules): boolean {
  if (placed?.unit.outcome !== 'no') return false
  // If a client library sends a write twice and the session ends in between, the writer gets
  // `ERR_SESSION_ENDED` although its write was visible for a moment.
  const wasVisible = resends && placed.exchange.code === 'ERR_SESSION_ENDED' && reader.began < placed.exchange.ended
  return !wasVisible
}

function hasNoSource(id: number, units: Analysis['units'], scripts: Analysis['byRequest'], reader: Exchange): boolean {
  const writer = scripts.get(Math.floor(id / 10))
  return writer === undefined || writer.began > reader.ended || (writer.report !== undefined && !units.has(id))
}

/** A session belongs to one browser. */
export function anothersData({ timelines, byRequest }: Analysis): Anomaly[] {
  return timelines.flatMap(({ observations }) =>
    observations.flatMap(({ log, exchange }) => {
      const foreign = log.find((id) => (byRequest.get(Math.floor(id / 10))?.browser ?? exchange.browser) !== exchange.browser)
      return foreign === undefined ? [] : [anomaly("another session's data", exchange, `saw ${foreign}, which is another browser's`)]
    }),
  )
}

/**
 * A request must see every commit that was acknowledged before it began. If no request ever saw it,
 * it is lost; if only this one did not, the read is stale.
 */
export function lostUpdate(analysis: Analysis): Anomaly[] {
  return analysis.timelines.flatMap((timeline) => {
    const position = new Map(timeline.log.map((id, index) => [id, index]))
    const acknowledged = (analysis.unitsByFamily.get(timeline.family) ?? [])
      .filter(({ unit }) => unit.outcome === 'ok')
      .sort((a, b) => a.exchange.ended - b.exchange.ended)
    return [
      ...findLost(timeline, acknowledged, position, analysis.visibleBefore),
      ...findStale(timeline, acknowledged, position, analysis.visibleBefore),
      ...findMisordered(acknowledged, position),
    ]
  })
}

function findLost(
  { observations }: SessionTimeline,
  acknowledged: readonly PlacedUnit[],
  position: ReadonlyMap<number, number>,
  visibleBefore: Analysis['visibleBefore'],
): Anomaly[] {
  const last = Math.max(...observations.map(({ exchange }) => visibleBefore(exchange)))
  return acknowledged
    .filter(({ unit, exchange }) => !position.has(unit.id) && exchange.ended < last)
    .map(({ unit, exchange }) => anomaly('lost update', exchange, `${unit.id} was acknowledged and was never seen`))
}

function findStale(
  { observations }: SessionTimeline,
  acknowledged: readonly PlacedUnit[],
  position: ReadonlyMap<number, number>,
  visibleBefore: Analysis['visibleBefore'],
): Anomaly[] {
  const newest = newestBefore(acknowledged, position)
  return [...observations]
    .sort((a, b) => visibleBefore(a.exchange) - visibleBefore(b.exchange))
    .flatMap(({ log, exchange }) => {
      const due = newest(visibleBefore(exchange))
      return anomalyIf(log.length <= due, () =>
        anomaly('stale read', exchange, `saw ${log.length} commits when ${due + 1} had been acknowledged`),
      )
    })
}

/** A commit that began after another was acknowledged must come after it in the log. */
function findMisordered(acknowledged: readonly PlacedUnit[], position: ReadonlyMap<number, number>): Anomaly[] {
  const newest = newestBefore(acknowledged, position)
  return [...acknowledged]
    .sort((a, b) => a.exchange.began - b.exchange.began)
    .flatMap(({ unit, exchange }) => {
      const at = position.get(unit.id)
      return anomalyIf(at !== undefined && at < newest(exchange.began), () =>
        anomaly('lost update', exchange, `${unit.id} is in the log before a commit that was acknowledged first`),
      )
    })
}

/**
 * Returns a function for the last position in the log that was acknowledged before a time. It must
 * be called with ascending times.
 */
function newestBefore(acknowledged: readonly PlacedUnit[], position: ReadonlyMap<number, number>): (time: number) => number {
  let next = 0
  let newest = -1
  return function at(time) {
    for (; next < acknowledged.length && (acknowledged[next] as PlacedUnit).exchange.ended < time; next++) {
      newest = Math.max(newest, position.get((acknowledged[next] as PlacedUnit).unit.id) ?? -1)
    }
    return newest
  }
}
