import { after, blurred, EMPTY, NAMES, type State } from '../model/model.ts'
import { type Exchange, familyOf, type History, type Script, type Unit } from './history.ts'

/** A unit of changes with the request it belongs to. */
export interface Placed {
  readonly unit: Unit
  readonly exchange: Exchange
  /** The family it went to; `undefined` where nobody was told. */
  readonly home: string | undefined
  /** It started that family. */
  readonly born: boolean
}

/** A request that saw a living session. */
export interface Reading {
  readonly exchange: Exchange
  readonly log: readonly number[]
  readonly data: Readonly<Record<string, unknown>>
  readonly expiresAt: number
}

/**
 * All that is known of one session: since every commit puts its mark at the end of one property, the longest log that anyone saw is its
 * history.
 */
export interface Chain {
  readonly family: string
  readonly log: readonly number[]
  readonly readings: readonly Reading[]
  /** Requests that came with an id of this session. */
  readonly visits: readonly Exchange[]
  /** Where the session itself begins in the log; before it stands what it was laid on. */
  readonly birth: number
  /** States after each mark of the log. */
  readonly states: readonly State[]
  /** The id that is alive after each mark; `undefined` where nobody was told. */
  readonly ids: readonly (string | undefined)[]
}

export interface Chains {
  readonly history: History
  readonly all: readonly Chain[]
  readonly of: ReadonlyMap<string, Chain>
  readonly units: ReadonlyMap<number, Placed>
  /** The same by the family they went to. */
  readonly homes: ReadonlyMap<string, readonly Placed[]>
  readonly scripts: ReadonlyMap<number, Exchange>
  /** Requests by the id they were given. */
  readonly givers: ReadonlyMap<string, Exchange>
  /** What had been answered before this place in the order of events a request had to see: where it began, unless reads may be old. */
  readonly asOf: (reader: Exchange) => number
}

export function chainsOf(history: History): Chains {
  const units = new Map<number, Placed>()
  const scripts = new Map<number, Exchange>()
  for (const exchange of history.exchanges) {
    scripts.set(exchange.script.number, exchange)
    for (const placed of placedUnits(exchange)) units.set(placed.unit.mark, placed)
  }
  const visits = Map.groupBy(
    history.exchanges.filter(({ cookie }) => cookie !== undefined),
    ({ cookie }) => familyOf(cookie as string),
  )
  const all = [...visits].map(([family, exchanges]) => chainOf(family, exchanges, units, scripts))
  const homes = Map.groupBy(
    [...units.values()].filter(({ home }) => home !== undefined),
    ({ home }) => home as string,
  )
  const givers = new Map(
    history.exchanges.flatMap((exchange) => (exchange.setCookie === undefined ? [] : [[exchange.setCookie, exchange] as const])),
  )
  return { history, all, units, homes, scripts, givers, of: new Map(all.map((chain) => [chain.family, chain])), asOf: asOf(history) }
}

function asOf({ exchanges, rules: { maxStale } }: History): Chains['asOf'] {
  if (maxStale === 0) return ({ began }) => began
  const answers = exchanges.map(({ ended, endedAt }) => ({ place: ended, at: endedAt })).sort((a, b) => a.at - b.at)
  return function place({ beganAt }) {
    const last = answers.findLast(({ at }) => at < beganAt - maxStale)
    return last === undefined ? 0 : last.place + 0.5
  }
}

function chainOf(family: string, visits: readonly Exchange[], units: Chains['units'], scripts: Chains['scripts']): Chain {
  const readings = visits.flatMap(readingOf)
  const log = readings.reduce<readonly number[]>((longest, reading) => (reading.log.length > longest.length ? reading.log : longest), [])
  const birth = Math.max(
    0,
    log.findIndex((mark) => units.get(mark)?.born === true && units.get(mark)?.home === family),
  )
  const states: State[] = []
  const ids: (string | undefined)[] = []
  for (const [index, mark] of log.entries()) {
    const base = index === birth ? laidOn(birth, units.get(mark)) : (states[index - 1] as State)
    states.push(index < birth ? EMPTY : next(base, mark, units, scripts))
    ids.push(index < birth ? undefined : idAfter(family, ids[index - 1], units.get(mark), index === birth))
  }
  return { family, log, readings, visits, birth, states, ids }
}

function readingOf(exchange: Exchange): Reading[] {
  const { opened } = exchange.report ?? {}
  return opened?.live === true ? [{ ...opened, exchange }] : []
}

/** Follows a request from session to session: it starts another one where it found none, after a flush, and by some logins. */
function placedUnits(exchange: Exchange): Placed[] {
  const { cookie, setCookie, report } = exchange
  const given = setCookie === undefined || setCookie === '' ? undefined : familyOf(setCookie)
  let home = cookie !== undefined && report?.opened?.live === true ? familyOf(cookie) : undefined
  return (report?.units ?? []).map((unit) => {
    const starts = home === undefined || unit.fresh || (logsIn(unit) && given !== undefined && given !== home)
    if (starts) home = given
    return { unit, exchange, home, born: starts && home !== undefined }
  })
}

/** A login over another user's session is laid on what was seen of it; every other start on nothing. */
function laidOn(birth: number, placed: Placed | undefined): State {
  const opened = placed?.exchange.report?.opened
  if (birth === 0 || opened === undefined) return EMPTY
  return { data: new Map(Object.entries(opened.data)), lastUser: 'somebody else' }
}

function next(state: State, mark: number, units: Chains['units'], scripts: Chains['scripts']): State {
  const placed = units.get(mark)
  return placed === undefined ? guess(state, scripts.get(Math.floor(mark / 10))?.script) : after(state, placed.unit.changes)
}

/** What a request did that was killed before it could tell: whatever its script names may have changed. */
function guess(state: State, script: Script | undefined): State {
  if (script === undefined || script.steps.some((step) => step.do === 'clear' || step.do === 'login' || step.do === 'flush'))
    return blurred(state)
  const names = script.steps.flatMap((step) => ('name' in step && step.do !== 'claim' ? [step.name] : []))
  return blurred(
    state,
    names.filter((name) => NAMES.includes(name)),
  )
}

function idAfter(family: string, before: string | undefined, placed: Placed | undefined, birth: boolean): string | undefined {
  if (placed === undefined) return undefined
  if (!birth && !renewsId(placed.unit)) return before
  const { units = [] } = placed.exchange.report ?? {}
  const later = units.slice(units.indexOf(placed.unit) + 1).some((unit) => renewsId(unit) && unit.outcome !== 'no')
  const { setCookie } = placed.exchange
  return later || setCookie === undefined || familyOf(setCookie) !== family ? undefined : setCookie
}

/** Whether these changes may start another session. */
export function logsIn({ changes }: Unit): boolean {
  return changes.some((change) => change.do === 'login')
}

/** Whether these changes give the session a new id. */
export function renewsId({ changes }: Unit): boolean {
  return changes.some((change) => change.do === 'cycle' || change.do === 'login')
}
