import { Redis } from 'ioredis'
import { createPool } from 'mysql2'
import { Pool } from 'pg'
import { expect, it } from 'vitest'
import { MemoryStore } from '../../src/stores/memory.ts'
import { MysqlStore } from '../../src/stores/mysql.ts'
import { PostgresStore } from '../../src/stores/postgres.ts'
import { RedisStore } from '../../src/stores/redis.ts'

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
