import { describe, expect, it, vi } from 'vitest'
import type { Entry } from '../../../src/core/store/store.ts'
import { PostgresStore } from '../../../src/stores/postgres.ts'
import { fresh, HOUR, NOW, sampleEntry } from '../../../src/testing/sample.ts'
import { freshTable, ISOLATIONS, newPool, POSTGRES } from '../../services/postgres/postgres-pool.ts'
import { watched } from '../../services/postgres/watched-pool.ts'

const OK = { ok: true }
/** The separator of the texts in a batch, whole and in parts, and a text that equals the next candidate. */
const SEPARATORS = [
  '\u001e0\u001f',
  '\u001e1\u001f',
  '\u001e',
  '\u001f',
  '0\u001f',
  'a\u001e0',
  '\u001e0\u001f\u001e0\u001f',
  '\u0001\u0001',
]

/** Returns a store with some rows, and the statements that it sends after that. */
async function filled(count: number, isolation: (typeof ISOLATIONS)[number] = 'read committed') {
  const [table, pool] = [freshTable(), newPool(isolation)]
  const rows = Array.from({ length: count }, (_, index): [string, Entry] => [`key ${index}`, sampleEntry()])
  const client = watched(pool)
  const store = new PostgresStore({ pool: client, table })
  await store.load({ key: 'the first use makes the table', now: NOW })
  for (const [key, entry] of rows) await store.create({ key, entry })
  client.sent.length = 0
  return { store, rows, table, pool, sent: client.sent }
}

describe.skipIf(POSTGRES === '').each(ISOLATIONS)('the operations of one turn, %s', (isolation) => {
  it('are one statement: 64 loads', async () => {
    const { store, rows, sent } = await filled(64, isolation)
    expect(await Promise.all(rows.map(([key]) => store.load({ key, now: NOW })))).toEqual(rows.map(([, entry]) => entry))
    expect(sent).toEqual([expect.stringContaining('= ANY(')])
  })

  it('are one statement: 64 creates', async () => {
    const { store, sent } = await filled(0, isolation)
    const rows = Array.from({ length: 64 }, (_, index): [string, Entry] => [
      `key ${index}`,
      sampleEntry(index % 2 ? {} : { userId: fresh('user') }),
    ])
    expect(await Promise.all(rows.map(([key, entry]) => store.create({ key, entry })))).toEqual(rows.map(() => OK))
    expect(sent).toEqual([expect.stringContaining('INSERT')])
    expect(await Promise.all(rows.map(([key]) => store.load({ key, now: NOW })))).toEqual(rows.map(([, entry]) => entry))
  })

  it('are one statement: 64 replaces', async () => {
    const { store, rows, sent } = await filled(64, isolation)
    const next = rows.map(() => sampleEntry({ userId: fresh('user') }))
    const outcomes = await Promise.all(
      rows.map(([key, { version }], index) => store.replace({ key, entry: next[index] as Entry, expected: version, now: NOW })),
    )
    expect(outcomes).toEqual(rows.map(() => OK))
    expect(sent).toEqual([expect.stringContaining('SKIP LOCKED')])
    expect(await Promise.all(rows.map(([key]) => store.load({ key, now: NOW })))).toEqual(next)
  })

  it('are one statement: 64 touches', async () => {
    const { store, rows, sent } = await filled(64, isolation)
    const later = rows.map((_, index) => NOW + 2 * HOUR + index)
    const outcomes = await Promise.all(
      rows.map(([key, { version }], index) => store.touch({ key, expiresAt: later[index] ?? 0, expected: version, now: NOW + index })),
    )
    expect(outcomes).toEqual(rows.map(() => true))
    expect(sent).toEqual([expect.stringContaining('SKIP LOCKED')])
    const touched = await Promise.all(rows.map(([key]) => store.load({ key, now: NOW })))
    expect(touched.map((entry) => [entry?.seenAt, entry?.expiresAt])).toEqual(later.map((at, index) => [NOW + index, at]))
  })
})

