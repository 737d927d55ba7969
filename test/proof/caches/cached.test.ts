import { describe, expect, it } from 'vitest'
import { check } from '../checks/checker.ts'
import { CACHES, campaign, seedsFrom, told } from '../simulation/campaign.ts'
import { scenario } from '../simulation/generator.ts'
import { simulate } from '../simulation/simulate.ts'
import { libraryOverCaches } from './cached-fixtures.ts'

/** Different seeds every day. */
const TODAY = Math.floor(Date.now() / 86_400_000) * 1000

describe.each(CACHES)('the guarantee with a cache (%s)', (name) => {
  it.each([
    ['the first', 1],
    ["today's", TODAY],
  ])('holds in 60 seeds from %s (%i)', { timeout: 120_000 }, async (_, first) => {
    const tally = await campaign(`cached-${name}`, seedsFrom(first, 60))
    expect(told(tally, `cached-${name}`)).toBe('')
    expect(tally.answers['ok']).toBeGreaterThan(1500)
  })
})

describe('the checker', () => {
  it('detects stale reads with private caches', { timeout: 120_000 }, async () => {
    const world = libraryOverCaches('each')
    const found: string[] = []
    for (let seed = 1; seed <= 30; seed++) {
      const history = await simulate(scenario(seed), async (tools) => ({ ...(await world(tools)), maxStale: 0 }))
      found.push(...check(history).map(({ name }) => name))
    }
    expect(found).toContain('stale read')
  })
})
