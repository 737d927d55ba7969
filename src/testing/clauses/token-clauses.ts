import type { Entry, Refused, Store, Written } from '../../core/store/store.ts'
import { same } from '../same.ts'
import { fresh, HOUR, NOW, sampleEntry, TRICKY_TEXTS } from '../sample.ts'
import type { Clauses } from './clauses.ts'

/** What a store promises whose tokens hold the data: the token of the last write is the key. */
export const tokenClauses: Clauses = {
  'create answers a token that leads to the entry as it was created, every field': async (store) => {
    for (const entry of [sampleEntry(), sampleEntry({ userId: 'ada' })]) {
      const token = tokenOf(await store.create({ key: fresh('key'), entry }))
      same(await store.load({ key: token, now: NOW }), entry, 'the loaded entry')
      same(await store.load({ key: token, now: NOW, fresh: true }), entry, 'the freshly loaded entry')
    }
  },

  'keeps every text to the last character': async (store) => {
    for (const text of TRICKY_TEXTS) {
      const entry = sampleEntry({ payload: text, proof: text, version: text, commits: text, userId: text })
      same(
        await store.load({ key: tokenOf(await store.create({ key: fresh('key'), entry })), now: NOW }),
        entry,
        `the entry of ${JSON.stringify(text)}`,
      )
    }
  },

  'makes tokens of A-Z a-z 0-9 - _ alone, no two alike': async (store) => {
    const [key, entry] = [fresh('key'), sampleEntry({ payload: '{"text":"ä; =,\\"😀"}' })]
    const tokens = [tokenOf(await store.create({ key, entry })), tokenOf(await store.create({ key, entry }))]
    same(
      tokens.filter((token) => !/^[\w-]+$/.test(token)),
      [],
      'tokens with other characters',
    )
    same(new Set(tokens).size, 2, 'how many different tokens two writes of one entry make')
  },

  'judges expiry by the given now alone': async (store) => {
    const entry = sampleEntry()
    const token = tokenOf(await store.create({ key: fresh('key'), entry }))
    same(await store.load({ key: token, now: entry.expiresAt }), undefined, 'load at expiresAt')
    same(await store.load({ key: token, now: entry.expiresAt - 1 }), entry, 'load 1 ms before expiresAt')
    same(
      await store.replace({ key: token, entry: sampleEntry(), expected: entry.version, now: entry.expiresAt }),
      missing,
      'replace at expiresAt',
    )
  },

  'replace answers another token, that leads to the new entry': async (store) => {
    const [first, second] = [sampleEntry(), sampleEntry({ userId: 'eve', expiresAt: NOW + 2 * HOUR })]
    const token = tokenOf(await store.create({ key: fresh('key'), entry: first }))
    const next = tokenOf(await store.replace({ key: token, entry: second, expected: first.version, now: NOW }))
    same(next === token, false, 'whether the token is the same')
    same(await store.load({ key: next, now: NOW }), second, 'the entry of the new token')
  },

  'refuses a version that is not the one in the token as stale': async (store) => {
    const entry = sampleEntry()
    const token = tokenOf(await store.create({ key: fresh('key'), entry }))
    const refusal = { ok: false, reason: 'stale', current: entry }
    same(
      await store.replace({ key: token, entry: sampleEntry(), expected: fresh('version'), now: NOW }),
      refusal,
      'replace with a version that never was',
    )
  },

  'touch changes nothing': async (store) => {
    const entry = sampleEntry()
    const token = tokenOf(await store.create({ key: fresh('key'), entry }))
    same(await store.touch({ key: token, expiresAt: NOW + 2 * HOUR, expected: entry.version, now: NOW }), false, 'touch')
    same(await store.load({ key: token, now: NOW }), entry, 'the entry')
  },

  'takes nothing for a token that is none, and never throws at it': async (store) => {
    const token = tokenOf(await store.create({ key: fresh('key'), entry: sampleEntry() }))
    const middle = Math.floor(token.length / 2)
    const others = ['', ' ', 'null', '%00', token.slice(1), token.slice(0, -1), `${token}A`, token.slice(0, middle), 'A'.repeat(10_000)]
    const changed = token.slice(0, middle) + (token[middle] === 'A' ? 'B' : 'A') + token.slice(middle + 1)
    for (const other of [...others, changed]) {
      same(await store.load({ key: other, now: NOW }), undefined, `load of ${JSON.stringify(other)}`)
      same(
        await store.replace({ key: other, entry: sampleEntry(), expected: 'v', now: NOW }),
        missing,
        `replace of ${JSON.stringify(other)}`,
      )
      same(await store.touch({ key: other, expiresAt: NOW + HOUR, expected: 'v', now: NOW }), false, `touch of ${JSON.stringify(other)}`)
    }
  },

  'delete of a token may be repeated': async (store) => {
    const token = tokenOf(await store.create({ key: fresh('key'), entry: sampleEntry() }))
    await store.delete({ key: token })
    same(await store.delete({ key: token }), false, 'the second delete')
  },
}

/** What a store adds that remembers which sessions ended. */
export const revocationClauses: Clauses = {
  'after delete no token of the session leads anywhere, and none is made': async (store) => {
    const { older, token, entry } = await written(store)
    same(await store.delete({ key: older }), true, 'delete by the older of two tokens')
    same(
      [await store.load({ key: older, now: NOW }), await store.load({ key: token, now: NOW })],
      [undefined, undefined],
      'what both lead to',
    )
    same(
      await store.replace({ key: token, entry: sampleEntry({ proof: entry.proof }), expected: entry.version, now: NOW }),
      missing,
      'replace',
    )
  },

  'after a new proof the tokens of the old one are not the living ones': async (store) => {
    const { older, token, entry } = await written(store)
    const renewed = sampleEntry()
    const next = tokenOf(await store.replace({ key: token, entry: renewed, expected: entry.version, now: NOW }))
    same(await store.load({ key: next, now: NOW }), renewed, 'the entry of the new token')
    for (const old of [older, token])
      same((await store.load({ key: old, now: NOW }))?.proof, renewed.proof, 'the proof that an old token must match')
  },

  'of two new proofs at once one is made': async (store) => {
    const { token, entry } = await written(store)
    const outcomes = await Promise.all(
      Array.from({ length: 5 }, () => store.replace({ key: token, entry: sampleEntry(), expected: entry.version, now: NOW })),
    )
    same(outcomes.filter(({ ok }) => ok).length, 1, 'how many were told that they had made one')
  },

  'says the second time that there was nothing to delete': async (store) => {
    const { token } = await written(store)
    same([await store.delete({ key: token }), await store.delete({ key: token })], [true, false], 'two deletes')
  },
}

const missing: Refused = { ok: false, reason: 'missing' }

function tokenOf(outcome: Written | Refused): string {
  if (outcome.ok && outcome.token !== undefined) return outcome.token
  throw new Error(`a write has to answer with a token, not with ${JSON.stringify(outcome)}`)
}

/** A session that was written twice under one proof. */
async function written(store: Store): Promise<{ readonly older: string; readonly token: string; readonly entry: Entry }> {
  const first = sampleEntry()
  const older = tokenOf(await store.create({ key: fresh('key'), entry: first }))
  const entry = sampleEntry({ proof: first.proof })
  return { older, token: tokenOf(await store.replace({ key: older, entry, expected: first.version, now: NOW })), entry }
}