describe.skipIf(POSTGRES === '')('a batch', () => {
  it('judges each load by its own now', async () => {
    const { store } = await filled(0)
    const entry = sampleEntry()
    await store.create({ key: 'a', entry })
    const loads = [NOW, entry.expiresAt - 1, entry.expiresAt].map((now) => store.load({ key: 'a', now }))
    expect(await Promise.all([...loads, store.load({ key: 'b', now: NOW })])).toEqual([entry, entry, undefined, undefined])
  })

  it('gives each create its own result', async () => {
    const { store, rows } = await filled(1)
    const [[a, first]] = rows as [[string, Entry]]
    const [one, two, three] = [sampleEntry(), sampleEntry(), sampleEntry()]
    const outcomes = await Promise.all([
      store.create({ key: a, entry: one }),
      store.create({ key: 'b', entry: one }),
      store.create({ key: 'b', entry: two }),
      store.create({ key: 'c', entry: three }),
    ])
    expect([outcomes[0], outcomes[3]]).toEqual([{ ok: false, reason: 'taken' }, OK])
    expect(outcomes.slice(1, 3)).toEqual(expect.arrayContaining([OK, { ok: false, reason: 'taken' }]))
    const winner = outcomes[1]?.ok ? one : two
    expect(await Promise.all([a, 'b', 'c'].map((key) => store.load({ key, now: NOW })))).toEqual([first, winner, three])
  })

  it('gives each replace its own result', async () => {
    const { store, rows } = await filled(3)
    const [[a, first], [b, second], [c, third]] = rows as [[string, Entry], [string, Entry], [string, Entry]]
    const next = sampleEntry()
    const outcomes = await Promise.all([
      store.replace({ key: a, entry: next, expected: first.version, now: NOW }),
      store.replace({ key: b, entry: next, expected: 'another', now: NOW }),
      store.replace({ key: c, entry: next, expected: third.version, now: third.expiresAt }),
      store.replace({ key: 'd', entry: next, expected: 'any', now: NOW }),
    ])
    const refused = (reason: string, current?: Entry): object => ({ ok: false, reason, ...(current && { current }) })
    expect(outcomes).toEqual([OK, refused('stale', second), refused('missing'), refused('missing')])
    expect(await store.load({ key: c, now: NOW })).toEqual(third)
  })

  it('gives each touch its own result', async () => {
    const { store, rows } = await filled(4)
    const outcomes = await Promise.all(
      rows.map(([key, { version, expiresAt }], index) => {
        if (index === 1) return store.touch({ key, expiresAt, expected: 'another', now: NOW })
        if (index === 2) return store.touch({ key, expiresAt: expiresAt - 1, expected: version, now: NOW })
        return store.touch({ key, expiresAt, expected: version, now: index === 3 ? expiresAt : NOW })
      }),
    )
    expect(outcomes).toEqual([true, false, false, false])
  })

  it('contains a key once', async () => {
    const { store, rows, sent } = await filled(2)
    const [[a, first], [b, second]] = rows as [[string, Entry], [string, Entry]]
    const [one, two] = [sampleEntry(), sampleEntry()]
    const outcomes = await Promise.all([
      store.replace({ key: a, entry: one, expected: first.version, now: NOW }),
      store.replace({ key: a, entry: two, expected: first.version, now: NOW }),
      store.replace({ key: b, entry: sampleEntry(), expected: second.version, now: NOW }),
    ])
    expect(outcomes.filter(({ ok }) => ok)).toHaveLength(2)
    expect(sent.filter((text) => text.includes('SKIP LOCKED'))).toHaveLength(1)
    const winner = outcomes[0]?.ok ? one : two
    expect(outcomes).toContainEqual({ ok: false, reason: 'stale', current: winner })
    expect(await store.load({ key: a, now: NOW })).toEqual(winner)
  })

  it('has a limited number of rows and size of text', async () => {
    const { store, sent } = await filled(0)
    await Promise.all(Array.from({ length: 600 }, (_, index) => store.load({ key: String(index), now: NOW })))
    expect(sent).toHaveLength(3)
    const big = Array.from({ length: 5 }, () => sampleEntry({ payload: 'x'.repeat(400_000) }))
    for (const [index, entry] of big.entries()) await store.create({ key: String(index), entry })
    sent.length = 0
    const swaps = big.map((entry, index) =>
      store.replace({ key: String(index), entry: { ...entry, version: fresh('version') }, expected: entry.version, now: NOW }),
    )
    expect(await Promise.all(swaps)).toEqual(big.map(() => OK))
    expect(sent).toHaveLength(3)
  })

  it('waits for a few turns while each of them adds to it', async () => {
    const { store, sent } = await filled(0)
    const loads: Promise<unknown>[] = []
    for (let turn = 0; turn < 8; turn += 1) {
      loads.push(store.load({ key: `a ${turn}`, now: NOW }), store.load({ key: `b ${turn}`, now: NOW }))
      await new Promise((resolve) => setImmediate(resolve))
    }
    await Promise.all(loads)
    expect(sent).toHaveLength(2)
  })

  it('is not extended after it was sent', async () => {
    const [table, pool] = [freshTable(), newPool()]
    const gate = Promise.withResolvers<void>()
    let held = false
    const client = watched(pool, async (text) => {
      if (held && text.includes('ANY')) await gate.promise
    })
    const store = new PostgresStore({ pool: client, table })
    const [first, second] = [sampleEntry(), sampleEntry()]
    await store.create({ key: 'a', entry: first })
    await store.create({ key: 'b', entry: first })
    held = true
    const early = Promise.all([store.load({ key: 'a', now: NOW }), store.load({ key: 'b', now: NOW })])
    await expect.poll(() => client.sent.filter((text) => text.includes('ANY')).length).toBe(1)
    await new PostgresStore({ pool, table }).replace({ key: 'a', entry: second, expected: first.version, now: NOW })
    const late = await store.load({ key: 'a', now: NOW })
    gate.resolve()
    await early
    expect(late).toEqual(second)
  })

  it('keeps texts to the last code unit', async () => {
    const texts = ['', '"', '\\', '\\"', '{}', 'NULL', 'null', ',', ' ', '{a,b}', '\n', '\0', '\ud800', "'", '$1', '\u0001', ...SEPARATORS]
    const { store } = await filled(0)
    const entries = texts.map((text) =>
      sampleEntry({ payload: text, proof: text, commits: text, userId: text, version: `version of ${text}` }),
    )
    const creates = texts.map((text, index) => store.create({ key: text, entry: { ...(entries[index] as Entry), payload: `of ${text}` } }))
    expect(await Promise.all(creates)).toEqual(texts.map(() => OK))
    const created = await Promise.all(texts.map((text) => store.load({ key: text, now: NOW })))
    expect(created.map((entry) => entry?.payload)).toEqual(texts.map((text) => `of ${text}`))
    const swaps = texts.map((text, index) =>
      store.replace({ key: text, entry: entries[index] as Entry, expected: `version of ${text}`, now: NOW }),
    )
    expect(await Promise.all(swaps)).toEqual(texts.map(() => OK))
    expect(await Promise.all(texts.map((text) => store.load({ key: text, now: NOW })))).toEqual(entries)
    await Promise.all(
      texts.map((text, index) => store.replace({ key: text, entry: sampleEntry(), expected: (entries[index] as Entry).version, now: NOW })),
    )
    expect((await store.list({ now: NOW })).entries.map(([, { userId }]) => userId)).toEqual(texts.map(() => undefined))
  })
})

