import { describe, expect, it, onTestFinished } from 'vitest'
import { check } from '../../proof/checks/checker.ts'
import { load } from '../../proof/processes/load.ts'
import { ServerProcess } from '../../proof/processes/server-process.ts'
import { formatFailures, runSeeds, type StoreName, seedsFrom } from '../../proof/simulation/campaign.ts'
import { freshTable, POSTGRES } from '../../services/postgres/postgres-pool.ts'

/** Different seeds every day. */
const day = Math.floor(Date.now() / 86_400_000)
const store = POSTGRES as StoreName

describe.skipIf(POSTGRES === '')('the guarantee on PostgreSQL', () => {
  it(`holds in seeded runs (${day * 30} and on)`, { timeout: 120_000 }, async () => {
    const results = await runSeeds(store, { seeds: seedsFrom(day * 30, 30) })
    expect(formatFailures(results, store)).toBe('')
    expect(results.responses['ok']).toBeGreaterThan(500)
  })

  it(`holds for 3,000 requests to four processes (seed ${day})`, { timeout: 120_000 }, async () => {
    const history = await load({ place: `${POSTGRES}#${freshTable()}`, seed: day, processes: 4, requests: 3000, kills: 0 })
    expect(check(history)).toEqual([])
  })

  it(`holds when the processes are killed (seed ${day})`, { timeout: 120_000 }, async () => {
    const history = await load({ place: `${POSTGRES}#${freshTable()}`, seed: day, processes: 4, requests: 500, kills: 8 })
    expect(check(history)).toEqual([])
  })

  it('does not keep a process alive that is stopping', { timeout: 30_000 }, async () => {
    const server = new ServerProcess(`${POSTGRES}#${freshTable()}`)
    onTestFinished(async () => void (await server.stop('SIGKILL')))
    expect(await server.stop('SIGTERM')).toBe(0)
  })
})
