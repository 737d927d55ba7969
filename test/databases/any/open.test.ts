import { afterAll, describe, expect, inject, it, onTestFinished } from 'vitest'
import type { Store } from '../../../src/core/store/store.ts'
import { openStore } from '../../../src/stores/open.ts'
import { fresh, NOW, sampleEntry } from '../../../src/testing/sample.ts'
import { storeSuite } from '../../../src/testing/store-suite.ts'
import { freshTable } from '../../services/fresh-table.ts'
import { freePort } from '../../services/own-server.ts'
import { newPool } from '../../services/postgres/postgres-pool.ts'
import { startRedis } from '../../services/redis/redis.ts'

const SERVERS = (['postgres', 'mysql', 'redis'] as const).map((name) => ({ name, url: inject(name) ?? '' }))
const STARTED = SERVERS.filter(({ url }) => url !== '')
const failure = expect.objectContaining({ code: 'ERR_SESSION_STORE', applied: false })
const opened: Store[] = []
afterAll(() => Promise.all(opened.map(async (store) => store.close?.())))

/** Returns a URL with a new table or prefix. */
function freshUrl(name: string, url: string): string {
  return name === 'redis' ? `${url}?prefix=${freshTable()}:` : `${url}?table=${freshTable()}`
}

for (const { name, url } of SERVERS) {
  const options = name === 'redis' ? { clearExpired: false, farClocks: false } : {}
  const runner = { describe: describe.skipIf(url === ''), it }
  storeSuite(`A store of ${name}:`, () => openStore(freshUrl(name, url)), runner, options)
}

describe.each(STARTED)('a store of $name: by URL', ({ name, url }) => {
  it('keeps its rows for the next store with that URL, and is closed once', async () => {
    const [where, entry] = [freshUrl(name, url), sampleEntry()]
    const first = await openStore(where)
    expect(await first.create({ key: 'a', entry })).toEqual({ ok: true })
    await Promise.all([first.close?.(), first.close?.()])
    await expect(first.load({ key: 'a', now: NOW })).rejects.toEqual(expect.objectContaining({ code: 'ERR_SESSION_STORE' }))
    const second = await openStore(where)
    expect(await second.load({ key: 'a', now: NOW })).toEqual(entry)
    await second.close?.()
  })

  it('without a server fails in time and without the password', async () => {
    const port = await freePort()
    const where = `${name}://someone:hunter2@127.0.0.1:${port}/0`
    const error: unknown = await openStore(where)
      .then((store) => {
        opened.push(store)
        return store.load({ key: 'a', now: NOW })
      })
      .catch((reason: unknown) => reason)
    expect(error).toEqual(failure)
    expect(String(error)).toContain(`ECONNREFUSED 127.0.0.1:${port}`)
    expect(String(error)).not.toContain('hunter2')
  })
})

describe.skipIf(SERVERS[0]?.url === '')('a store of postgres: by URL', () => {
  it('passes other parameters to the driver', async () => {
    const [base = '', name] = [SERVERS[0]?.url, `name_${freshTable()}`]
    const store = await openStore(`${base}?application_name=${name}&table=${freshTable()}`)
    await store.load({ key: 'a', now: NOW })
    const { rowCount } = await newPool().query('SELECT 1 FROM pg_stat_activity WHERE application_name = $1', [name])
    expect(rowCount).toBe(1)
    await store.close?.()
  })

  it('works after its idle connections were closed', async () => {
    const name = `name_${freshTable()}`
    const store = await openStore(`${SERVERS[0]?.url}?application_name=${name}&table=${freshTable()}`)
    await store.create({ key: 'a', entry: sampleEntry() })
    const pool = newPool()
    const ended = 'SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = $1'
    expect((await pool.query(ended, [name])).rowCount).toBe(1)
    await expect.poll(() => store.load({ key: 'a', now: NOW }).catch(() => undefined)).toBeDefined()
    await store.close?.()
  })
})

describe.skipIf(inject('redis') === undefined)('a store of redis+cluster: by URL', () => {
  it('connects through any of its hosts, with a password', async () => {
    const bus = String(await freePort())
    const server = await startRedis(
      '--cluster-enabled',
      'yes',
      '--cluster-port',
      bus,
      '--user',
      'app',
      'on',
      '>hunter/2',
      '~*',
      '&*',
      '+@all',
    )
    if (typeof server === 'string') throw new Error(server)
    onTestFinished(() => server.remove())
    server.command('cluster', 'addslotsrange', '0', '16383')
    await expect.poll(() => server.command('cluster', 'info'), { timeout: 20_000 }).toContain('cluster_state:ok')
    const hosts = `127.0.0.1:${await freePort()},127.0.0.1:${server.port}`
    const store = await openStore(`redis+cluster://app:hunter%2F2@${hosts}?prefix=shop:`)
    const entries = Array.from({ length: 10 }, (_, n) => [String(n), sampleEntry()] as const)
    for (const [key, entry] of entries) expect(await store.create({ key, entry })).toEqual({ ok: true })
    expect(await Promise.all(entries.map(([key]) => store.load({ key, now: NOW })))).toEqual(entries.map(([, entry]) => entry))
    expect(server.command('keys', 'shop:*').split('\n')).toHaveLength(10)
    await store.close?.()
    const refused = openStore(`redis+cluster://app:hunter2@${hosts}`)
    await expect(refused).rejects.toEqual(failure)
    await expect(refused).rejects.not.toThrow('hunter')
  })
})

describe('an existing table of another application', () => {
  it.each(STARTED.filter(({ name }) => name !== 'redis'))('is refused with a remedy and left unchanged ($name)', async ({ name, url }) => {
    const table = freshTable()
    const message = `the table \`${table}\` exists, but is not one of this package (it has no column \`key\`)`
    const other = await foreignTable(name, url, table)
    for (const createTable of [true, false]) {
      const store = await openStore(`${url}?table=${table}`, { createTable })
      await expect(store.migrate?.()).rejects.toThrow(message)
      if (createTable) await expect(store.create({ key: fresh('key'), entry: sampleEntry() })).rejects.toThrow(message)
      await store.close?.()
    }
    expect(await other.rows()).toBe(1)
    await other.end()
  })
})

async function foreignTable(name: string, url: string, table: string): Promise<{ rows(): Promise<number>; end(): Promise<unknown> }> {
  const made = [`CREATE TABLE ${table} (sid varchar(9), sess varchar(9))`, `INSERT INTO ${table} VALUES ('a', 'b')`]
  const counted = `SELECT sid FROM ${table}`
  if (name === 'postgres') {
    const pool = newPool()
    for (const text of made) await pool.query(text)
    return { rows: async () => (await pool.query(counted)).rowCount ?? 0, end: async () => undefined }
  }
  const connection = await (await import('mysql2/promise')).createConnection(url)
  for (const text of made) await connection.query(text)
  return { rows: async () => ((await connection.query(counted))[0] as unknown[]).length, end: () => connection.end() }
}