describe.skipIf(POSTGRES === '')('a single request', () => {
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
    expect(sent).toEqual([expect.not.stringContaining('ANY')])
  })
})

describe.skipIf(POSTGRES === '')('a row that another application has locked', () => {
  it.each(ISOLATIONS)('delays no other row, and is written when it is unlocked (%s)', async (isolation) => {
    const { store, rows, table, pool } = await filled(8, isolation)
    const other = await pool.connect()
    await other.query('BEGIN')
    await other.query(`SELECT FROM "${table}" WHERE "key" = $1 FOR UPDATE`, [rows[3]?.[0]])
    const done: number[] = []
    const swaps = rows.map(async ([key, { version }], index) => {
      const result = await store.replace({ key, entry: sampleEntry(), expected: version, now: NOW })
      done.push(index)
      return result
    })
    await expect.poll(() => done.length).toBe(7)
    expect(done).not.toContain(3)
    await other.query('ROLLBACK')
    other.release()
    expect(await Promise.all(swaps)).toEqual(rows.map(() => OK))
  })

  it.each(ISOLATIONS)('is judged by its state after the lock (%s)', async (isolation) => {
    const { store, rows, table, pool } = await filled(3, isolation)
    const [[a, first], [b, second], [c, third]] = rows as [[string, Entry], [string, Entry], [string, Entry]]
    const other = await pool.connect()
    await other.query('BEGIN')
    await other.query(`UPDATE "${table}" SET "version" = 'theirs' WHERE "key" = $1`, [a])
    await other.query(`DELETE FROM "${table}" WHERE "key" = $1`, [b])
    const swaps = [
      store.replace({ key: a, entry: sampleEntry(), expected: first.version, now: NOW }),
      store.replace({ key: b, entry: sampleEntry(), expected: second.version, now: NOW }),
    ]
    const free = await store.replace({ key: c, entry: sampleEntry(), expected: third.version, now: NOW })
    await new Promise((resolve) => setTimeout(resolve, 50))
    await other.query('COMMIT')
    other.release()
    expect(free).toEqual(OK)
    expect(await Promise.all(swaps)).toEqual([
      { ok: false, reason: 'stale', current: { ...first, version: 'theirs' } },
      { ok: false, reason: 'missing' },
    ])
  })
})

