// All interleavings of the steps of logins and a revocation, in a model without a store: every order
// in which the steps can happen is tried. The design leaves no login that began before the revocation;
// each broken variant leaves some.
import { describe, expect, it } from 'vitest'

interface State {
  mark: boolean
  readonly sessions: Set<string>
  /** The sessions whose ids were sent. */
  readonly sent: Set<string>
  readonly seen: Map<string, readonly string[]>
}

type Step = (state: State) => 'stop' | undefined | void
type Steps = readonly Step[]

const write =
  (name: string): Step =>
  ({ sessions }) =>
    void sessions.add(name)
const send =
  (name: string): Step =>
  ({ sent }) =>
    void sent.add(name)
const check =
  (name: string): Step =>
  ({ mark, sessions }) => {
    if (!mark) return undefined
    sessions.delete(name)
    return 'stop'
  }

/** Deletes the sessions that were listed before, one by one, as Redis does. */
const list: Step = ({ seen, sessions }) => void seen.set('revocation', [...sessions])
const remove =
  (at: number): Step =>
  ({ seen, sessions }) =>
    void sessions.delete(seen.get('revocation')?.[at] ?? '')
const mark: Step = (state) => {
  state.mark = true
}

const LOGINS: Readonly<Record<string, (name: string) => Steps>> = {
  'write, then check': (name) => [check(name), write(name), check(name), send(name)],
  'check, then write': (name) => [check(name), write(name), send(name)],
}
const REVOCATIONS: Readonly<Record<string, Steps>> = {
  'mark, then delete': [mark, list, remove(0), remove(1)],
  'delete, then mark': [list, remove(0), remove(1), mark],
}

/** Calls `done` with the final state of every interleaving; returns their number. */
function interleave(all: readonly Steps[], done: (state: State) => void): number {
  const at = all.map(() => 0)
  const order: number[] = []
  let count = 0
  const replay = (): void => {
    const state: State = { mark: false, sessions: new Set(), sent: new Set(), seen: new Map() }
    const next = all.map(() => 0)
    const stopped = new Set<number>()
    for (const actor of order) {
      const step = all[actor]?.[next[actor] ?? 0]
      next[actor] = (next[actor] ?? 0) + 1
      if (!stopped.has(actor) && step?.(state) === 'stop') stopped.add(actor)
    }
    count++
    done(state)
  }
  const extend = (): void => {
    const ready = all.flatMap((steps, actor) => ((at[actor] ?? 0) < steps.length ? [actor] : []))
    if (ready.length === 0) return replay()
    for (const actor of ready) {
      at[actor] = (at[actor] ?? 0) + 1
      order.push(actor)
      extend()
      order.pop()
      at[actor] = (at[actor] ?? 0) - 1
    }
  }
  extend()
  return count
}

/** In how many interleavings a login that began before the revocation survives with its id sent. */
function survivals(login: string, revocation: string): { readonly of: number; readonly survived: number } {
  let survived = 0
  const logins = ['a', 'b'].map((name) => LOGINS[login]?.(name) ?? [])
  const of = interleave([...logins, REVOCATIONS[revocation] ?? []], ({ sessions, sent }) => {
    survived += Number([...sent].some((name) => sessions.has(name)))
  })
  return { of, survived }
}

describe('two logins next to a revocation, in all orders of their steps', () => {
  it('write, then check; mark, then delete: none survives', () => {
    const { of, survived } = survivals('write, then check', 'mark, then delete')
    expect(of).toBeGreaterThan(30_000)
    expect(survived).toBe(0)
  })

  it.each([
    ['check, then write', 'mark, then delete'],
    ['write, then check', 'delete, then mark'],
  ])('%s; %s: some survive (broken on purpose)', (login, revocation) => {
    expect(survivals(login, revocation).survived).toBeGreaterThan(0)
  })
})
