import { describe, expect, it } from 'vitest'
import { campaign, type StoreName, seedsFrom, told } from './campaign.ts'
import { libraryOver, oneMemory } from './fixtures.ts'
import { FOUND_SEEDS } from '../scenario/found-seeds.ts'
import { scenario } from '../scenario/generator.ts'
import { simulate } from './simulate.ts'

/** Other seeds every day, so that the proof goes on; the same all day long, so that a failure is not gone at once. */
const TODAY = Math.floor(Date.now() / 86_400_000) * 10_000

describe.each<[StoreName, number]>([
  ['memory', 400],
  ['sqlite', 250],
])('seeded runs on %s', (store, count) => {
  it.each([
    ['the first', 1],
    ["today's", TODAY],
  ])(`${count} seeds from %s (%i) are clean`, { timeout: 120_000 }, async (_, first) => {
    const tally = await campaign(store, seedsFrom(first, count))
    expect(told(tally, store)).toBe('')
    expect(tally.requests).toBeGreaterThan(count * 30)
  })

  it('seeds that once found something stay clean', async () => {
    const tally = await campaign(
      store,
      FOUND_SEEDS.map(([seed]) => seed),
    )
    expect(told(tally, store)).toBe('')
  })
})

describe('a seed', () => {
  it.each([1, 13, 200])('%i gives the same history every time', async (seed) => {
    const [first, second] = [await simulate(scenario(seed), libraryOver(oneMemory)), await simulate(scenario(seed), libraryOver(oneMemory))]
    expect(second).toEqual(first)
  })
})

describe('the generated requests', () => {
  it('meet everything that is to be met', async () => {
    const { answers } = await campaign('memory', seedsFrom(1, 100))
    expect(Object.keys(answers)).toEqual(
      expect.arrayContaining(['ok', 'APPLICATION', 'ERR_SESSION_ENDED', 'ERR_SESSION_STORE', 'ERR_SESSION_COMMIT_UNKNOWN']),
    )
  })
})
