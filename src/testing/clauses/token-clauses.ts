import type { Entry, Refused, Store, Written } from '../../core/store/store.ts'
import { same } from '../same.ts'
import { fresh, HOUR, NOW, sampleEntry, TRICKY_TEXTS } from '../sample.ts'
import type { Clauses } from './clauses.ts'

/** What a store promises whose tokens hold the data: the token of the last write is the key. */
export const tokenClauses: Clauses = {
  'create answers a token that leads to the entry as it was created, every field': async (store) => {
    for (const entry of [sampleEntry(), sampleEntry({ userId: 'ada' })]) {
      const token = tokenOf(await store.create(fresh('key'), entry))
      same(await store.load(token, NOW), entry, 'the loaded entry')
      same(await store.load(token, NOW, { fresh: true }), entry, 'the freshly loaded entry')
    }
  },

  'keeps every text to the last character': async (store) => {
    for (const text of TRICKY_TEXTS) {
      const entry = sampleEntry({ payload: text, proof: text, version: text, commits: text, userId: text })
      same(await store.load(tokenOf(await store.create(fresh('key'), entry)), NOW), entry, `the entry of ${JSON.stringify(text)}`)
    }
  },

  'makes tokens of A-Z a-z 0-9 - _ alone, no two alike': async (store) => {
    const [key, entry] = [fresh('key'), sampleEntry({ payload: '{"text":"ä; =,\\"😀"}' })]
    const tokens = [tokenOf(await store.create(key, entry)), tokenOf(await store.create(key, entry))]
    same(
      tokens.filter((token) => !/^[\w-]+$/.test(token)),
      [],
      'tokens with other characters',
    )
    same(new Set(tokens).size, 2, 'how many different tokens two writes of one entry make')
  },

  'judges expiry by the given now alone': async (store) => {
    const entry = sampleEntry()
    const token = tokenOf(await store.create(fresh('key'), entry))
    same(await store.load(token, entry.expiresAt), undefined, 'load at expiresAt')
    same(await store.load(token, entry.expiresAt - 1), entry, 'load 1 ms before expiresAt')
    same(await store.replace(token, sampleEntry(), entry.version, entry.expiresAt), missing, 'replace at expiresAt')
  },

  'replace answers another token, that leads to the new entry': async (store) => {
    const [first, second] = [sampleEntry(), sampleEntry({ userId: 'eve', expiresAt: NOW + 2 * HOUR })]
    const token = tokenOf(await store.create(fresh('key'), first))
    const next = tokenOf(await store.replace(token, second, first.version, NOW))
    same(next === token, false, 'whether the token is the same')
    same(await store.load(next, NOW), second, 'the entry of the new token')
  },

  'refuses a version that is not the one in the token as stale': async (store) => {
    const entry = sampleEntry()
    const token = tokenOf(await store.create(fresh('key'), entry))
    const refusal = { ok: false, reason: 'stale', current: entry }
    same(await store.replace(token, sampleEntry(), fresh('version'), NOW), refusal, 'replace with a version that never was')
  },

  'touch changes nothing': async (store) => {
    const entry = sampleEntry()
    const token = tokenOf(await store.create(fresh('key'), entry))
    same(await store.touch(token, NOW + 2 * HOUR, entry.version, NOW), false, 'touch')
    same(await store.load(token, NOW), entry, 'the entry')
  },

  'takes nothing for a token that is none, and never throws at it': async (store) => {
    const token = tokenOf(await store.create(fresh('key'), sampleEntry()))
    const middle = Math.floor(token.length / 2)
    const others = ['', ' ', 'null', '%00', token.slice(1), token.slice(0, -1), `${token}A`, token.slice(0, middle), 'A'.repeat(10_000)]
    const changed = token.slice(0, middle) + (token[middle] === 'A' ? 'B' : 'A') + token.slice(middle + 1)
    for (const other of [...others, changed]) {
      same(await store.load(other, NOW), undefined, `load of ${JSON.stringify(other)}`)
      same(await store.replace(other, sampleEntry(), 'v', NOW), missing, `replace of ${JSON.stringify(other)}`)
      same(await store.touch(other, NOW + HOUR, 'v', NOW), false, `touch of ${JSON.stringify(other)}`)
    }
  },

  'delete of a token may be repeated': async (store) => {
    const token = tokenOf(await store.create(fresh('key'), sampleEntry()))
    await store.delete(token)
    same(await store.delete(token), false, 'the second delete')
  },
}

/** What a store adds that remembers which sessions ended. */
export const revocationClauses: Clauses = {
  'after delete no token of the session leads anywhere, and none is made': async (store) => {
    const { older, token, entry } = await written(store)
    same(await store.delete(older), true, 'delete by the older of two tokens')
    same([await store.load(older, NOW), await store.load(token, NOW)], [undefined, undefined], 'what both lead to')
    same(await store.replace(token, sampleEntry({ proof: entry.proof }), entry.version, NOW), missing, 'replace')
  },

  'after a new proof the tokens of the old one are not the living ones': async (store) => {
    const { older, token, entry } = await written(store)
    const renewed = sampleEntry()
    const next = tokenOf(await store.replace(token, renewed, entry.version, NOW))
    same(await store.load(next, NOW), renewed, 'the entry of the new token')
    for (const old of [older, token]) same((await store.load(old, NOW))?.proof, renewed.proof, 'the proof that an old token must match')
  },

  'of two new proofs at once one is made': async (store) => {
    const { token, entry } = await written(store)
    const outcomes = await Promise.all(Array.from({ length: 5 }, () => store.replace(token, sampleEntry(), entry.version, NOW)))
    same(outcomes.filter(({ ok }) => ok).length, 1, 'how many were told that they had made one')
  },

  'says the second time that there was nothing to delete': async (store) => {
    const { token } = await written(store)
    same([await store.delete(token), await store.delete(token)], [true, false], 'two deletes')
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
  const older = tokenOf(await store.create(fresh('key'), first))
  const entry = sampleEntry({ proof: first.proof })
  return { older, token: tokenOf(await store.replace(older, entry, first.version, NOW)), entry }
}
