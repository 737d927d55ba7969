// The checks of histories of `req.session`. Every value is written once, so the value that a request
// sees in a place identifies the commit that wrote it. There is no common order of all commits,
// because different properties are independent of each other.

import type { Exchange } from '../checks/history.ts'
import type { Scenario } from '../scenario/generator.ts'
import type { Unit } from './handler.ts'
import { OldInstances } from './old-instances.ts'
import type { Place } from './script.ts'
import { familyOf, type Visit, type Write } from './visits.ts'

interface History {
  readonly visits: readonly Visit[]
  readonly writes: readonly Write[]
  /** The writes of a session by their place. */
  readonly at: (family: string, place: Place) => readonly Write[]
  readonly oldInstances: OldInstances
}

type Check = (history: History) => string[]

const CHECKS: readonly Check[] = [wrongValues, lostUpdates, usedAfterEnd, sessionsLost, wrongCookies, noProgress]

/** Returns the anomalies of a history, each with its name and the number of the request. */
export function findAnomalies(visits: readonly Visit[], scenario: Scenario): string[] {
  const isReliable = scenario.faultRates.resent === 0
  const writes = visits.flatMap((visit) => writesOf(visit, isReliable))
  const byPlace = Map.groupBy(writes, ({ family, place }) => `${family} ${place}`)
  const at = (family: string, place: Place): readonly Write[] => byPlace.get(`${family} ${place}`) ?? []
  const history: History = { visits, writes, at, oldInstances: new OldInstances(visits, writes, scenario.faults) }
  const found = CHECKS.flatMap((find) => find(history))
  return scenario.faults ? found.filter((text) => !text.startsWith('no progress')) : found
}

function issuedFamily({ setCookie }: Exchange): string | undefined {
  return setCookie === undefined || setCookie === '' ? undefined : familyOf(setCookie)
}

function sentFamily({ exchange: { cookie }, report }: Visit): string | undefined {
  return cookie !== undefined && report?.exists === true ? familyOf(cookie) : undefined
}

/**
 * The outcome of a unit that was not saved explicitly is that of the response. If a commit fails, the
 * error page commits again, as that of express-session saves.
 */
function outcome({ outcome: saved, isSaved }: Unit, { code }: Exchange): Unit['outcome'] {
  if (isSaved || code === undefined) return isSaved ? saved : 'ok'
  return code === 'ERR_SESSION_ENDED' ? 'no' : 'unknown'
}

function writesOf(visit: Visit, isReliable: boolean): Write[] {
  const { exchange, report } = visit
  const sent = sentFamily(visit)
  const issued = issuedFamily(exchange)
  return (report?.units ?? []).flatMap((unit) =>
    [...unit.changes].map(([place, value]) => {
      // If its session ended while it ran, a login starts another one.
      const startsAnother = unit.fresh || (!unit.isSaved && logsIn(unit) && issued !== undefined)
      // A login with an id that was just replaced may join the session and fail after that.
      const mayJoin = exchange.code !== undefined && logsIn(unit) && exchange.cookie !== undefined
      const family = startsAnother ? issued : (sent ?? issued ?? (mayJoin ? familyOf(exchange.cookie) : undefined))
      // A login that joins the session of a parallel one does not replace what it did not see.
      const joins = sent === undefined && exchange.cookie !== undefined && family === familyOf(exchange.cookie)
      const certain = outcome(unit, exchange)
      // A write can be visible for a moment before its session ends and its repetition fails.
      const isUnknown = joins || (certain === 'no' && !isReliable)
      return { place, value, outcome: isUnknown ? 'unknown' : certain, visit, exchange, family }
    }),
  )
}

function logsIn({ changes }: Unit): boolean {
  return changes.get('passport.user') !== undefined
}

function report(name: string, { script }: Exchange, detail: string): string {
  return `${name} (request ${script.number}): ${detail}`
}

/** A value was saved, by a request of the same browser, and was not replaced before the reader began. */
function wrongValues({ visits, writes, at, oldInstances }: History): string[] {
  const writers = new Map(writes.filter(({ value }) => value !== undefined).map((write) => [`${write.place} ${write.value}`, write]))
  return visits.flatMap((visit) => {
    const family = sentFamily(visit)
    const { exchange } = visit
    if (family === undefined) return []
    return [...(visit.report?.seen ?? [])].flatMap(([place, value]) => {
      if (place === 'passport.user') return value === `u${exchange.browser}` ? [] : [report("another session's data", exchange, value)]
      const writer = writers.get(`${place} ${value}`)
      if (writer === undefined || writer.family !== family) return [report("another session's data", exchange, `${place} was ${value}`)]
      if (writer.outcome === 'no') return [report('dirty read', exchange, `${place} was ${value}, which was not saved`)]
      const next = at(family, place).find(
        (write) =>
          isAfter(write, writer) &&
          write.outcome === 'ok' &&
          write.exchange.ended < exchange.began &&
          !oldInstances.mayUndo(write, visit, writer),
      )
      if (next === undefined) return []
      const name = next.value === undefined ? 'deletion undone' : 'lost update'
      return [report(name, exchange, `${place} was ${value} after request ${next.exchange.script.number} had replaced it`)]
    })
  })
}

