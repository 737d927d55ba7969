import { expect, it } from 'vitest'
import { ForgetfulStore } from '../faults/lossy-store.ts'
import { LiveLoad } from '../processes/live-load.ts'
import type { History } from './history.ts'
import { type Losses, lossesOf } from './losses.ts'

const WHOLE = { from: 0, to: Infinity, hit: () => true }

async function historyOf(seed: number, forgets: boolean): Promise<History> {
  const store = new ForgetfulStore()
  const load = new LiveLoad([store, store], seed)
  await load.answered(300)
  await store.remember()
  await load.answered(150)
  if (forgets) await store.forget()
  await load.answered(300)
  return load.stop(true)
}

it('counts nothing where nothing was lost', async () => {
  const losses = lossesOf(await historyOf(1, false), WHOLE)
  expect(losses).toEqual({
    acknowledged: losses.acknowledged,
    lost: 0,
    risen: 0,
    claimedAgain: 0,
    staleAnswers: 0,
    wrong: [],
  } satisfies Losses)
})

it('counts what a store forgot, and finds nothing else wrong', async () => {
  const { lost, acknowledged, wrong } = lossesOf(await historyOf(2, true), WHOLE)
  expect(wrong).toEqual([])
  expect(lost).toBeGreaterThan(10)
  expect(lost).toBeLessThan(acknowledged)
})

it('counts sessions that rose again', async () => {
  const risen = await Promise.all([3, 4, 5].map(async (seed) => lossesOf(await historyOf(seed, true), WHOLE).risen))
  expect(risen.reduce((sum, each) => sum + each, 0)).toBeGreaterThan(0)
})

it('excuses only sessions that were on the server that failed, while it did', async () => {
  const history = await historyOf(6, true)
  expect(lossesOf(history, { ...WHOLE, hit: () => false }).wrong).not.toEqual([])
  expect(lossesOf(history, { ...WHOLE, to: -1 }).wrong).not.toEqual([])
})

it('excuses no more than losses: what is applied twice is wrong', async () => {
  const history = await historyOf(7, false)
  for (const { report } of history.exchanges)
    if (report?.opened !== undefined && report.opened.log.length > 0)
      report.opened = { ...report.opened, log: [...report.opened.log, ...report.opened.log.slice(-1)] }
  expect(lossesOf(history, WHOLE).wrong.map(({ name }) => name)).toContain('double application')
})
