// How sessions and ids end: a flush, another user's login, a new id, expiry; and that nothing else
// ends them.

import type { Analysis, PlacedUnit, SessionTimeline } from './analysis.ts'
import { type Anomaly, anomaly, anomalyIf } from './anomaly.ts'
import { type Exchange, familyOf, type Rules, type Unit } from './history.ts'
import { type IdState, isValid, JOINABLE, renewsId, SEVERAL_IDS } from './id-state.ts'
import { endedWithRenewal, isFirstUse } from './renewals.ts'
import { mayHaveLostUser } from './users.ts'

/** When each session had certainly ended, by family: the position of the response that ended it. */
export function endsOf(analysis: Analysis): Map<string, number> {
  const { history, units, byFamily } = analysis
  const ends = new Map<string, number>()
  const end = (id: string, at: number): unknown => ends.set(familyOf(id), Math.min(at, ends.get(familyOf(id)) ?? Infinity))
  for (const exchange of history.exchanges) {
    const { cookie, report, ended } = exchange
    if (cookie !== undefined && report?.flush === 'ok' && canEnd(exchange, cookie, analysis)) end(cookie, ended)
  }
  for (const { unit, exchange, startsSession, family = '' } of units.values()) {
    // A session that begins with a login over another user's session starts from the data of the
    // session that the login ended; its log contains the commits of that session.
    const endsOther = startsSession && unit.outcome === 'ok' && (byFamily.get(family)?.start ?? 0) > 0
    if (endsOther && exchange.cookie !== undefined) end(exchange.cookie, exchange.ended)
  }
  return ends
}

/**
 * Whether a flush has certainly ended its session: its id was valid, or was replaced less than a minute
 * before. After a renewal because of the age, which need not be known, an older id ends nothing.
 */
function canEnd({ report, endedAt }: Exchange, cookie: string, { history: { rules }, issuers, unitsByFamily }: Analysis): boolean {
  if (report?.opened?.exists === true) return true
  if (rules.maxIdAge !== undefined) return false
  const issued = issuers.get(cookie)?.began ?? 0
  const replacements = (unitsByFamily.get(familyOf(cookie)) ?? []).filter(
    ({ unit, exchange }) => renewsId(unit) && unit.outcome !== 'no' && exchange.began > issued,
  )
  return rules.replacedIdsEnd && replacements.every(({ exchange }) => exchange.beganAt + JOINABLE > endedAt + 2 * rules.skew)
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

/**
 * A request that reads a session sent an id that was current at that time: the newest one, or one
 * of a parallel login. After the overlap of parallel logins only one of their ids is used.
 */
export function twoCurrentIds(analysis: Analysis): Anomaly[] {
  const { timelines, units, lineageOf } = analysis
  const outdated = timelines.flatMap(({ observations, ids }) =>
    observations.flatMap(({ exchange, log }) =>
      anomalyIf(!isValid(ids[log.length - 1] as IdState, lineageOf(exchange.cookie as string)), () =>
        anomaly('two current ids', exchange, `sent an id that ${log.at(-1)} had replaced`),
      ),
    ),
  )
  return [...outdated, ...timelines.flatMap((timeline) => findOverlong(timeline, analysis)), ...findCopies(timelines, units)]
}

/** If the store can fail, the write that ends the overlap may be missing, and is then repeated. */
function findOverlong(
  { observations, ids, requests }: SessionTimeline,
  { history: { rules }, visibleBefore, lineageOf }: Analysis,
): Anomaly[] {
  if (rules.faults) return []
  const originalOf = ({ cookie }: Exchange): string | undefined => lineageOf(cookie as string).at(-1)
  const late = observations.filter(({ exchange, log }) => exchange.beganAt > overlapEnd(ids[log.length - 1] as IdState, rules))
  return late.flatMap(({ exchange, log }) => {
    const state = ids[log.length - 1] as IdState
    const isSameId = (each: Exchange): boolean => originalOf(each) === originalOf(exchange)
    const uses = requests.filter((each) => isSameId(each) && each.endedAt >= earliestOverlapEnd(state, rules))
    const other = late.find(
      (each) =>
        ids[each.log.length - 1] === state &&
        !isSameId(each.exchange) &&
        each.exchange.ended < visibleBefore(exchange) &&
        isFirstUse(each.exchange, uses),
    )
    return anomalyIf(other !== undefined, () =>
      anomaly('two current ids', exchange, `sent another id than ${other?.exchange.script.number} after the overlap`),
    )
  })
}

/** When the overlap was over by every clock; `Infinity` if there is none. */
function overlapEnd({ others = [], issuer }: IdState, { skew }: Rules): number {
  return others.length === 0 || issuer === undefined ? Infinity : issuer.exchange.endedAt + SEVERAL_IDS + 2 * skew
}

function earliestOverlapEnd({ issuer }: IdState, { skew }: Rules): number {
  return (issuer?.unit.at ?? -Infinity) + SEVERAL_IDS - 2 * skew
}

/**
 * A login joins a session only if it is one of the session's user, with the id that the session's
 * login replaced less than a minute before.
 */
export function wrongJoin({ timelines, history: { rules } }: Analysis): Anomaly[] {
  return timelines.flatMap(({ ids, log }) =>
    ids.flatMap((state, index) => {
      const { joined, issuer } = state
      if (!joined || issuer === undefined || ids[index - 1] === state) return []
      const problem = joinProblem(state, issuer, rules)
      return problem === undefined ? [] : [anomaly('wrong join', issuer.exchange, `${log[index]} joined ${problem}`)]
    }),
  )
}

function joinProblem({ login, user }: IdState, { unit, exchange }: PlacedUnit, { skew, maxDuration }: Rules): string | undefined {
  if (login === 'none') return 'a session whose newest id is not that of a login'
  if (login !== 'unknown' && login.replaced !== exchange.cookie) return 'with another id than the login replaced'
  if (login !== 'unknown' && unit.at - login.at > JOINABLE + 2 * skew + maxDuration) return 'long after the login'
  const isOfUser = unit.changes.every((change) => change.do !== 'login' || change.user === user || typeof user === 'symbol')
  return isOfUser ? undefined : "another user's session"
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
    const isRefused = report?.units.some((unit) => unit.isRefused) === true // see `wrongRefusal`
    if (cookie === undefined || (report?.opened?.exists !== false && (code !== 'ERR_SESSION_ENDED' || isRefused))) return []
    const timeline = analysis.byFamily.get(familyOf(cookie))
    const isExcused =
      timeline === undefined ||
      endedBy(timeline, exchange, analysis) ||
      endedWithOverlap(timeline, exchange, analysis) ||
      endedWithRenewal(timeline, exchange, analysis) ||
      [timeline, ...startedBy(exchange, analysis)].some((each) => mayHaveLostUser(each, exchange, analysis)) ||
      confirmedAnotherUser(timeline, exchange) ||
      mayHaveExpired(timeline, exchange, analysis)
    return anomalyIf(!isExcused, () =>
      anomaly('session lost', exchange, code === undefined ? 'found no session' : 'failed with ERR_SESSION_ENDED'),
    )
  })
}

