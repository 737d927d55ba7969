import { existsSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { MemoryStore } from '../../src/stores/memory.ts'
import { openStore } from '../../src/stores/open.ts'
import { NOW, sampleEntry } from '../../src/testing/sample.ts'
import { storeSuite } from '../../src/testing/store-suite.ts'
import { newSqliteFile } from './sqlite/sqlite-folder.ts'

const CONFIG = expect.objectContaining({ code: 'ERR_SESSION_CONFIG' })

storeSuite('A store of sqlite:', () => openStore(`sqlite:${newSqliteFile()}`), { describe, it })

describe('openStore', () => {
  it('opens a SQLite file by both forms of its path', async () => {
    const path = newSqliteFile()
    const entry = sampleEntry()
    for (const [key, url] of [`sqlite:${path}`, `sqlite://${path}?durability=full&busyTimeout=10ms`].entries()) {
      const store = await openStore(url)
      expect(await store.create({ key: String(key), entry })).toEqual({ ok: true })
      await store.close?.()
      await expect(store.load({ key: '0', now: NOW })).rejects.toThrow('The store is closed')
    }
    const store = await openStore(`SQLITE:${path}`)
    expect(await Promise.all(['0', '1'].map((key) => store.load({ key, now: NOW })))).toEqual([entry, entry])
    await store.close?.()
  })

  it('decodes a percent-encoded path', async () => {
    const path = newSqliteFile().replace('.db', ' 100%?#.db')
    const store = await openStore(`sqlite:${encodeURIComponent(path)}`)
    await store.create({ key: 'a', entry: sampleEntry() })
    await store.close?.()
    expect(existsSync(path)).toBe(true)
  })

  it('takes `table` from the URL and `create` from the options', async () => {
    const path = newSqliteFile()
    const store = await openStore(`sqlite:${path}?table=mine`, { createTable: false })
    await expect(store.load({ key: 'a', now: NOW })).rejects.toThrow('no such table: mine')
    expect(await store.migrate?.()).toContain('CREATE TABLE IF NOT EXISTS "mine"')
    expect(await store.load({ key: 'a', now: NOW })).toBeUndefined()
    await store.close?.()
  })

  it('with `existing` creates no file and names the missing one', async () => {
    const path = newSqliteFile()
    await expect(openStore(`sqlite:${path}`, { existing: true })).rejects.toMatchObject({
      code: 'ERR_SESSION_CONFIG',
      message: expect.stringContaining(path),
    })
    expect(existsSync(path)).toBe(false)
    const first = await openStore(`sqlite:${path}`)
    await first.migrate?.()
    await first.close?.()
    const store = await openStore(`sqlite:${path}`, { existing: true })
    expect(await store.load({ key: 'a', now: NOW })).toBeUndefined()
    await store.close?.()
  })

  it('opens a store in memory', async () => {
    const store = await openStore('memory:?max=1')
    expect(store).toBeInstanceOf(MemoryStore)
    for (const key of ['a', 'b']) await store.create({ key, entry: sampleEntry() })
    expect(await store.load({ key: 'a', now: NOW })).toBeUndefined()
  })

  it.each([
    ['', 'has no scheme'],
    [undefined, 'has no scheme'],
    ['hunter2', 'has no scheme'],
    ['mongodb://u:hunter2@host/d', 'begin with `mongodb:`'],
    ['constructor:x', 'begin with `constructor:`'],
    ['sqlite:', 'and a path'],
    ['sqlite://sessions.db', 'and a path'],
    ['sqlite:100%.db', '%25'],
    ['sqlite:a.db?hunter=2', 'no parameter `hunter`'],
    ['sqlite:a.db?durability=some', "`durability` is 'some'"],
    ['sqlite:a.db?busyTimeout=long', "`busyTimeout` is 'long'"],
    ['memory:sessions', '`memory:`'],
    ['memory:?max=many', '`max` is NaN'],
    ['memory:?table=x', 'no parameter `table`'],
    ['postgres:host/d', 'postgres://user:password@host/database'],
    ['postgres://u:hunter2#@host/d', '%23 for #'],
    ['postgres://u:hunter/2@host/d', '%2F for /'],
    ['postgres://u:hunter2@host/d?table=a.b.c', "`table` is 'a.b.c'"],
    ['mysql://u:hunter2#@host/d', '%23 for #'],
    ['mysql://u:hunter2@host/d?statementTimeout=soon', "`statementTimeout` is 'soon'"],
    ['redis://:hunter2#@host', '%23 for #'],
    ['redis://:hunter2@host?table=x', 'no parameter `table`'],
    ['redis+cluster://:hunter2@', 'redis+cluster://user:password@host1:6379,host2:6379'],
    ['redis+cluster://:hunter2#@a,b', 'redis+cluster://user:password@host1:6379,host2:6379'],
  ])('rejects %s with a remedy and without the password', async (url, words) => {
    const refusal = openStore(url as string).catch((error: unknown) => error)
    expect(await refusal).toEqual(CONFIG)
    expect(String(await refusal)).toContain(words)
    expect(String(await refusal)).not.toMatch(/hunter.?2/)
  })
})
