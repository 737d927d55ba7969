import { expect, it } from 'vitest'
import { LossyStore } from '../faults/lossy-store.ts'
import { LiveLoad } from '../processes/live-load.ts'
import type { History } from './history.ts'
import { type Losses, lossesOf } from './losses.ts'

const WHOLE_RUN = { from: 0, to: Infinity, affected: () => true }

async function historyOf(seed: number, losesWrites: boolean): Promise<History> {
  const store = new LossyStore()
  const load = new LiveLoad([store, store], seed)
  await load.completed(300)
  await store.snapshot()
  await load.completed(150)
  if (losesWrites) await store.restore()
  await load.completed(300)
  return load.stop(true)
}

it('counts nothing if nothing was lost', async () => {
  const losses = lossesOf(await historyOf(1, false), WHOLE_RUN)
  expect(losses).toEqual({
    acknowledged: losses.acknowledged,
    lost: 0,
    revived: 0,
    claimedAgain: 0,
    staleReads: 0,
    wrong: [],
  } satisfies Losses)
})

it('counts the writes that a store lost, and finds no other anomaly', async () => {
  const { lost, acknowledged, wrong } = lossesOf(await historyOf(2, true), WHOLE_RUN)
  expect(wrong).toEqual([])
  expect(lost).toBeGreaterThan(10)
  expect(lost).toBeLessThan(acknowledged)
})

it('counts revived sessions', async () => {
  const risen = await Promise.all([3, 4, 5].map(async (seed) => lossesOf(await historyOf(seed, true), WHOLE_RUN).revived))
  expect(risen.reduce((sum, each) => sum + each, 0)).toBeGreaterThan(0)
})

it('excuses only sessions on the failed server, and only during the failover', async () => {
  const history = await historyOf(6, true)
  expect(lossesOf(history, { ...WHOLE_RUN, affected: () => false }).wrong).not.toEqual([])
  expect(lossesOf(history, { ...WHOLE_RUN, to: -1 }).wrong).not.toEqual([])
})

it('excuses only losses: a double application is wrong', async () => {
  const history = await historyOf(7, false)
  for (const { report } of history.exchanges)
    if (report?.opened !== undefined && report.opened.log.length > 0)
      report.opened = { ...report.opened, log: [...report.opened.log, ...report.opened.log.slice(-1)] }
  expect(lossesOf(history, WHOLE_RUN).wrong.map(({ name }) => name)).toContain('double application')
})
