import { expect } from 'vitest'
import type { Store } from '../../src/core/store/store.ts'
import { ALIKE_TEXTS, NOW, sampleEntry } from '../../src/testing/sample.ts'

const TEXTS = [
  ...new Set([
    ...ALIKE_TEXTS,
    'alike\0',
    'alike\0more',
    'alike\ud800',
    'alike\udbff',
    'alike\ufffd',
    '\u0001"alike"',
    '',
    'ﬁ',
    'fi',
    'ß',
    'ss',
    'Z',
    'a',
  ]),
]

/**
 * Asserts that the store distinguishes keys, versions and users that some databases treat as equal.
 * The store must be empty.
 */
export async function expectDistinctTexts(store: Store): Promise<void> {
  for (const [index, text] of TEXTS.entries())
    expect(await store.create({ key: text, entry: sampleEntry({ version: text, userId: text, idAt: index }) })).toEqual({ ok: true })
  const loaded = await Promise.all(TEXTS.map((text) => store.load({ key: text, now: NOW })))
  expect(loaded).toMatchObject(TEXTS.map((text, index) => ({ version: text, userId: text, idAt: index })))
  const keys: string[] = []
  for (let cursor: string | undefined, more = true; more; ) {
    const page = await store.list?.({ now: NOW, limit: 3, ...(cursor === undefined ? {} : { cursor }) })
    keys.push(...(page?.entries ?? []).map(([key]) => key))
    cursor = page?.cursor
    more = cursor !== undefined
  }
  expect(keys.toSorted()).toEqual(TEXTS.toSorted())
  for (const text of TEXTS) expect(await store.deleteByIndex?.({ index: 'userId', name: text })).toBe(1)
}
