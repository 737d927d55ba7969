import { describe, expect, it, vi } from 'vitest'
import type { Entry } from '../../../src/core/store/store.ts'
import { MysqlStore } from '../../../src/stores/mysql.ts'
import { fresh, NOW, sampleEntry } from '../../../src/testing/sample.ts'
import { freshTable } from '../../services/fresh-table.ts'
import { MYSQL, newMysqlPool } from '../../services/mysql/mysql-pools.ts'
import { type Around, watchedMysql } from '../../services/mysql/watched-mysql.ts'
import { ISOLATIONS, type Isolation } from '../../services/postgres/postgres-pool.ts'

const MANY = / IN \(/

/** Returns a store with some rows, and the statements that it sends after that. */
async function filled(count: number, isolation: Isolation = 'repeatable read', around?: Around) {
  const [table, pool] = [freshTable(), newMysqlPool(isolation)]
  const rows = Array.from({ length: count }, (_, index): [string, Entry] => [`key ${index}`, sampleEntry()])
  const client = watchedMysql(pool, around)
  const store = new MysqlStore({ pool: client, table })
  await store.load({ key: 'the first use makes the table', now: NOW })
  for (const [key, entry] of rows) await store.create({ key, entry })
  client.sent.length = 0
  return { store, rows, table, pool, sent: client.sent }
}

describe.skipIf(MYSQL === '')('the loads of one turn', () => {
  it.each(ISOLATIONS)('are one statement (%s)', async (isolation) => {
    const { store, rows, sent } = await filled(50, isolation)
    expect(await Promise.all(rows.map(([key]) => store.load({ key, now: NOW })))).toEqual(rows.map(([, entry]) => entry))
    expect(sent).toEqual([expect.stringMatching(MANY)])
  })

  it('each have their own now', async () => {
    const { store } = await filled(0)
    const entry = sampleEntry()
    await store.create({ key: 'a', entry })
    const loads = [NOW, entry.expiresAt - 1, entry.expiresAt].map((now) => store.load({ key: 'a', now }))
    expect(await Promise.all([...loads, store.load({ key: 'b', now: NOW })])).toEqual([entry, entry, undefined, undefined])
  })

  it('are at most 250 per statement, with few different texts, because a connection keeps each', async () => {
    const { store, sent } = await filled(0)
    await Promise.all(Array.from({ length: 600 }, (_, index) => store.load({ key: String(index), now: NOW })))
    expect(sent).toHaveLength(3)
    for (let count = 2; count <= 64; count++)
      await Promise.all(Array.from({ length: count }, (_, index) => store.load({ key: String(index), now: NOW })))
    expect(new Set(sent).size).toBeLessThanOrEqual(9)
  })

  it('do not join a statement that was sent', async () => {
    const gate = Promise.withResolvers<void>()
    let held = false
    const { store, rows, sent, table, pool } = await filled(2, 'repeatable read', async (work, text = '') => {
      const result = await work()
      if (held && MANY.test(text)) await gate.promise
      return result
    })
    const [[a, first], [b]] = rows as [[string, Entry], [string, Entry]]
    held = true
    const early = Promise.all([store.load({ key: a, now: NOW }), store.load({ key: b, now: NOW })])
    await expect.poll(() => sent.filter((text) => MANY.test(text)).length).toBe(1)
    const second = sampleEntry()
    await new MysqlStore({ pool, table }).replace({ key: a, entry: second, expected: first.version, now: NOW })
    const late = await store.load({ key: a, now: NOW })
    gate.resolve()
    await early
    expect(late).toEqual(second)
  })

  it('match texts to the last code unit', async () => {
    const texts = ['', '"', '\\', '\\"', '`', '?', 'NULL', ',', ' ', '\n', '\0', '\ud800', "'", '\u0001', '\u0001""']
    const { store } = await filled(0)
    const entries = texts.map((text) => sampleEntry({ payload: text, proof: text, commits: text, userId: text, version: fresh(text) }))
    for (const [index, text] of texts.entries()) await store.create({ key: text, entry: entries[index] as Entry })
    expect(await Promise.all(texts.map((text) => store.load({ key: text, now: NOW })))).toEqual(entries)
  })

  it('run one by one when the server rejects the batch', async () => {
    const refusal = Object.assign(new Error('refused'), { errno: 1064, sqlState: '42000' })
    const { store, rows, sent } = await filled(3, 'repeatable read', async (work, text = '') => {
      const result = await work()
      if (MANY.test(text)) throw refusal
      return result
    })
    expect(await Promise.all(rows.map(([key]) => store.load({ key, now: NOW })))).toEqual(rows.map(([, entry]) => entry))
    expect(sent).toHaveLength(4)
  })

  it('all fail when the response is lost, and nothing is sent again', async () => {
    const { store, rows, sent } = await filled(3, 'repeatable read', async (work, text = '') => {
      const result = await work()
      if (MANY.test(text)) throw Object.assign(new Error('lost'), { code: 'ECONNRESET', errno: -104 })
      return result
    })
    const outcomes = await Promise.allSettled(rows.map(([key]) => store.load({ key, now: NOW })))
    expect(outcomes.map((outcome) => outcome.status === 'rejected' && outcome.reason.code)).toEqual(rows.map(() => 'ERR_SESSION_STORE'))
    expect(sent).toHaveLength(1)
  })
})

describe.skipIf(MYSQL === '')('the writes of one turn', () => {
  it('are sent one by one, each with its own result', async () => {
    const { store, rows, sent } = await filled(3)
    const [[a, first], [b, second], [c, third]] = rows as [[string, Entry], [string, Entry], [string, Entry]]
    const next = sampleEntry()
    const outcomes = await Promise.all([
      store.replace({ key: a, entry: next, expected: first.version, now: NOW }),
      store.replace({ key: b, entry: next, expected: 'another', now: NOW }),
      store.replace({ key: c, entry: next, expected: third.version, now: third.expiresAt }),
      store.replace({ key: 'd', entry: next, expected: 'any', now: NOW }),
    ])
    const refused = (reason: string, current?: Entry): object => ({ ok: false, reason, ...(current && { current }) })
    expect(outcomes).toEqual([{ ok: true }, refused('stale', second), refused('missing'), refused('missing')])
    expect(sent.filter((text) => text.startsWith('UPDATE'))).toHaveLength(4)
  })
})

describe.skipIf(MYSQL === '')('a single load', () => {
  it('is sent at the end of the turn', async () => {
    const { store, sent } = await filled(0)
    vi.useFakeTimers({ toFake: ['setTimeout', 'setInterval'] })
    try {
      // No timer fires and no time passes.
      const load = store.load({ key: 'a', now: NOW })
      await new Promise((resolve) => setImmediate(resolve))
      await new Promise((resolve) => setImmediate(resolve))
      expect(sent).toHaveLength(1)
      expect(await load).toBeUndefined()
    } finally {
      vi.useRealTimers()
    }
    expect(sent).toEqual([expect.not.stringMatching(MANY)])
  })
})
