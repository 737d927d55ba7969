import { results } from '../../core/store/results.ts'
import type { Entry, Refused, Store, Written } from '../../core/store/store.ts'
import { assertEqual } from '../assert-equal.ts'
import { fresh, HOUR, NOW, overwrite, sampleEntry, TRICKY_TEXTS } from '../sample.ts'
import type { Clauses } from './clauses.ts'

/** For a store whose tokens hold the data: the token of the last write is the key. */
export const tokenClauses: Clauses = {
  'create returns a token that loads the entry as it was created, every field': async (store) => {
    for (const entry of [sampleEntry(), sampleEntry({ userId: 'ada' })]) {
      const token = tokenOf(await store.create({ key: fresh('key'), entry }))
      assertEqual(await store.load({ key: token, now: NOW }), entry, 'the loaded entry')
      assertEqual(await store.load({ key: token, now: NOW, fresh: true }), entry, 'the freshly loaded entry')
    }
  },

  'keeps every text to the last character': async (store) => {
    for (const text of TRICKY_TEXTS) {
      const entry = sampleEntry({ payload: text, proof: text, version: text, commits: text, userId: text })
      assertEqual(
        await store.load({ key: tokenOf(await store.create({ key: fresh('key'), entry })), now: NOW }),
        entry,
        `the entry of ${JSON.stringify(text)}`,
      )
    }
  },

  'makes tokens of A-Z a-z 0-9 - _ only, and no two equal ones': async (store) => {
    const [key, entry] = [fresh('key'), sampleEntry({ payload: '{"text":"ä; =,\\"😀"}' })]
    const tokens = [tokenOf(await store.create({ key, entry })), tokenOf(await store.create({ key, entry }))]
    assertEqual(
      tokens.filter((token) => !/^[\w-]+$/.test(token)),
      [],
      'tokens with other characters',
    )
    assertEqual(new Set(tokens).size, 2, 'the number of different tokens of two writes')
  },

  'judges expiry only by the given now': async (store) => {
    const entry = sampleEntry()
    const token = tokenOf(await store.create({ key: fresh('key'), entry }))
    assertEqual(await store.load({ key: token, now: entry.expiresAt }), undefined, 'load at expiresAt')
    assertEqual(await store.load({ key: token, now: entry.expiresAt - 1 }), entry, 'load 1 ms before expiresAt')
    assertEqual(
      await overwrite(store, { key: token, expected: entry.version, now: entry.expiresAt }),
      results.missing,
      'replace at expiresAt',
    )
  },

  'replace returns another token that loads the new entry': async (store) => {
    const [first, second] = [sampleEntry(), sampleEntry({ userId: 'eve', expiresAt: NOW + 2 * HOUR })]
    const token = tokenOf(await store.create({ key: fresh('key'), entry: first }))
    const next = tokenOf(await store.replace({ key: token, entry: second, expected: first.version, now: NOW }))
    assertEqual(next === token, false, 'whether the tokens are equal')
    assertEqual(await store.load({ key: next, now: NOW }), second, 'the entry of the new token')
  },

  'refuses a version other than that of the token as stale': async (store) => {
    const entry = sampleEntry()
    const token = tokenOf(await store.create({ key: fresh('key'), entry }))
    const refusal = results.stale(entry)
    assertEqual(await overwrite(store, { key: token, expected: fresh('version') }), refusal, 'replace with an unknown version')
  },

  'touch changes nothing': async (store) => {
    const entry = sampleEntry()
    const token = tokenOf(await store.create({ key: fresh('key'), entry }))
    assertEqual(await store.touch({ key: token, expiresAt: NOW + 2 * HOUR, expected: entry.version, now: NOW }), false, 'touch')
    assertEqual(await store.load({ key: token, now: NOW }), entry, 'the entry')
  },

  'treats an invalid token as no session, and never throws': async (store) => {
    const token = tokenOf(await store.create({ key: fresh('key'), entry: sampleEntry() }))
    const middle = Math.floor(token.length / 2)
    const others = ['', ' ', 'null', '%00', token.slice(1), token.slice(0, -1), `${token}A`, token.slice(0, middle), 'A'.repeat(10_000)]
    const changed = token.slice(0, middle) + (token[middle] === 'A' ? 'B' : 'A') + token.slice(middle + 1)
    for (const other of [...others, changed]) {
      assertEqual(await store.load({ key: other, now: NOW }), undefined, `load of ${JSON.stringify(other)}`)
      assertEqual(await overwrite(store, { key: other, expected: 'v' }), results.missing, `replace of ${JSON.stringify(other)}`)
      assertEqual(
        await store.touch({ key: other, expiresAt: NOW + HOUR, expected: 'v', now: NOW }),
        false,
        `touch of ${JSON.stringify(other)}`,
      )
    }
  },

  'delete of a token can be repeated': async (store) => {
    const token = tokenOf(await store.create({ key: fresh('key'), entry: sampleEntry() }))
    await store.delete({ key: token })
    assertEqual(await store.delete({ key: token }), false, 'the second delete')
  },
}

/** For a store that also remembers which sessions have ended. */
export const revocationClauses: Clauses = {
  'after delete no token of the session loads an entry, and replace makes none': async (store) => {
    const { older, token, entry } = await writeTwice(store)
    assertEqual(await store.delete({ key: older }), true, 'delete by the older of two tokens')
    assertEqual(
      [await store.load({ key: older, now: NOW }), await store.load({ key: token, now: NOW })],
      [undefined, undefined],
      'the entries of both tokens',
    )
    assertEqual(
      await store.replace({ key: token, entry: sampleEntry({ proof: entry.proof }), expected: entry.version, now: NOW }),
      results.missing,
      'replace',
    )
  },

  'after a new proof the tokens with the old one are not current': async (store) => {
    const { older, token, entry } = await writeTwice(store)
    const renewed = sampleEntry()
    const next = tokenOf(await store.replace({ key: token, entry: renewed, expected: entry.version, now: NOW }))
    assertEqual(await store.load({ key: next, now: NOW }), renewed, 'the entry of the new token')
    for (const old of [older, token])
      assertEqual((await store.load({ key: old, now: NOW }))?.proof, renewed.proof, 'the proof that an old token must match')
  },

  'of two concurrent new proofs one is accepted': async (store) => {
    const { token, entry } = await writeTwice(store)
    const outcomes = await Promise.all(Array.from({ length: 5 }, () => overwrite(store, { key: token, expected: entry.version })))
    assertEqual(outcomes.filter(({ ok }) => ok).length, 1, 'the number of successful writes')
  },

  'a second delete returns false': async (store) => {
    const { token } = await writeTwice(store)
    assertEqual([await store.delete({ key: token }), await store.delete({ key: token })], [true, false], 'two deletes')
  },
}

function tokenOf(outcome: Written | Refused): string {
  if (outcome.ok && outcome.token !== undefined) return outcome.token
  throw new Error(`a write must return a token, but returned ${JSON.stringify(outcome)}`)
}

/** Writes a session twice with one proof. */
async function writeTwice(store: Store): Promise<{ readonly older: string; readonly token: string; readonly entry: Entry }> {
  const first = sampleEntry()
  const older = tokenOf(await store.create({ key: fresh('key'), entry: first }))
  const entry = sampleEntry({ proof: first.proof })
  return { older, token: tokenOf(await store.replace({ key: older, entry, expected: first.version, now: NOW })), entry }
}
