import { Redis } from 'ioredis'
import { createPool } from 'mysql2'
import { Client, Pool } from 'pg'
import { expect, it } from 'vitest'
import { ignore } from '../../src/core/base/ignore.ts'
import { MemoryStore } from '../../src/stores/memory.ts'
import { MysqlStore } from '../../src/stores/mysql.ts'
import { openStore } from '../../src/stores/open.ts'
import { PostgresStore } from '../../src/stores/postgres.ts'
import { RedisStore } from '../../src/stores/redis.ts'
import { SqliteStore } from '../../src/stores/sqlite.ts'

/** Returns the message of the `ConfigError` that `act` throws. */
function refusal(act: () => unknown): string {
  try {
    act()
  } catch (error) {
    expect((error as { code?: string }).code).toBe('ERR_SESSION_CONFIG')
    return (error as Error).message
  }
  throw new Error('nothing was thrown')
}

it.each([
  ['PostgresStore', () => new PostgresStore({ pool: 'postgres://shop:hunter2@host/shop' as never })],
  ['MysqlStore', () => new MysqlStore({ pool: 'mysql://shop:hunter2@host/shop' as never })],
])('%s hides the password of a URL that is passed as the pool', (_, act) => {
  expect(refusal(act)).toContain("`pool` is '")
  expect(refusal(act)).toContain('shop:***@host')
})

it('an absent option is reported as missing', () => {
  expect(refusal(() => new PostgresStore({} as never))).toContain('PostgresStore: option `pool` is missing: pass a `Pool` of pg')
})

it.each([
  ['PostgresStore', 'pool', () => new PostgresStore(new Pool() as never)],
  ['MysqlStore', 'pool', () => new MysqlStore(createPool({}) as never)],
  ['RedisStore', 'client', () => new RedisStore(new Redis({ lazyConnect: true }) as never)],
  ['RedisStore', 'client', () => new RedisStore({ url: 'redis://localhost' } as never)],
])('%s without an options object reports `%s` as missing and how to pass it', (store, option, act) => {
  expect(refusal(act)).toContain(`${store}: option \`${option}\` is missing:`)
  expect(refusal(act)).toContain(`\`new ${store}({ ${option} })\``)
})

it('an error shows only the type of an object, and the beginning of a long text', () => {
  expect(refusal(() => new MemoryStore({ max: { password: 'hunter2' } as never }))).toContain('`max` is an object:')
  expect(refusal(() => new MemoryStore({ max: 'long'.repeat(100) as never }))).toContain(`is '${'long'.repeat(10)}…':`)
})

it.each([
  ['a single connection of pg', new Client(), 'this is a single `Client`'],
  [
    'the `sql` of a transaction of postgres.js',
    Object.assign(() => undefined, { unsafe: ignore, savepoint: ignore }),
    '`sql` of one transaction',
  ],
  ['`neon()`', Object.assign(() => undefined, { unsafe: ignore, transaction: ignore, query: ignore }), 'this is the `neon()` of Neon'],
  ['`PrismaPg`', { connect: ignore, connectToShadowDb: ignore }, 'this is an adapter of Prisma'],
])('PostgresStore names %s in place of a pool', (_, pool, what) => {
  const message = refusal(() => new PostgresStore({ pool: pool as never }))
  expect(message).toContain(what)
  expect(message).toContain('pass a `Pool` of pg')
})

it('PostgresStore says at the first operation that `connect()` returned no connection of a pool', async () => {
  const failure = new PostgresStore({ pool: { connect: async () => ({ query: ignore }) } as never }).load({ key: 'a', now: 0 })
  await expect(failure).rejects.toMatchObject({
    code: 'ERR_SESSION_STORE',
    applied: false,
    remedy: expect.stringContaining('Pass a `Pool`'),
  })
})

it.each([
  ['that returns a promise', { getConnection: async () => ({ release: ignore }) }],
  [
    'whose connections have no `execute`',
    { getConnection: (done: (error: null, value: object) => void) => done(null, { release: ignore }) },
  ],
])('MysqlStore names a pool %s at the first operation', async (_, pool) => {
  const failure = new MysqlStore({ pool: pool as never }).load({ key: 'a', now: 0 })
  await expect(failure).rejects.toMatchObject({ code: 'ERR_SESSION_STORE', applied: false, remedy: expect.stringContaining('createPool') })
})

it('RedisStore refuses a prefix with a hash tag, its own and that of the client', () => {
  const client = new Redis({ lazyConnect: true })
  expect(refusal(() => new RedisStore({ client, prefix: 'shop{1}:' }))).toContain('hash tag')
  expect(refusal(() => new RedisStore({ client: new Redis({ lazyConnect: true, keyPrefix: '{shop}:' }) }))).toContain(
    'leave out the braces',
  )
  for (const prefix of ['shop{:', '{}shop:', 'shop}:']) expect(() => new RedisStore({ client, prefix })).not.toThrow()
})

it.each<[options: unknown, contained: string]>([
  [{ create: false }, 'use `createTable`'],
  [{ tabel: 'shop' }, '`tabel` does not exist. The options are createTable, existing'],
  [{ table: 'shop' }, '?table=shop'],
  [{ createTable: 'no' }, "`createTable` is 'no'"],
  ['shop', "not 'shop'"],
])('openStore refuses %o', async (options, contained) => {
  await expect(openStore('memory:', options as never)).rejects.toMatchObject({
    code: 'ERR_SESSION_CONFIG',
    message: expect.stringContaining(contained) as string,
  })
})

it('SqliteStore refuses a second argument, which would have no effect', () => {
  const Store = SqliteStore as unknown as new (...args: unknown[]) => unknown
  expect(refusal(() => new Store(':memory:', { table: 'shop' }))).toContain('Pass all options in one object')
})

it('the error of a pool that the application has ended is no outage: it says so', async () => {
  const [pg, mysql] = [new Pool(), createPool({})]
  await pg.end()
  await new Promise((resolve) => mysql.end(resolve))
  for (const store of [new PostgresStore({ pool: pg }), new MysqlStore({ pool: mysql })]) {
    await expect(store.load({ key: 'a', now: 0 })).rejects.toMatchObject({
      code: 'ERR_SESSION_STORE',
      applied: false,
      remedy: expect.stringContaining('has ended this one') as string,
    })
  }
})
