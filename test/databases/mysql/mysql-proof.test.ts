import { describe, expect, it, onTestFinished } from 'vitest'
import { check } from '../../proof/checks/checker.ts'
import { load } from '../../proof/processes/load.ts'
import { ServerProcess } from '../../proof/processes/server-process.ts'
import { formatFailures, runSeeds, type StoreName, seedsFrom } from '../../proof/simulation/campaign.ts'
import { freshTable } from '../../services/fresh-table.ts'
import { MYSQL } from '../../services/mysql/mysql-pools.ts'

/** Different seeds every day. */
const day = Math.floor(Date.now() / 86_400_000)
const store = MYSQL as StoreName

describe.skipIf(MYSQL === '')('the guarantee on MariaDB', () => {
  it(`holds in seeded runs (${day * 20} and on)`, { timeout: 120_000 }, async () => {
    const results = await runSeeds(store, { seeds: seedsFrom(day * 20, 20) })
    expect(formatFailures(results, store)).toBe('')
    expect(results.responses['ok']).toBeGreaterThan(300)
  })

  it(`holds for 1,500 requests to four processes (seed ${day})`, { timeout: 120_000 }, async () => {
    const history = await load({ place: `${MYSQL}#${freshTable()}`, seed: day, processes: 4, requests: 1500, kills: 0 })
    expect(check(history)).toEqual([])
  })

  it(`holds when the processes are killed (seed ${day})`, { timeout: 120_000 }, async () => {
    const history = await load({ place: `${MYSQL}#${freshTable()}`, seed: day, processes: 4, requests: 500, kills: 6 })
    expect(check(history)).toEqual([])
  })

  it('does not keep a process alive that is stopping', { timeout: 30_000 }, async () => {
    const server = new ServerProcess(`${MYSQL}#${freshTable()}`)
    onTestFinished(async () => void (await server.stop('SIGKILL')))
    expect(await server.stop('SIGTERM')).toBe(0)
  })
})
