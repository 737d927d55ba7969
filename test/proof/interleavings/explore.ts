import { Random } from '../scenario/random.ts'

/** The choices of one run. Each choice is one of the options that the run has at that time. */
export interface Choices {
  /** Returns one of the options. */
  pick<T>(options: readonly T[]): T
}

/** A run that makes the same choices whenever it gets the same answers. */
export type Run = (choices: Choices) => Promise<void>

/**
 * Repeats a run with every possible sequence of choices, at most `max` times. Returns the number of
 * runs, or `undefined` when there are more sequences.
 */
export async function exploreAll(run: Run, max: number): Promise<number | undefined> {
  let prefix: readonly number[] | undefined = []
  for (let runs = 0; runs < max; runs++) {
    const made: { choice: number; options: number }[] = []
    const given: readonly number[] = prefix
    await run({
      pick(options) {
        const choice = given[made.length] ?? 0
        made.push({ choice, options: options.length })
        return options[choice] as (typeof options)[number]
      },
    })
    prefix = nextPrefix(made)
    if (prefix === undefined) return runs + 1
  }
  return undefined
}

/** The next sequence of choices in lexical order, `undefined` after the last one. */
function nextPrefix(made: readonly { readonly choice: number; readonly options: number }[]): number[] | undefined {
  const last = made.findLastIndex(({ choice, options }) => choice + 1 < options)
  if (last === -1) return undefined
  return [...made.slice(0, last), { choice: (made[last]?.choice ?? 0) + 1 }].map(({ choice }) => choice)
}

/** Random choices, the same ones for the same seed. */
export function randomChoices(seed: number): Choices {
  const random = new Random(seed)
  return { pick: (options) => random.pick(options) }
}
