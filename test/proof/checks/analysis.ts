import { applyChanges, CLAIMABLE, EMPTY, forget, NAMES, type State, UNKNOWN } from '../model/model.ts'
import { type Exchange, familyOf, type History, type Script, type Unit } from './history.ts'
import { type LineageOf, makeLineageOf } from './id-lineage.ts'
import { additive, type IdState, idStateAfter, logsIn, UNKNOWN_IDS } from './id-state.ts'

/** A unit of changes with the request it belongs to. */
export interface PlacedUnit {
  readonly unit: Unit
  readonly exchange: Exchange
  /** The session it was committed to; `undefined` if it is not known from the response. */
  readonly family: string | undefined
  /** It created that session. */
  readonly startsSession: boolean
}

/** A request that found a session. */
export interface Observation {
  readonly exchange: Exchange
  readonly log: readonly number[]
  readonly data: Readonly<Record<string, unknown>>
  readonly expiresAt: number
}

/**
 * Everything known about one session. Every commit appends its number to the property `log`, so the
 * longest log that any request saw is the order of the commits.
 */
export interface SessionTimeline {
  readonly family: string
  readonly log: readonly number[]
  readonly observations: readonly Observation[]
  /** Requests that sent an id of this session. */
  readonly requests: readonly Exchange[]
  /**
   * The index in the log of the commit that created the session. Earlier entries were copied from
   * another session.
   */
  readonly start: number
  /** The state after each entry of the log. */
  readonly states: readonly State[]
  /** The valid ids after each entry of the log, as far as they are known from the responses. */
  readonly ids: readonly IdState[]
}

/** A history with the lookups that the checks share. */
export interface Analysis {
  readonly history: History
  readonly timelines: readonly SessionTimeline[]
  readonly byFamily: ReadonlyMap<string, SessionTimeline>
  /** By unit number. */
  readonly units: ReadonlyMap<number, PlacedUnit>
  readonly unitsByFamily: ReadonlyMap<string, readonly PlacedUnit[]>
  /** By request number. */
  readonly byRequest: ReadonlyMap<number, Exchange>
  /** The request that issued an id. */
  readonly issuers: ReadonlyMap<string, Exchange>
  readonly lineageOf: LineageOf
  /**
   * The position in the order of events before which every response must be visible to this
   * request: the start of the request, or an earlier one if reads may be stale.
   */
  readonly visibleBefore: (reader: Exchange) => number
}

export function analyze(history: History): Analysis {
  const placed = history.exchanges.flatMap(placedUnits)
  const units = new Map(placed.map((each) => [each.unit.id, each]))
  const byRequest = new Map(history.exchanges.map((exchange) => [exchange.script.number, exchange]))
  const requests = Map.groupBy(
    history.exchanges.filter(({ cookie }) => cookie !== undefined),
    ({ cookie }) => familyOf(cookie as string),
  )
  const issuers = new Map(
    history.exchanges.flatMap((exchange) => (exchange.setCookie === undefined ? [] : [[exchange.setCookie, exchange] as const])),
  )
  const lineageOf = makeLineageOf(issuers, history.rules)
  const timelines = [...requests].map(([family, exchanges]) => timelineOf(family, exchanges, { units, byRequest, lineageOf }))
  const unitsByFamily = Map.groupBy(
    [...units.values()].filter(({ family }) => family !== undefined),
    ({ family }) => family as string,
  )
  const byFamily = new Map(timelines.map((timeline) => [timeline.family, timeline]))
  return { history, timelines, byFamily, units, unitsByFamily, byRequest, issuers, lineageOf, visibleBefore: makeVisibleBefore(history) }
}

function makeVisibleBefore({ exchanges, rules: { maxStale } }: History): Analysis['visibleBefore'] {
  if (maxStale === 0) return ({ began }) => began
  const responses = exchanges.map(({ ended, endedAt }) => ({ position: ended, at: endedAt })).sort((a, b) => a.at - b.at)
  return function visibleBefore({ beganAt }) {
    const last = responses.findLast(({ at }) => at < beganAt - maxStale)
    return last === undefined ? 0 : last.position + 0.5
  }
}

