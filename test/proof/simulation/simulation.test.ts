import { describe, expect, it } from 'vitest'
import { isRenewal } from '../checks/id-lineage.ts'
import { FOUND_SEEDS, FOUND_WITH } from '../scenario/found-seeds.ts'
import { generateScenario, type ScenarioOptions } from '../scenario/generator.ts'
import { formatFailures, runSeeds, type StoreName, seedsFrom } from './campaign.ts'
import { memoryStores, sojournOn } from './fixtures.ts'
import { simulate } from './simulate.ts'

/**
 * Different seeds every day, so that coverage grows, and the same seeds all day, so that a failure
 * can be repeated.
 */
const TODAY = Math.floor(Date.now() / 86_400_000) * 10_000

describe.each<[StoreName, number]>([
  ['memory', 400],
  ['sqlite', 250],
])('seeded runs on %s', (store, count) => {
  it.each([
    ['the first', 1],
    ["today's", TODAY],
  ])(`${count} seeds from %s (%i) are clean`, { timeout: 120_000 }, async (_, first) => {
    const results = await runSeeds(store, { seeds: seedsFrom(first, count) })
    expect(formatFailures(results, store)).toBe('')
    expect(results.requests).toBeGreaterThan(count * 30)
  })

  it('100 seeds with many parallel logins are clean', { timeout: 120_000 }, async () => {
    const results = await runSeeds(store, { seeds: seedsFrom(TODAY, 100), conditions: { parallelLogins: true } })
    expect(formatFailures(results, store)).toBe('')
  })

  it('200 seeds with streams are clean', { timeout: 120_000 }, async () => {
    const results = await runSeeds(store, { seeds: seedsFrom(TODAY, 200), conditions: { streams: true } })
    expect(formatFailures(results, store)).toBe('')
  })

  it.each([
    ['the first', 1],
    ["today's", TODAY],
  ])('100 seeds with revocations, limits and reauthentications from %s (%i) are clean', { timeout: 120_000 }, async (_, first) => {
    const results = await runSeeds(store, { seeds: seedsFrom(first, 100), conditions: { users: true } })
    expect(formatFailures(results, store)).toBe('')
  })

  it.each([
    ['the first', 1],
    ["today's", TODAY],
  ])('60 seeds with renewals of ids from %s (%i) are clean', { timeout: 120_000 }, async (_, first) => {
    const results = await runSeeds(store, { seeds: seedsFrom(first, 60), conditions: { renewals: true } })
    expect(formatFailures(results, store)).toBe('')
  })

  it('seeds that once found a bug are clean', async () => {
    const results = await runSeeds(store, { seeds: FOUND_SEEDS.map(([seed]) => seed), conditions: { silent: false } })
    expect(formatFailures(results, store)).toBe('')
  })
})

describe('seeds that once found an error', () => {
  const STORES: readonly StoreName[] = ['memory', 'cached-one', 'cached-failing', 'cached-each', 'cached-notified']

  it.each(STORES.flatMap((store) => FOUND_WITH.map((each) => [store, ...each] as const)))(
    'are clean on %s with %o',
    async (store, conditions, seeds) => {
      const results = await runSeeds(store, { seeds: seeds.map(([seed]) => seed), conditions })
      expect(formatFailures(results, store)).toBe('')
    },
  )
})

describe.each<[string, ScenarioOptions]>([
  ['clocks up to 40 seconds apart', { skew: 20_000 }],
  ['clocks up to a minute apart', { skew: 30_000 }],
  ['clocks up to ten minutes apart', { skew: 300_000 }],
  ['several writes in flight per process, as on Workers', { merging: false }],
  ['both', { skew: 300_000, merging: false }],
])('seeded runs with %s', (_, conditions) => {
  it.each([
    ['the first', 1],
    ["today's", TODAY],
  ])('100 seeds from %s (%i) are clean', { timeout: 120_000 }, async (__, first) => {
    const results = await runSeeds('memory', { seeds: seedsFrom(first, 100), conditions })
    expect(formatFailures(results, 'memory')).toBe('')
    expect(results.responses['ok']).toBeGreaterThan(3000)
  })
})

describe('a seed', () => {
  it.each([1, 13, 200])('%i gives the same history every time', async (seed) => {
    const [first, second] = [
      await simulate(generateScenario(seed), sojournOn(memoryStores)),
      await simulate(generateScenario(seed), sojournOn(memoryStores)),
    ]
    expect(second).toEqual(first)
  })
})

describe('the generated requests', () => {
  it('with users get refusals of both kinds', async () => {
    const reasons = new Set<string | undefined>()
    for (let seed = 1; seed <= 60; seed++) {
      const { exchanges } = await simulate(generateScenario(seed, { users: true }), sojournOn(memoryStores))
      for (const { reason } of exchanges) reasons.add(reason)
    }
    expect([...reasons]).toEqual(expect.arrayContaining(['revoked', 'limit', 'other-id']))
  })

  it('with renewals send each id of a session, before and after the other one ended', async () => {
    const sent = { renewals: 0, before: 0, both: 0, ended: 0 }
    for (let seed = 1; seed <= 30; seed++) {
      const { exchanges, rules } = await simulate(generateScenario(seed, { renewals: true }), sojournOn(memoryStores))
      for (const renewal of exchanges.filter((exchange) => isRenewal(exchange, rules))) {
        const later = exchanges.filter(({ began }) => began > renewal.ended)
        const withOld = later.filter(({ cookie }) => cookie === renewal.cookie)
        sent.renewals += 1
        sent.before += Number(withOld.some(({ report }) => report?.opened?.exists === true))
        sent.ended += Number(withOld.some(({ report }) => report?.opened?.exists === false))
        sent.both += Number(withOld.length > 0 && later.some(({ cookie }) => cookie === renewal.setCookie))
      }
    }
    expect(Math.min(...Object.values(sent))).toBeGreaterThan(20)
  })

  it('get every kind of response', async () => {
    const { responses } = await runSeeds('memory', { seeds: seedsFrom(1, 100) })
    expect(Object.keys(responses)).toEqual(
      expect.arrayContaining(['ok', 'APPLICATION', 'ERR_SESSION_ENDED', 'ERR_SESSION_STORE', 'ERR_SESSION_COMMIT_UNKNOWN']),
    )
  })
})