describe.skipIf(POSTGRES === '')('a rejected batch', () => {
  it('is repeated row by row, so only the faulty row fails', async () => {
    const { store, rows, table, pool } = await filled(4)
    await pool.query(`ALTER TABLE "${table}" ADD CHECK ("payload" <> 'forbidden')`)
    const outcomes = await Promise.allSettled(
      rows.map(([key, { version }], index) =>
        store.replace({ key, entry: sampleEntry(index === 2 ? { payload: 'forbidden' } : {}), expected: version, now: NOW }),
      ),
    )
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled'])
    expect(outcomes[2]).toMatchObject({ reason: { code: 'ERR_SESSION_STORE', operation: 'replace', applied: false } })
    expect(await store.load({ key: rows[2]?.[0] ?? '', now: NOW })).toEqual(rows[2]?.[1])
  })

  it('fails for all rows when the response is lost, and nothing is sent again', async () => {
    const [table, pool] = [freshTable(), newPool()]
    let lose = false
    const client = watched(pool, () => {
      if (lose) throw Object.assign(new Error('the connection broke'), { code: 'ECONNRESET' })
    })
    const store = new PostgresStore({ pool: client, table })
    const entry = sampleEntry()
    await store.create({ key: 'a', entry })
    await store.create({ key: 'b', entry })
    client.sent.length = 0
    lose = true
    const swaps = await Promise.allSettled(
      ['a', 'b'].map((key) => store.replace({ key, entry: sampleEntry(), expected: entry.version, now: NOW })),
    )
    expect(swaps).toMatchObject([{ reason: { operation: 'replace' } }, { reason: { operation: 'replace' } }])
    expect(swaps.map((swap) => swap.status === 'rejected' && swap.reason.applied)).toEqual([undefined, undefined])
    expect(client.sent).toHaveLength(1)
  })
})

describe.skipIf(POSTGRES === '')('on Workers', () => {
  it('every operation is sent alone', async () => {
    vi.resetModules()
    vi.stubGlobal('navigator', { userAgent: 'Cloudflare-Workers' })
    try {
      const { PostgresStore: Store } = await import('../../../src/stores/postgres.ts')
      const client = watched(newPool())
      const store = new Store({ pool: client, table: freshTable() })
      await store.load({ key: 'a', now: NOW })
      client.sent.length = 0
      await Promise.all(['a', 'b', 'c'].map((key) => store.load({ key, now: NOW })))
      expect(client.sent).toHaveLength(3)
      expect(client.sent.some((text) => text.includes('ANY'))).toBe(false)
    } finally {
      vi.unstubAllGlobals()
    }
  })
})