function timelineOf(
  family: string,
  requests: readonly Exchange[],
  { units, byRequest, lineageOf }: Pick<Analysis, 'units' | 'byRequest' | 'lineageOf'>,
): SessionTimeline {
  const observations = requests.flatMap(observationOf)
  const log = observations.reduce<readonly number[]>((longest, { log: seen }) => (seen.length > longest.length ? seen : longest), [])
  const start = Math.max(
    0,
    log.findIndex((id) => units.get(id)?.startsSession === true && units.get(id)?.family === family),
  )
  const states: State[] = []
  const ids: IdState[] = []
  for (const [index, id] of log.entries()) {
    if (index < start) {
      states.push(EMPTY)
      ids.push(UNKNOWN_IDS)
      continue
    }
    const base = index === start ? baseState(start, units.get(id)) : (states[index - 1] as State)
    const before = index === start ? undefined : ids[index - 1]
    const hasRefused = log.slice(start, index).some((each) => units.get(each)?.unit.isRefused === true)
    const idState = idStateAfter(family, before, units.get(id), hasRefused ? UNKNOWN : base.data.get('userId'), lineageOf)
    const state = nextState(base, id, idState, { family, units, byRequest })
    ids.push(idState)
    // The session may have the user of the refused login that was joined, or again the one before it.
    states.push(hasRefused && idState.joined ? forget(state, ['userId']) : state)
  }
  return { family, log, observations, requests, start, states, ids }
}

function observationOf(exchange: Exchange): Observation[] {
  const { opened } = exchange.report ?? {}
  return opened?.exists === true ? [{ ...opened, exchange }] : []
}

/**
 * Assigns the units of a request to sessions. A request starts another session if it found none,
 * after a flush, and with some logins.
 */
function placedUnits(exchange: Exchange): PlacedUnit[] {
  const { cookie, setCookie, report } = exchange
  const issued = setCookie === undefined || setCookie === '' ? undefined : familyOf(setCookie)
  let family = cookie !== undefined && report?.opened?.exists === true ? familyOf(cookie) : undefined
  return (report?.units ?? []).map((unit) => {
    const starts = family === undefined || unit.fresh || (logsIn(unit) && issued !== undefined && issued !== family)
    if (starts) family = issued
    // A login that found no session and got an id of the session that its cookie names has joined it.
    const joins = cookie !== undefined && family === familyOf(cookie)
    return { unit, exchange, family, startsSession: starts && family !== undefined && !joins }
  })
}

/**
 * A login over another user's session starts from the data that its request read; any other start
 * from nothing.
 */
function baseState(start: number, placed: PlacedUnit | undefined): State {
  const opened = placed?.exchange.report?.opened
  if (start === 0 || opened === undefined) return EMPTY
  return { data: new Map(Object.entries(opened.data)), lastUser: 'another user' }
}

function nextState(
  state: State,
  id: number,
  ids: IdState,
  { family, units, byRequest }: Pick<Analysis, 'units' | 'byRequest'> & { readonly family: string },
): State {
  const placed = units.get(id)
  if (placed === undefined) return stateAfterUnknown(state, byRequest.get(Math.floor(id / 10))?.script)
  const isRefused = placed.unit.isRefused && !ids.joined
  if (isLateJoin(placed, family)) return forget(joined(state, placed), isRefused ? ['userId'] : [])
  return isRefused ? withdrawn(state, placed.unit, ids) : applyChanges(state, placed.unit.changes)
}

/**
 * A session whose login was refused after it was written gets back the user it had, unless the login
 * had joined the session.
 */
function withdrawn(state: State, { changes }: Unit, { others }: IdState): State {
  const after = applyChanges(
    state,
    changes.filter((change) => change.do !== 'login'),
  )
  return others === undefined ? forget(after, ['userId']) : after
}

/**
 * The request was killed before it could report: every property named in its script may have
 * changed.
 */
function stateAfterUnknown(state: State, script: Script | undefined): State {
  if (script === undefined || script.steps.some((step) => step.do === 'clear' || step.do === 'login' || step.do === 'flush'))
    return forget(state)
  const names = script.steps.flatMap((step) => ('name' in step && step.do !== 'claim' ? [step.name] : []))
  return forget(
    state,
    names.filter((name) => NAMES.includes(name)),
  )
}

/** The model keeps values that were claimed, so whether a claimable property was absent is not known. */
function joined(state: State, { unit }: PlacedUnit): State {
  const changes = additive(unit.changes)
  const isSet = changes.some((change) => change.do === 'setIfAbsent' && change.name === CLAIMABLE)
  const after = applyChanges(state, changes)
  return isSet && state.data.has(CLAIMABLE) ? forget(after, [CLAIMABLE]) : after
}

/** Whether these changes joined a session that their request did not see. */
function isLateJoin({ unit, exchange: { cookie, report } }: PlacedUnit, family: string): boolean {
  return cookie !== undefined && familyOf(cookie) === family && report?.opened?.exists === false && report.units[0] === unit && !unit.fresh
}
