import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { check } from '../checks/checker.ts'
import { type Exchange, newExchange } from '../checks/history.ts'
import { getInFlight, newAgent, overHttp } from './http.ts'
import { load } from './load.ts'
import { ServerProcess } from './server-process.ts'

let folder: string

beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'sojourn-processes-'))))
afterAll(() => rmSync(folder, { recursive: true }))

/** A different seed every day. */
const seed = Math.floor(Date.now() / 86_400_000)

describe('four server processes on one SQLite file', () => {
  it(`handle 8,000 requests without an anomaly (seed ${seed})`, { timeout: 120_000 }, async () => {
    const history = await load({ place: join(folder, 'load.db'), seed, processes: 4, requests: 8000, kills: 0 })
    expect(history.exchanges.length).toBeGreaterThanOrEqual(8000)
    expect(check(history)).toEqual([])
  })

  it(`lose no acknowledged change in 12 kills (seed ${seed})`, { timeout: 120_000 }, async () => {
    const history = await load({ place: join(folder, 'kills.db'), seed, processes: 4, requests: 1000, kills: 12 })
    expect(check(history)).toEqual([])
  })
})

describe.each([
  ['', true],
  [' with several writes in flight each, as on Workers,', false],
])('four server processes%s with clocks ten minutes apart and responses that are lost', (name, merging) => {
  it(`apply no change of 1,500 requests twice (seed ${seed})`, { timeout: 120_000 }, async () => {
    const place = join(folder, `clocks${name.length}.db`)
    const history = await load({ place, seed, processes: 4, requests: 1500, kills: 0, skew: 300_000, merging, faults: true })
    expect(check(history)).toEqual([])
  })
})

describe('SIGTERM', () => {
  it('lets the requests in flight finish, and then the process exits', { timeout: 60_000 }, async () => {
    const server = new ServerProcess(join(folder, 'term.db'))
    const agent = newAgent()
    onTestFinished(async () => {
      agent.destroy()
      await server.stop('SIGKILL')
    })
    const serve = overHttp([server], agent)
    const exchanges = Array.from({ length: 50 }, (_, number) => slow(number))
    const served = Promise.all(exchanges.map(serve))
    await expect.poll(async () => getInFlight(await server.port), { timeout: 20_000 }).toBe(50)
    expect(await server.stop('SIGTERM')).toBe(0)
    const cookies = await served
    expect(exchanges.map(({ code }) => code)).toEqual(exchanges.map(() => undefined))
    expect(cookies.map(({ length }) => length)).toEqual(exchanges.map(() => 1))
  })
})

/** A request that runs until the signal arrives. */
function slow(number: number): Exchange {
  const script = { number, steps: [{ do: 'set', name: 'a', value: `v${number}` } as const, { do: 'wait', ms: 60_000 } as const] }
  return newExchange({ script, browser: number, process: 0, cookie: undefined, began: 0, beganAt: 0 })
}
