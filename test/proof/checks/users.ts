// The sessions of users: revocations, the limit of sessions, and reauthentication.

import { applyChanges } from '../model/model.ts'
import type { Analysis, Observation, PlacedUnit, SessionTimeline } from './analysis.ts'
import { type Anomaly, anomaly, anomalyIf } from './anomaly.ts'
import { type Exchange, familyOf, type Outcome } from './history.ts'

/** A call that ends the sessions of a user, or a login or reauthentication that ends the others. */
interface PlacedRevocation {
  readonly user: string
  /** The session that is spared. */
  readonly except: string | undefined
  readonly outcome: Outcome
  /** When it began, by the simulation's clock. */
  readonly at: number
  readonly exchange: Exchange
}

/** A session that a request saw as that of a user, and the login by which it became that. */
interface Sighting {
  readonly family: string
  readonly observation: Observation
  readonly login: PlacedUnit
}

/**
 * After the response to a revocation no request sees a session of the user whose login was
 * acknowledged before the revocation began, or whose user authenticated before that: when the
 * request of the login was opened.
 */
export function survivedRevocation(analysis: Analysis): Anomaly[] {
  const { skew } = analysis.history.rules
  return revocationsOf(analysis).flatMap(({ user, except, outcome, at, exchange }) => {
    if (outcome !== 'ok') return []
    const survivors = sightingsOf(user, analysis).filter(({ family, observation, login }) => {
      if (family === except || analysis.visibleBefore(observation.exchange) <= exchange.ended) return false
      return login.exchange.endedAt < at || openedAt(login) < at - skew
    })
    return survivors.map(({ observation, login }) =>
      anomaly('survived a revocation', observation.exchange, `saw login ${login.unit.id}, which request ${exchange.script.number} revoked`),
    )
  })
}

/**
 * While no login of a user is running, no more sessions of the user can be used than the limit
 * allows.
 */
export function oneTooMany(analysis: Analysis): Anomaly[] {
  const { limit } = analysis.history.rules
  if (limit === undefined) return []
  return USERS.flatMap((user) => {
    const logins = loginsOf(user, analysis)
    const sightings = sightingsOf(user, analysis)
    const pauses = logins.filter(({ ended }) => !logins.some((each) => each.began < ended && each.ended > ended))
    return pauses.flatMap(({ ended: pause }) => {
      const seen = sightings.filter(
        ({ observation, login }) => login.exchange.ended <= pause && analysis.visibleBefore(observation.exchange) > pause,
      )
      const families = new Map(seen.map((each) => [each.family, each]))
      const last = [...families.values()].at(-1)
      return anomalyIf(families.size > limit, () =>
        anomaly('one too many', last?.observation.exchange, `${families.size} sessions of ${user}, and ${limit} are allowed`),
      )
    })
  })
}

/**
 * A login is refused only because of a revocation that began after its user authenticated, or
 * because of other logins, or a flush of its session, that ran at the same time.
 */
export function wrongRefusal(analysis: Analysis): Anomaly[] {
  const { skew, faults, limit } = analysis.history.rules
  return [...analysis.units.values()].flatMap(({ unit, exchange }) => {
    const login = unit.changes.findLast((change) => change.do === 'login')
    if (!unit.isRefused || login === undefined) return []
    const { user } = login as { readonly user: string }
    const isRevoked = revocationsOf(analysis).some(
      (each) => each.user === user && each.exchange.began < exchange.ended && each.exchange.endedAt + skew >= exchange.beganAt,
    )
    const overlaps = (each: Exchange): boolean =>
      each !== exchange && (faults || each.ended > exchange.began) && each.began < exchange.ended
    const isLimited = exchange.reason !== 'revoked' && limit !== undefined && loginsOf(user, analysis).some(overlaps)
    const isEnded = exchange.reason === 'ended' && isEndedByOther(exchange, analysis, overlaps)
    return anomalyIf(!isRevoked && !isLimited && !isEnded, () =>
      anomaly('wrong refusal', exchange, `login ${unit.id} was refused (${exchange.reason}) without a revocation or another login`),
    )
  })
}

/** A flush, or a login of another user, in the same session. */
function isEndedByOther({ cookie = '' }: Exchange, { byFamily }: Analysis, overlaps: (other: Exchange) => boolean): boolean {
  const { requests = [] } = byFamily.get(familyOf(cookie)) ?? {}
  return requests.some((each) => overlaps(each) && each.script.steps.some((step) => step.do === 'flush' || step.do === 'login'))
}

