import { describe, expect, it } from 'vitest'
import { check } from '../checks/checker.ts'
import { generateScenario } from '../scenario/generator.ts'
import { simulate } from '../simulation/simulate.ts'
import { MUTANTS, type Mutant, small } from './mutants.ts'

/** Enough for the rarest mutant, which shows itself in one seed of twenty. */
const MAX_SEEDS = 400

describe('the checker finds the flaw of', () => {
  it.each(MUTANTS)('$name', { timeout: 60_000 }, async (mutant) => {
    const { seed, found } = await firstSeed(mutant)
    expect(found, `${MAX_SEEDS} seeds without any of: ${mutant.anomalies.join(', ')}`).not.toEqual([])
    expect(seed).toBeLessThanOrEqual(MAX_SEEDS)
  })
})

describe('the checker accepts', () => {
  it('the small library without a flaw', { timeout: 60_000 }, async () => {
    for (let seed = 1; seed <= 200; seed++) {
      expect(check(await simulate(generateScenario(seed, { faults: false, resent: false }), small('none'))), `seed ${seed}`).toEqual([])
    }
  })

  it.each([['parallelLogins'], ['streams'], ['users'], ['renewals']])('its %s', { timeout: 60_000 }, async (feature) => {
    const options = { faults: false, resent: false, longWaits: false, [feature]: true }
    for (let seed = 1; seed <= 200; seed++)
      expect(check(await simulate(generateScenario(seed, options), small('none'))), `seed ${seed}`).toEqual([])
  })
})

/** Returns the first seed in which the checker finds an anomaly of this mutant. */
async function firstSeed({ options, fixture, anomalies: expected }: Mutant): Promise<{ seed: number; found: readonly string[] }> {
  for (let seed = 1; seed <= MAX_SEEDS; seed++) {
    const anomalies = check(await simulate(generateScenario(seed, options), fixture))
    const found = anomalies.map(({ name }) => name).filter((name) => expected.includes(name))
    if (found.length > 0) return { seed, found }
  }
  return { seed: MAX_SEEDS, found: [] }
}
