import type { Change } from '../checks/history.ts'

/**
 * A value that is not known, because the request that may have written it was killed before it
 * could report.
 */
export const UNKNOWN: unique symbol = Symbol('unknown, or absent')

/**
 * The data of a session, and the user who was removed last: at the next login the data still
 * belongs to that user.
 */
export interface State {
  readonly data: ReadonlyMap<string, unknown>
  readonly lastUser: unknown
}

export const EMPTY: State = { data: new Map(), lastUser: undefined }

/**
 * The complete semantics of the verbs, implemented independently of the library that is compared
 * with it.
 */
export function applyChanges(state: State, changes: readonly Change[]): State {
  return changes.reduce(apply, state)
}

function apply(state: State, change: Change): State {
  const data = new Map(state.data)
  switch (change.do) {
    case 'set':
      return { ...state, data: data.set(change.name, change.value) }
    case 'setIfAbsent':
      if (data.get(change.name) === UNKNOWN || data.has(change.name)) return state
      return { ...state, data: data.set(change.name, change.value) }
    case 'add':
      return { ...state, data: data.set(change.name, sum(data.get(change.name))) }
    case 'remove':
      return removed(state, data, change.name)
    case 'clear':
      return EMPTY
    case 'cycle':
    case 'reauthenticate':
      return state
    case 'login':
      return loggedIn(state, change.user)
  }
}

function sum(current: unknown): unknown {
  return current === UNKNOWN ? UNKNOWN : Number(current ?? 0) + 1
}

function removed(state: State, data: Map<string, unknown>, name: string): State {
  const value = data.get(name)
  data.delete(name)
  return name === 'userId' && value !== undefined ? { data, lastUser: value } : { ...state, data }
}

function loggedIn(state: State, user: string): State {
  const before = state.data.get('userId') ?? state.lastUser
  // The previous user may have been another one, so no other property is certain.
  const kept = before === UNKNOWN ? forget(state).data : before === undefined || before === user ? state.data : EMPTY.data
  return { data: new Map(kept).set('userId', user), lastUser: undefined }
}

/** Returns a state in which the given properties are unknown. */
export function forget(state: State, names: Iterable<string> = NAMES): State {
  const data = new Map(state.data)
  for (const name of names) data.set(name, UNKNOWN)
  return { data, lastUser: data.get('userId') === UNKNOWN ? UNKNOWN : state.lastUser }
}

/** The only name that the generator claims. */
export const CLAIMABLE = 'ticket'

/** All names that the generator uses. */
export const NAMES: readonly string[] = ['a', 'b', 'c', 'box', 'first', 'count', 'ticket', 'userId']