function isAfter(later: Write, earlier: Write): boolean {
  return earlier.exchange.ended < later.exchange.began
}

/** A place is absent only if a request deleted it, or none had set it. */
function lostUpdates({ visits, writes, at, oldInstances }: History): string[] {
  const byFamily = Map.groupBy(
    writes.filter(({ outcome, value }) => outcome === 'ok' && value !== undefined),
    ({ family }) => family,
  )
  return visits.flatMap((visit) => {
    const family = sentFamily(visit)
    const { exchange } = visit
    if (family === undefined) return []
    return (byFamily.get(family) ?? []).flatMap((write) => {
      if (write.exchange.ended >= exchange.began || visit.report?.seen.has(write.place) === true) return []
      const isDeleted = at(family, write.place).some(
        ({ value, outcome, exchange: other }) =>
          value === undefined && outcome !== 'no' && other.began < exchange.ended && other.ended > write.exchange.began,
      )
      const isExcused = isDeleted || oldInstances.mayUndo(write, visit)
      return isExcused ? [] : [report('lost update', exchange, `${write.place} of request ${write.exchange.script.number} was absent`)]
    })
  })
}

/** After the response to a `destroy` or `regenerate`, no request finds the session or saves in it. */
function usedAfterEnd({ visits, writes, oldInstances }: History): string[] {
  const ends = Map.groupBy(
    visits.filter((visit) => visit.report?.end === 'ok'),
    sentFamily,
  )
  const isOver = (family: string | undefined, visit: Visit): boolean =>
    family !== undefined &&
    (ends.get(family) ?? []).some((end) => end.exchange.ended < visit.exchange.began && !oldInstances.mayRevive(end, visit))
  const found = visits.filter((visit) => isOver(sentFamily(visit), visit))
  const saved = writes.filter(({ family, outcome, visit }) => outcome === 'ok' && isOver(family, visit)).map(({ visit }) => visit)
  return [...found, ...saved].map(({ exchange }) => report('used after its end', exchange, 'its session had ended'))
}

/** A session is found by the newest id that was issued for it, until a request ends it. */
function sessionsLost({ visits }: History): string[] {
  // A request whose id was just replaced by a login ends the session too.
  const others = Map.groupBy(visits, ({ exchange: { cookie } }) => (cookie === undefined ? undefined : familyOf(cookie)))
  return visits.flatMap(({ exchange, report: seen }) => {
    const { cookie, began, ended } = exchange
    if (cookie === undefined || seen === undefined || seen.exists) return []
    const issuer = visits.find((visit) => visit.exchange.setCookie === cookie)
    if (issuer?.exchange.code !== undefined || (issuer?.exchange.ended ?? Infinity) > began) return []
    const mayEnd = (others.get(familyOf(cookie)) ?? []).some(
      (visit) => visit !== issuer && visit.exchange.began < ended && (visit.report?.end !== undefined || changesUser(visit)),
    )
    return mayEnd ? [] : [report('session lost', exchange, `the session of ${issuer?.exchange.script.number} was not found`)]
  })
}

/** Its login has replaced the id. */
function changesUser({ report: seen, exchange: { setCookie } }: Visit): boolean {
  return setCookie !== undefined || seen?.units.some(({ changes }) => changes.has('passport.user')) === true
}

/** A new id is issued for a new session or a login that was saved, and for nothing else. */
function wrongCookies({ visits }: History): string[] {
  return visits.flatMap((visit) => {
    if (visit.isOld) return []
    // A change that the old store did not get fails the request, and no id is sent.
    if (visit.writesOldStore && visit.exchange.code !== undefined) return []
    const { exchange, report: seen } = visit
    if (seen === undefined) return []
    const { setCookie, setCookies } = exchange
    const units = seen.units.filter((unit) => outcome(unit, exchange) !== 'no')
    const saved = units.filter((unit) => outcome(unit, exchange) === 'ok')
    const begins = (unit: Unit): boolean => unit.fresh || sentFamily(visit) === undefined
    if (setCookies > 1) return [report('wrong cookie', exchange, `${setCookies} Set-Cookie headers`)]
    if (setCookie === undefined && saved.some((unit) => unit.changes.size > 0 && begins(unit) && (seen.end === undefined || unit.fresh)))
      return [report('wrong cookie', exchange, 'a new session was saved and its id not issued')]
    if (setCookie === undefined || setCookie === '' || seen.end !== undefined) return []
    const mayIssue = units.some((unit) => begins(unit) || unit.changes.has('passport.user'))
    return mayIssue ? [] : [report('wrong cookie', exchange, 'an id was issued without a new session or a login')]
  })
}

/** If the store works, a request fails only because its session ended. */
function noProgress({ visits }: History): string[] {
  return visits
    .filter(({ exchange: { code } }) => code !== undefined && code !== 'ERR_SESSION_ENDED')
    .map(({ exchange }) => report('no progress', exchange, `failed with ${exchange.code}`))
}
