import { expect, it } from 'vitest'
import { aliasIds } from '../../../src/core/store/alias-ids.ts'
import type { Entry } from '../../../src/core/store/store.ts'

let count = 0
const ids = aliasIds((length) => String((count += 1)).padStart(length, 'a'), 'scope')

const entryOf = (proof: string): Entry => ({ payload: '', proof, idAt: 0, version: '', commits: '', createdAt: 0, seenAt: 0, expiresAt: 1 })

it('generates ids of 49 characters that begin with ~ and have no dot, and parses them', () => {
  const created = ids.create()
  expect(created.id).toMatch(/^~[A-Za-z0-9_-]{48}$/)
  expect(ids.parse(created.id)).toEqual(created)
})

it('renews an id with the same key and another proof', () => {
  for (const before of [ids.create(), ids.parse('any text')]) {
    if (before === undefined) throw new Error('the text was not parsed')
    const after = ids.renew(before)
    expect(after).toMatchObject({ key: before.key, handle: before.handle })
    expect(after.id).toMatch(/^~/)
    expect(after.proof).not.toBe(before.proof)
    expect(ids.parse(after.id)).toEqual(after)
    expect(ids.isCurrent(before, entryOf(after.proof))).toBe(false)
    expect(ids.isCurrent(after, entryOf(after.proof))).toBe(true)
  }
})

it.each(['a', 'ünï', `~${'a'.repeat(47)}`, `~${'a'.repeat(49)}`, `~${'a'.repeat(47)}.`, 'x'.repeat(10_000)])(
  'parses another text as the alias of an ordinary id, without keeping it in key or proof',
  (text) => {
    const parsed = ids.parse(text)
    expect(parsed).toMatchObject({ id: text })
    expect(ids.parse(text)).toEqual(parsed)
    expect([parsed?.key, parsed?.proof]).toEqual([expect.stringMatching(/^[\w-]{43}$/), expect.stringMatching(/^[\w-]{43}$/)])
  },
)

it('gives similar texts different keys and proofs', () => {
  const texts = ['customer-portal-1', 'customer-portal-2', `${'a'.repeat(48)}1`, `${'a'.repeat(48)}2`]
  const parsed = texts.map((text) => ids.parse(text))
  expect(new Set(parsed.map((identity) => identity?.key)).size).toBe(texts.length)
  expect(new Set(parsed.map((identity) => identity?.proof)).size).toBe(texts.length)
})

it('the ids of one scope lead to other rows in another', () => {
  const other = aliasIds(() => '', 'other')
  expect(other.parse('sid')?.key).not.toBe(ids.parse('sid')?.key)
})
