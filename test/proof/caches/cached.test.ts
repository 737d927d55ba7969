import { describe, expect, it } from 'vitest'
import { check } from '../checks/checker.ts'
import { generateScenario } from '../scenario/generator.ts'
import { CACHES, formatFailures, runSeeds, seedsFrom } from '../simulation/campaign.ts'
import { simulate } from '../simulation/simulate.ts'
import { sojournOnCaches } from './cached-fixtures.ts'

/** Different seeds every day. */
const TODAY = Math.floor(Date.now() / 86_400_000) * 1000

describe.each(CACHES)('the guarantee with a cache (%s)', (name) => {
  it.each([
    ['the first', 1],
    ["today's", TODAY],
  ])('holds for 60 seeds, starting with %s (%i)', { timeout: 120_000 }, async (_, first) => {
    const results = await runSeeds(`cached-${name}`, { seeds: seedsFrom(first, 60) })
    expect(formatFailures(results, `cached-${name}`)).toBe('')
    expect(results.responses['ok']).toBeGreaterThan(1500)
  })
})

describe('the checker', () => {
  it('finds stale reads of separate caches', { timeout: 120_000 }, async () => {
    const fixture = sojournOnCaches('each')
    const found: string[] = []
    for (let seed = 1; seed <= 30; seed++) {
      const history = await simulate(generateScenario(seed), async (context) => ({ ...(await fixture(context)), maxStale: 0 }))
      found.push(...check(history).map(({ name }) => name))
    }
    expect(found).toContain('stale read')
  })
})
