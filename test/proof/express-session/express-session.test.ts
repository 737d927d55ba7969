import { describe, expect, it } from 'vitest'
import * as broken from '../mutants/broken-stores.ts'
import { seedsFrom } from '../simulation/campaign.ts'
import { type Conditions, dropIn, formatFailures, type MakeProcesses, original, runSeeds } from './runs.ts'

/** Different seeds every day, and the same ones all day. */
const TODAY = Math.floor(Date.now() / 86_400_000) * 10_000
const NO_FAULTS: Conditions = { faults: false, resent: false }

describe('seeded runs of sojourn/express-session', () => {
  it.each([
    ['the first', 1],
    ["today's", TODAY],
  ])('60 seeds from %s (%i) are clean, with faults of the store and without', { timeout: 120_000 }, async (_, first) => {
    for (const conditions of [{}, NO_FAULTS]) {
      const results = await runSeeds(seedsFrom(first, 60), dropIn(), conditions)
      expect(formatFailures(results)).toBe('')
      expect(results.responses['ok']).toBeGreaterThan(1800)
    }
  })
})

describe('the checks of req.session find', () => {
  it.each<[string, MakeProcesses, readonly string[]]>([
    ['whole objects saved by express-session', original, ['lost update', 'deletion undone', 'used after its end']],
    ['a row written without a comparison', dropIn(broken.blindWrite), ['lost update', 'deletion undone']],
    ['a write confirmed before it is done', dropIn(broken.earlyWriteResult), ['lost update']],
    ["another session's result", dropIn(broken.mixedResults), ["another session's data"]],
  ])('%s', { timeout: 60_000 }, async (_, make, names) => {
    const { failed } = await runSeeds(seedsFrom(1, 60), make, NO_FAULTS)
    const found = new Set(failed.flatMap(({ anomalies }) => anomalies.map((text) => text.replace(/ \(.*/s, ''))))
    expect([...found]).toEqual(expect.arrayContaining([...names]))
  })
})
