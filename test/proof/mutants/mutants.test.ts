import { describe, expect, it } from 'vitest'
import { check } from '../checks/checker.ts'
import { scenario } from '../scenario/generator.ts'
import { simulate } from '../simulation/simulate.ts'
import { MUTANTS, type Mutant, small } from './mutants.ts'

/** Enough for the rare ones: the rarest shows itself in one seed of twenty. */
const MOST_SEEDS = 400

describe('a broken library does not pass the checker', () => {
  it.each(MUTANTS)('$name', { timeout: 60_000 }, async (mutant) => {
    const { seed, found } = await firstSeed(mutant)
    expect(found, `${MOST_SEEDS} seeds and not one of: ${mutant.shows.join(', ')}`).not.toEqual([])
    expect(seed).toBeLessThanOrEqual(MOST_SEEDS)
  })
})

describe('a sound one does', () => {
  it('the small one, without the flaws that its mutants have', { timeout: 60_000 }, async () => {
    for (let seed = 1; seed <= 200; seed++) {
      expect(check(await simulate(scenario(seed, { faults: false, resent: false }), small('none'))), `seed ${seed}`).toEqual([])
    }
  })
})

/** The first seed in which the checker sees what this mutant is about. */
async function firstSeed({ choice, world, shows }: Mutant): Promise<{ seed: number; found: readonly string[] }> {
  for (let seed = 1; seed <= MOST_SEEDS; seed++) {
    const anomalies = check(await simulate(scenario(seed, choice), world))
    const found = anomalies.map(({ name }) => name).filter((name) => shows.includes(name))
    if (found.length > 0) return { seed, found }
  }
  return { seed: MOST_SEEDS, found: [] }
}