/** A reauthentication is committed only to a session of the user who authenticated again. */
export function wrongReauthentication({ timelines, units }: Analysis): Anomaly[] {
  return timelines.flatMap(({ log, states, start }) =>
    log.slice(start).flatMap((id, index) => {
      const { unit, exchange } = units.get(id) ?? {}
      const changes = unit?.changes ?? []
      const at = changes.findIndex((change) => change.do === 'reauthenticate')
      if (at === -1) return []
      const before = states[start + index - 1]
      const user = before === undefined ? undefined : applyChanges(before, changes.slice(0, at)).data.get('userId')
      const wanted = (changes[at] as { readonly user: string }).user
      return anomalyIf(typeof user !== 'symbol' && user !== wanted, () =>
        anomaly('wrong reauthentication', exchange, `${id} confirmed ${wanted} in a session of ${String(user)}`),
      )
    }),
  )
}

/** Whether a revocation, or newer logins beyond the limit, may have ended a session before a request did. */
export function mayHaveLostUser({ family }: SessionTimeline, reader: Exchange, analysis: Analysis): boolean {
  const placed = [...(analysis.unitsByFamily.get(family) ?? [])].filter(({ unit }) => unit.outcome !== 'no')
  return USERS.some((user) => {
    const logins = placed.filter((each) => each.exchange.began < reader.ended && logsInAs(each, user))
    return isRevokedBefore(reader, family, user, logins, analysis) || isBeyondLimit(reader, family, user, logins, analysis)
  })
}

const USERS: readonly string[] = ['anna', 'ben']

function isRevokedBefore(reader: Exchange, family: string, user: string, logins: readonly PlacedUnit[], analysis: Analysis): boolean {
  const { faults } = analysis.history.rules
  return revocationsOf(analysis).some((each) => {
    if (each.user !== user || each.except === family || each.exchange.began > reader.ended) return false
    const end = faults ? Infinity : each.exchange.ended
    return logins.some(({ exchange }) => exchange.began < end)
  })
}

/** Whether so many other logins may be newer than the newest one of a session. */
function isBeyondLimit(reader: Exchange, family: string, user: string, logins: readonly PlacedUnit[], analysis: Analysis): boolean {
  const { limit, skew, faults } = analysis.history.rules
  if (limit === undefined) return false
  const newest = Math.max(...logins.map(({ exchange }) => exchange.beganAt))
  const own = new Set(logins.map(({ exchange }) => exchange))
  const newer = loginsOf(user, analysis).filter(
    (each) => !own.has(each) && each.began < reader.ended && (faults || each.endedAt + 2 * skew >= newest),
  )
  return newer.length >= limit
}

function revocationsOf(analysis: Analysis): readonly PlacedRevocation[] {
  const known = REVOCATIONS.get(analysis)
  if (known !== undefined) return known
  const found = [...analysis.history.exchanges.flatMap(explicitRevocations), ...[...analysis.units.values()].flatMap(impliedRevocations)]
  REVOCATIONS.set(analysis, found)
  return found
}

const REVOCATIONS = new WeakMap<Analysis, readonly PlacedRevocation[]>()

function explicitRevocations(exchange: Exchange): PlacedRevocation[] {
  const { cookie, report } = exchange
  return (report?.revocations ?? []).map(({ user, excepts, outcome, at }) => {
    return { user, outcome, at, exchange, except: excepts && cookie !== undefined ? familyOf(cookie) : undefined }
  })
}

function impliedRevocations({ unit, exchange, family }: PlacedUnit): PlacedRevocation[] {
  return unit.changes.flatMap((change) => {
    if (!('revokeOthers' in change) || !change.revokeOthers) return []
    return [{ user: change.user, outcome: unit.isRefused ? 'unknown' : unit.outcome, at: unit.at, exchange, except: family }]
  })
}

/** Requests that log this user in, or confirm it, which makes its session the newest one. */
function loginsOf(user: string, { history }: Analysis): readonly Exchange[] {
  return history.exchanges.filter(({ script }) =>
    script.steps.some((step) => step.do === 'reauthenticate' || (step.do === 'login' && step.user === user)),
  )
}

function sightingsOf(user: string, { timelines, units }: Analysis): Sighting[] {
  return timelines.flatMap(({ family, observations }) =>
    observations.flatMap((observation) => {
      if (observation.data['userId'] !== user) return []
      const login = observation.log
        .map((id) => units.get(id))
        .findLast((placed) => placed !== undefined && !placed.unit.isRefused && logsInAs(placed, user))
      return login === undefined ? [] : [{ family, observation, login }]
    }),
  )
}

function logsInAs({ unit }: PlacedUnit, user: string): boolean {
  return unit.changes.some((change) => change.do === 'login' && change.user === user)
}

function openedAt({ exchange }: PlacedUnit): number {
  return exchange.report?.openedAt ?? Infinity
}
