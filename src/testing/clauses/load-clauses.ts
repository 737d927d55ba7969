import { results } from '../../core/store/results.ts'
import type { Entry } from '../../core/store/store.ts'
import { assertEqual } from '../assert-equal.ts'
import { ALIKE_TEXTS, createRow, fresh, HOUR, NOW, sampleEntry, TRICKY_TEXTS } from '../sample.ts'
import type { Clauses } from './clauses.ts'

export const loadClauses: Clauses = {
  'returns undefined for a key that was never written': async (store) => {
    assertEqual(await store.load({ key: fresh('key'), now: NOW }), undefined, 'load of an unknown key')
  },

  'returns every field as it was created': async (store) => {
    for (const entry of [sampleEntry(), sampleEntry({ userId: 'ada' })]) {
      const key = fresh('key')
      await store.create({ key, entry })
      assertEqual(await store.load({ key, now: NOW }), entry, 'the loaded entry')
      assertEqual(await store.load({ key, now: NOW, fresh: true }), entry, 'the freshly loaded entry')
    }
  },

  'returns an entry until 1 ms before it expires, and undefined after that': async (store) => {
    const [key, entry] = await createRow(store)
    assertEqual(await store.load({ key, now: entry.expiresAt - 1 }), entry, 'load 1 ms before expiresAt')
    assertEqual(await store.load({ key, now: entry.expiresAt }), undefined, 'load at expiresAt')
    assertEqual(await store.load({ key, now: entry.expiresAt + 1 }), undefined, 'load 1 ms after expiresAt')
  },

  'judges expiry only by the given now: an entry that was expired once is returned for an earlier now': async (store) => {
    const [key, entry] = await createRow(store)
    assertEqual(await store.load({ key, now: NOW + 1000 * HOUR }), undefined, 'load long after')
    assertEqual(await store.load({ key, now: NOW }), entry, 'load before')
  },

  'returns with `now: 0` every row that was not cleared, also an expired one': async (store) => {
    const [key, entry] = await createRow(store, { expiresAt: NOW - HOUR })
    assertEqual(await store.load({ key, now: NOW }), undefined, 'load by the clock')
    assertEqual(await store.load({ key, now: 0 }), entry, 'load with `now: 0`')
    assertEqual(await store.load({ key, now: 0, fresh: true }), entry, 'fresh load with `now: 0`')
  },

  'distinguishes keys by case, padding and every character': async (store) => {
    const prefix = fresh('key')
    const rows = ALIKE_TEXTS.map((text) => [prefix + text, sampleEntry({ payload: JSON.stringify({ text }) })] as const)
    for (const [key, entry] of rows) assertEqual(await store.create({ key, entry }), results.written, `create of ${JSON.stringify(key)}`)
    for (const [key, entry] of rows) assertEqual(await store.load({ key, now: NOW }), entry, `load of ${JSON.stringify(key)}`)
    assertEqual(await store.load({ key: prefix, now: NOW }), undefined, 'load of the common prefix of the keys')
  },

  'returns no object through which a caller can change the row': async (store) => {
    const [key, entry] = [fresh('key'), sampleEntry()]
    const given: { payload: string } & Entry = { ...entry }
    await store.create({ key, entry: given })
    given.payload = 'changed by the caller of create'
    const loaded = await store.load({ key, now: NOW })
    mutate(loaded)
    assertEqual(await store.load({ key, now: NOW }), entry, 'the entry, after both the given and the loaded object were changed')
  },
}

function mutate(entry: Entry | undefined): void {
  try {
    Object.assign(entry ?? {}, { payload: 'changed by the caller of load' })
  } catch {
    // A frozen object is as safe as a copy.
  }
}

export const textClauses: Clauses = {
  'keeps every payload to the last character': async (store) => {
    for (const payload of TRICKY_TEXTS) await keepsFields(store, { payload })
  },

  'keeps a payload of 1 MiB': async (store) => {
    await keepsFields(store, { payload: JSON.stringify({ text: 'ä\\"\n😀'.repeat(2 ** 20 / 9) }) })
  },

  'keeps every proof, version and commits to the last character': async (store) => {
    for (const text of TRICKY_TEXTS) await keepsFields(store, { proof: text, version: text, commits: text })
  },

  'keeps a replaced entry to the last character as well': async (store) => {
    const key = fresh('key')
    let current = sampleEntry()
    await store.create({ key, entry: current })
    for (const text of TRICKY_TEXTS) {
      const next = sampleEntry({ payload: text, commits: text, version: `${current.version.length} ${text}` })
      assertEqual(
        await store.replace({ key, entry: next, expected: current.version, now: NOW }),
        results.written,
        `replace with ${JSON.stringify(text)}`,
      )
      assertEqual(await store.load({ key, now: NOW }), next, `load of ${JSON.stringify(text)}`)
      current = next
    }
  },
}

export const timeClauses: Clauses = {
  'keeps times from 0 to the last time of a Date, to the millisecond': async (store) => {
    const last = 8_640_000_000_000_000
    await keepsFields(store, { createdAt: 0, idAt: 0, seenAt: 0, expiresAt: last })
    await keepsFields(store, { createdAt: last, idAt: last - 1, seenAt: last - 2, expiresAt: last - 3 })
  },
}

async function keepsFields(store: Parameters<Clauses[string]>[0], fields: Partial<Entry>): Promise<void> {
  const [key, entry] = [fresh('key'), sampleEntry(fields)]
  await store.create({ key, entry })
  assertEqual(await store.load({ key, now: NOW }), entry, 'the loaded entry')
}

export const farClockClauses: Clauses = {
  'works with clocks far in the past and in the future': async (store) => {
    for (const now of [0, 1, 1_000_000, Date.UTC(1999, 0), Date.UTC(9999, 0), 8_640_000_000_000_000 - 2 * HOUR]) {
      const [key, entry] = [fresh('key'), sampleEntry({ createdAt: now, idAt: now, seenAt: now, expiresAt: now + HOUR })]
      const next = { ...entry, version: fresh('version') }
      await store.create({ key, entry })
      assertEqual(await store.load({ key, now: now + HOUR - 1 }), entry, `load by a clock at ${now}`)
      assertEqual(await store.load({ key, now: now + HOUR }), undefined, `load at the end by a clock at ${now}`)
      assertEqual(await store.touch({ key, expiresAt: now + HOUR + 1, expected: entry.version, now }), true, `touch by a clock at ${now}`)
      assertEqual(await store.replace({ key, entry: next, expected: entry.version, now }), results.written, `replace by a clock at ${now}`)
      assertEqual(await store.load({ key, now: now + HOUR }), undefined, `load of the replaced entry by a clock at ${now}`)
    }
  },
}
