import type { Random } from '../proof/scenario/random.ts'

/** One thing that can happen next in a run. */
export interface Action {
  readonly name: string
  readonly run: () => void
}

/** A run that behaves in the same way whenever the same actions are chosen. */
export interface Simulation {
  /** Resolves once nothing happens without a choice. */
  settle(): Promise<void>
  /** What can happen next; empty at the end of the run. */
  actions(): readonly Action[]
  /** A text that is equal for two states from which the same can happen. */
  state(): string
  /** What is wrong at the end of the run. */
  problems(): Promise<readonly string[]>
}

/** A run has about 30 actions. */
const MAX_ACTIONS = 200

/** What was found in all orders of actions. */
export interface Found {
  /** How many different states there are. */
  readonly states: number
  /** The problems, each with the actions that lead to it. */
  readonly problems: ReadonlyMap<string, readonly string[]>
}

/**
 * Runs a simulation with every possible order of its actions. A run ends early in a state that
 * another run has been in. `first` ends the search at the first problem.
 */
export async function everyOrder(
  start: () => Promise<Simulation>,
  { first = false, max = 100_000 }: { readonly first?: boolean; readonly max?: number } = {},
): Promise<Found> {
  const visited = new Set<string>()
  const problems = new Map<string, readonly string[]>()
  const prefixes: number[][] = [[]]
  for (let prefix = prefixes.pop(); prefix !== undefined; prefix = prefixes.pop()) {
    const simulation = await start()
    const names: string[] = []
    await simulation.settle()
    for (let taken: number[] = []; ; ) {
      const actions = simulation.actions()
      if (taken.length >= prefix.length) {
        const state = simulation.state()
        if (visited.has(state)) break
        visited.add(state)
        if (visited.size > max) throw new Error(`there are more than ${max} states`)
        for (let other = actions.length - 1; other > 0; other--) prefixes.push([...taken, other])
      }
      const choice = prefix[taken.length] ?? 0
      const action = actions[choice]
      if (taken.length > MAX_ACTIONS) problems.set('the run does not end', names)
      if (taken.length > MAX_ACTIONS) break
      if (action === undefined) {
        for (const problem of await simulation.problems()) problems.set(problem, names)
        break
      }
      names.push(action.name)
      action.run()
      taken = [...taken, choice]
      await simulation.settle()
    }
    if (first && problems.size > 0) break
  }
  return { states: visited.size, problems }
}

/** Runs a simulation once in a random order. Returns the problems, each with the actions that lead to it. */
export async function randomOrder(start: () => Promise<Simulation>, random: Random): Promise<Found['problems']> {
  const simulation = await start()
  const names: string[] = []
  for (;;) {
    await simulation.settle()
    const actions = simulation.actions()
    if (actions.length === 0 || names.length > MAX_ACTIONS) break
    const action = random.pick(actions)
    names.push(action.name)
    action.run()
  }
  const problems = names.length > MAX_ACTIONS ? ['the run does not end'] : await simulation.problems()
  return new Map(problems.map((problem) => [problem, names]))
}
