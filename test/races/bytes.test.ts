import { describe, expect, it } from 'vitest'
import type { Entry, Store } from '../../src/index.ts'
import { EVERYWHERE } from './checkpoints.ts'
import { scene } from './fixture.ts'

/** As a tool of another language may have written it. */
const FOREIGN = '{"z": 1.0, "big":12345678901234567890, "name":"\\u00e9", "nested":{"b":[1e2, 2.50],"a":null},"n":41}'

async function row(store: Store): Promise<readonly [string, Entry]> {
  const [only] = (await store.list?.({ now: 0 }))?.entries ?? []
  if (only === undefined) throw new Error('There is no row')
  return only
}

describe.each(EVERYWHERE)('a row that other software wrote (%s, %s)', (storeName, doorName) => {
  async function planted(): Promise<Awaited<ReturnType<typeof scene>>> {
    const all = await scene(storeName, doorName)
    await all.visitor.go('/set/a/1')
    const [key, entry] = await row(all.store)
    expect(
      await all.store.replace({ key, entry: { ...entry, payload: FOREIGN, version: 'by-hand' }, expected: entry.version, now: 0 }),
    ).toEqual({ ok: true })
    return all
  }

  it('is byte for byte the same after a request that reads all of it', async () => {
    const { visitor, store } = await planted()
    const before = await row(store)
    expect((await visitor.go('/read')).body).toEqual(JSON.parse(FOREIGN))
    expect(await row(store)).toEqual(before)
  })

  it('has the same property texts after a request that changes another property', async () => {
    const { visitor, store } = await planted()
    await visitor.go('/increment/n')
    const [, { payload }] = await row(store)
    for (const text of ['"z":1.0', '"big":12345678901234567890', '"name":"\\u00e9"', '"nested":{"b":[1e2, 2.50],"a":null}', '"n":42'])
      expect(payload).toContain(text)
    expect(JSON.parse(payload)).toEqual({ ...JSON.parse(FOREIGN), n: 42 })
  })
})
