import { describe, expect, it } from 'vitest'
import { type Caches, libraryOverCaches } from './cached-worlds.ts'
import { runAll, seedsFrom, told } from './campaign.ts'

/** Others every day. */
const TODAY = Math.floor(Date.now() / 86_400_000) * 1000

describe.each<[Caches, boolean]>([
  ['one', false],
  ['one', true],
  ['each', false],
  ['telling', false],
])('the guarantee with a cache: %s, in trouble: %s', (caches, ofCaches) => {
  it.each([
    ['the first', 1],
    ["today's", TODAY],
  ])('holds in 60 seeds from %s (%i)', { timeout: 120_000 }, async (_, first) => {
    const tally = await runAll(libraryOverCaches(caches, { ofCaches }), seedsFrom(first, 60), () => undefined)
    expect(told(tally, 'memory')).toBe('')
    expect(tally.answers['ok']).toBeGreaterThan(1500)
  })
})

describe('the checker', () => {
  it('sees that caches of their own are behind', { timeout: 120_000 }, async () => {
    const world = libraryOverCaches('each', { ofCaches: false })
    const tally = await runAll(
      async (tools) => ({ ...(await world(tools)), maxStale: 0 }),
      seedsFrom(1, 30),
      () => undefined,
    )
    expect(tally.failed.flatMap(({ anomalies }) => anomalies.map(({ name }) => name))).toContain('stale read')
  })
})
