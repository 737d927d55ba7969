import { describe, expect, it, onTestFinished } from 'vitest'
import { check } from '../../proof/checks/checker.ts'
import { load } from '../../proof/processes/load.ts'
import { ServerProcess } from '../../proof/processes/server-process.ts'
import { formatFailures, runSeeds, type StoreName, seedsFrom } from '../../proof/simulation/campaign.ts'
import { freshPrefix, REDIS } from '../../services/redis/redis-clients.ts'

/** A different seed every day. */
const day = Math.floor(Date.now() / 86_400_000)
const store = REDIS as StoreName

describe.skipIf(REDIS === '')('the guarantee on Redis', () => {
  it(`holds in simulations from seed ${day * 30}`, { timeout: 120_000 }, async () => {
    const results = await runSeeds(store, { seeds: seedsFrom(day * 30, 30) })
    expect(formatFailures(results, store)).toBe('')
    expect(results.responses['ok']).toBeGreaterThan(500)
  })

  it(`holds for 2,000 requests to four processes (seed ${day})`, { timeout: 120_000 }, async () => {
    const history = await load({ place: `${REDIS}#${freshPrefix()}`, seed: day, processes: 4, requests: 2000, kills: 0 })
    expect(check(history)).toEqual([])
  })

  it(`holds when the processes are killed (seed ${day})`, { timeout: 120_000 }, async () => {
    const history = await load({ place: `${REDIS}#${freshPrefix()}`, seed: day, processes: 4, requests: 300, kills: 4 })
    expect(check(history)).toEqual([])
  })

  it('does not keep a process alive after SIGTERM', { timeout: 30_000 }, async () => {
    const server = new ServerProcess(`${REDIS}#${freshPrefix()}`)
    onTestFinished(async () => void (await server.stop('SIGKILL')))
    expect(await server.stop('SIGTERM')).toBe(0)
  })
})
