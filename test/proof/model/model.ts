import type { Change } from '../checks/history.ts'

/** Stands for a value nobody can know: the request that may have written it was killed before it could tell. */
export const ANY: unique symbol = Symbol('any value, or none')

/** What a session holds, with the user who was removed last: what the next login finds is still that user's data. */
export interface State {
  readonly data: ReadonlyMap<string, unknown>
  readonly lastUser: unknown
}

export const EMPTY: State = { data: new Map(), lastUser: undefined }

/** The whole meaning of the verbs, in a second hand: the model that the library is compared with. */
export function after(state: State, changes: readonly Change[]): State {
  return changes.reduce(apply, state)
}

function apply(state: State, change: Change): State {
  const data = new Map(state.data)
  switch (change.do) {
    case 'set':
      return { ...state, data: data.set(change.name, change.value) }
    case 'fill':
      if (data.get(change.name) === ANY || data.has(change.name)) return state
      return { ...state, data: data.set(change.name, change.value) }
    case 'add':
      return { ...state, data: data.set(change.name, sum(data.get(change.name))) }
    case 'remove':
      return removed(state, data, change.name)
    case 'clear':
      return EMPTY
    case 'cycle':
      return state
    case 'login':
      return loggedIn(state, change.user)
  }
}

function sum(current: unknown): unknown {
  return current === ANY ? ANY : Number(current ?? 0) + 1
}

function removed(state: State, data: Map<string, unknown>, name: string): State {
  const value = data.get(name)
  data.delete(name)
  return name === 'userId' && value !== undefined ? { data, lastUser: value } : { ...state, data }
}

function loggedIn(state: State, user: string): State {
  const before = state.data.get('userId') ?? state.lastUser
  // Whoever was there may have been another user: then nothing of the rest is certain.
  const kept = before === ANY ? blurred(state).data : before === undefined || before === user ? state.data : EMPTY.data
  return { data: new Map(kept).set('userId', user), lastUser: undefined }
}

/** A state of which nothing is known any more. */
export function blurred(state: State, names: Iterable<string> = NAMES): State {
  const data = new Map(state.data)
  for (const name of names) data.set(name, ANY)
  return { data, lastUser: data.get('userId') === ANY ? ANY : state.lastUser }
}

/** All names the generator uses. */
export const NAMES: readonly string[] = ['a', 'b', 'c', 'box', 'first', 'count', 'ticket', 'userId']