/** The sessions that a request started. One that ended before its last commit fails the request too. */
function startedBy({ report }: Exchange, { units, byFamily }: Analysis): SessionTimeline[] {
  return (report?.units ?? []).flatMap(({ id }) => {
    const { startsSession = false, family = '' } = units.get(id) ?? {}
    return startsSession ? (byFamily.get(family) ?? []) : []
  })
}

function endedBy({ requests, ids }: SessionTimeline, reader: Exchange, { issuers, history: { rules } }: Analysis): boolean {
  const issuer = issuers.get(reader.cookie ?? '')
  return requests.some((exchange) => {
    if (exchange.began > reader.ended || exchange === reader) return false
    if (exchange.report === undefined)
      return exchange.script.steps.some((step) => step.do === 'flush' || step.do === 'cycle' || step.do === 'login')
    if (exchange.report.flush !== undefined && exchange.report.flush !== 'no') return true
    if (exchange.ended < (issuer?.began ?? 0)) return false
    return (
      exchange !== issuer &&
      exchange.report.units.some(
        (unit) =>
          renewsId(unit) &&
          (unit.outcome !== 'no' || exchange.code !== 'ERR_SESSION_ENDED') &&
          !ids.some((state) => state.issuer?.unit === unit && keepsId(state, reader, rules)),
      )
    )
  })
}

/** A reauthentication is refused if its user was logged out while the request was running. */
function confirmedAnotherUser({ requests }: SessionTimeline, { report, ended }: Exchange): boolean {
  const confirms = report?.units.some(({ changes }) => changes.some((change) => change.do === 'reauthenticate')) === true
  return confirms && requests.some((each) => each.began < ended && each.report?.units.some(removesUser) === true)
}

function removesUser({ changes }: Unit): boolean {
  return changes.some((change) => change.do === 'clear' || (change.do === 'remove' && change.name === 'userId'))
}

/** After the overlap of parallel logins another of their ids may have been used first. */
function endedWithOverlap({ ids, requests }: SessionTimeline, reader: Exchange, { history: { rules } }: Analysis): boolean {
  return ids.some((state) => {
    const { newest, others = [], issuer } = state
    if (issuer === undefined || reader.endedAt < earliestOverlapEnd(state, rules)) return false
    const overlapping = [newest, ...others]
    const isOther = ({ cookie }: Exchange): boolean => cookie !== reader.cookie && overlapping.includes(cookie)
    return overlapping.includes(reader.cookie) && requests.some((each) => each.began < reader.ended && isOther(each))
  })
}

/** Whether a login that joined a session has certainly left the id of this request valid. */
function keepsId({ joined, newest, others, issuer }: IdState, { cookie, endedAt }: Exchange, { skew }: Rules): boolean {
  if (!joined || cookie === undefined || issuer === undefined || endedAt > issuer.unit.at + SEVERAL_IDS - 2 * skew) return false
  return cookie === newest || others?.includes(cookie) === true
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
  return startsSession || unit.changes.some((change) => change.do === 'login' || change.do === 'reauthenticate')
}
