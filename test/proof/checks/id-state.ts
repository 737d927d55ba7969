// The ids of a session that are valid after a commit. Parallel logins of one user share a session:
// each gets another id, and the ids before it stay valid for two minutes.

import type { PlacedUnit } from './analysis.ts'
import { type Change, familyOf, type Unit } from './history.ts'
import type { LineageOf } from './id-lineage.ts'

/** For so long after the session's login, a login with the id from before it may join. */
export const JOINABLE = 60_000
/** For so long all ids of a session are valid; then the first one that is used becomes the only one. */
export const SEVERAL_IDS = 120_000
const MAX_OTHERS = 3

export interface IdState {
  /** `undefined` if it is not known from the responses. */
  readonly newest: string | undefined
  /** Further valid ids, newest first; `undefined` if they are not known. */
  readonly others: readonly string[] | undefined
  /** The unit that gave the session its newest id. */
  readonly issuer: PlacedUnit | undefined
  /** The login that parallel logins may join, and the id that it replaced. */
  readonly login: { readonly replaced: string; readonly at: number } | 'none' | 'unknown'
  /** The issuer is a login that joined the session. */
  readonly joined: boolean
  /** The user of the session when it was joined. */
  readonly user: unknown
}

export const UNKNOWN_IDS: IdState = {
  newest: undefined,
  others: undefined,
  issuer: undefined,
  login: 'unknown',
  joined: false,
  user: undefined,
}

/** `before`: `undefined` if the unit started the session. */
export function idStateAfter(
  family: string,
  before: IdState | undefined,
  placed: PlacedUnit | undefined,
  user: unknown,
  lineageOf: LineageOf,
): IdState {
  if (placed === undefined) return UNKNOWN_IDS
  const { unit } = placed
  if (before !== undefined && !renewsId(unit)) return before
  const state = { newest: issuedId(family, placed), issuer: placed, joined: false, user }
  if (before === undefined) return { ...state, others: [], login: 'none' }
  if (!logsIn(unit) || changesUser(unit)) return { ...state, others: [], login: 'none' }
  const presented = presentedId(placed)
  if (presented === undefined || before.newest === undefined || before.others === undefined)
    return { ...state, others: undefined, login: 'unknown' }
  if (isValid(before, lineageOf(presented))) return { ...state, others: [], login: { replaced: presented, at: unit.at } }
  return { ...state, others: [before.newest, ...before.others].slice(0, MAX_OTHERS), login: before.login, joined: true }
}

/** Whether an id may be valid in this state: it, or one that it replaced because of its age. */
export function isValid({ newest, others }: IdState, lineage: readonly string[]): boolean {
  return newest === undefined || others === undefined || lineage.some((id) => id === newest || others.includes(id))
}

/** The changes of a request that saw no session, on the session that its login joined. */
export function additive(changes: readonly Change[]): Change[] {
  return changes.flatMap((change): Change[] => {
    if (change.do === 'set') return [{ ...change, do: 'setIfAbsent' }]
    return change.do === 'remove' || change.do === 'clear' ? [] : [change]
  })
}

function changesUser({ changes }: Unit): boolean {
  return changes.some((change) => change.do === 'cycle' || change.do === 'reauthenticate' || ('name' in change && change.name === 'userId'))
}

/** The id under which a unit was committed; `undefined` if an earlier unit of its request renewed it. */
function presentedId({ unit, exchange: { cookie, report } }: PlacedUnit): string | undefined {
  const { units = [] } = report ?? {}
  return units.slice(0, units.indexOf(unit)).some(renewsId) ? undefined : cookie
}

/** The id that a unit gave its session, if it is the last one of its request. */
function issuedId(family: string, { unit, exchange: { setCookie, report } }: PlacedUnit): string | undefined {
  const { units = [] } = report ?? {}
  const later = units.slice(units.indexOf(unit) + 1).some((each) => renewsId(each) && each.outcome !== 'no')
  return later || setCookie === undefined || familyOf(setCookie) !== family ? undefined : setCookie
}

/** Whether these changes may start another session. */
export function logsIn({ changes }: Unit): boolean {
  return changes.some((change) => change.do === 'login')
}

/** Whether these changes give the session a new id. */
export function renewsId({ changes }: Unit): boolean {
  return changes.some((change) => change.do === 'cycle' || change.do === 'reauthenticate' || change.do === 'login')
}
