import { describe, expect, it } from 'vitest'
import type { Entry, Store } from '../../src/index.ts'
import { startFixture } from './fixture.ts'
import { COMBINATIONS } from './servers.ts'

/** JSON as another program may have written it. */
const FOREIGN = '{"z": 1.0, "big":12345678901234567890, "name":"\\u00e9", "nested":{"b":[1e2, 2.50],"a":null},"n":41}'

async function row(store: Store): Promise<readonly [string, Entry]> {
  const [only] = (await store.list?.({ now: 0 }))?.entries ?? []
  if (only === undefined) throw new Error('There is no row')
  return only
}

describe.each(COMBINATIONS)('a row written by another program (%s, %s)', (storeName, serverName) => {
  async function startWithForeignRow(): Promise<Awaited<ReturnType<typeof startFixture>>> {
    const fixture = await startFixture(storeName, serverName)
    await fixture.browser.get('/set/a/1')
    const [key, entry] = await row(fixture.store)
    const foreign = { ...entry, payload: FOREIGN, version: 'foreign' }
    expect(await fixture.store.replace({ key, entry: foreign, expected: entry.version, now: 0 })).toEqual({ ok: true })
    return fixture
  }

  it('is unchanged, byte for byte, after a request that reads all of it', async () => {
    const { browser, store } = await startWithForeignRow()
    const before = await row(store)
    expect((await browser.get('/read')).body).toEqual(JSON.parse(FOREIGN))
    expect(await row(store)).toEqual(before)
  })

  it('keeps the text of every other property when a request changes one', async () => {
    const { browser, store } = await startWithForeignRow()
    await browser.get('/increment/n')
    const [, { payload }] = await row(store)
    for (const text of ['"z":1.0', '"big":12345678901234567890', '"name":"\\u00e9"', '"nested":{"b":[1e2, 2.50],"a":null}', '"n":42'])
      expect(payload).toContain(text)
    expect(JSON.parse(payload)).toEqual({ ...JSON.parse(FOREIGN), n: 42 })
  })
})
