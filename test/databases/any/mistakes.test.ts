import { Redis } from 'ioredis'
import { createPool } from 'mysql2'
import { Pool } from 'pg'
import postgres from 'postgres'
import { afterAll, describe, expect, inject, it } from 'vitest'
import { createSessions, type SessionEvent, type Store, type StoreError } from '../../../src/index.ts'
import { MysqlStore } from '../../../src/stores/mysql.ts'
import { PostgresStore } from '../../../src/stores/postgres.ts'
import { RedisStore } from '../../../src/stores/redis.ts'
import { incoming } from '../../helpers/incoming.ts'
import { freshTable } from '../../services/fresh-table.ts'

const ends: (() => unknown)[] = []
afterAll(async () => void (await Promise.all(ends.map((end) => end()))))

/** Asserts that each of several requests gets the remedy, and that the store is never down. */
async function expectRemedy(store: Store, remedy: RegExp): Promise<void> {
  const events: SessionEvent[] = []
  const sessions = createSessions({ store, clearExpired: false, onEvent: (event) => void events.push(event) })
  const cookie = `__Host-sid=${'a'.repeat(16)}.${'b'.repeat(32)}`
  for (let request = 0; request < 5; request += 1) {
    const error = (await sessions.open(incoming(cookie))).loadError as StoreError
    expect(error).toMatchObject({ code: 'ERR_SESSION_STORE', applied: false, remedy: expect.stringMatching(remedy) })
    expect(error.message).toMatch(/^The session store failed to load: /)
    expect(error.message).toMatch(remedy)
    expect(error.message).not.toContain('hunter2')
  }
  expect(events.map(({ type }) => type)).not.toContain('store-down')
}

function changed(url: string, change: (url: URL) => void): string {
  const result = new URL(url)
  change(result)
  return result.href
}

const POSTGRES = inject('postgres') ?? ''

describe.skipIf(POSTGRES === '')('PostgresStore says what to change', () => {
  const pool = (url: string): Pool => {
    const made = new Pool({ connectionString: url, max: 2, connectionTimeoutMillis: 1500 })
    ends.push(() => made.end())
    return made
  }

  it('when the table is missing', async () => {
    await expectRemedy(
      new PostgresStore({ pool: pool(POSTGRES), table: freshTable(), createTable: false }),
      /npx sojourn migrate.*schema\/postgres\.sql/,
    )
  })

  it('when the table is missing, with postgres.js', async () => {
    const sql = postgres(POSTGRES, { max: 1 })
    ends.push(() => sql.end())
    await expectRemedy(new PostgresStore({ pool: sql, table: freshTable(), createTable: false }), /npx sojourn migrate/)
  })

  it('when the schema is missing', async () => {
    await expectRemedy(new PostgresStore({ pool: pool(POSTGRES), table: 'nowhere.sessions' }), /Create the schema/)
  })

  it('when the database is missing', async () => {
    await expectRemedy(new PostgresStore({ pool: pool(changed(POSTGRES, (url) => (url.pathname = '/nowhere'))) }), /Create the database/)
  })

  it('when the role is unknown', async () => {
    const url = changed(POSTGRES, (each) => Object.assign(each, { username: 'nobody', password: 'hunter2' }))
    await expectRemedy(new PostgresStore({ pool: pool(url) }), /Correct the user and the password/)
  })

  it('when the table belongs to another application', async () => {
    const [shared, table] = [pool(POSTGRES), freshTable()]
    await shared.query(`CREATE TABLE "${table}" (sid text)`)
    await expectRemedy(new PostgresStore({ pool: shared, table }), /Set another name with the option `table`/)
  })
})

const MYSQL = inject('mysql') ?? ''

describe.skipIf(MYSQL === '')('MysqlStore says what to change', () => {
  const pool = (url: string): ReturnType<typeof createPool> => {
    const made = createPool({ uri: url, connectionLimit: 2 })
    ends.push(() => made.promise().end())
    return made
  }

  it('when the table is missing', async () => {
    await expectRemedy(
      new MysqlStore({ pool: pool(MYSQL), table: freshTable(), createTable: false }),
      /npx sojourn migrate.*schema\/mysql\.sql/,
    )
  })

  it('when the database is missing', async () => {
    await expectRemedy(new MysqlStore({ pool: pool(changed(MYSQL, (url) => (url.pathname = '/nowhere'))) }), /database/)
  })

  it('when the user is unknown', async () => {
    const url = changed(MYSQL, (each) => Object.assign(each, { username: 'nobody', password: 'hunter2' }))
    await expectRemedy(new MysqlStore({ pool: pool(url) }), /Correct the user and the password/)
  })
})

const REDIS = inject('redis') ?? ''

describe.skipIf(REDIS === '')('RedisStore says what to change', () => {
  it('when the user may not use the keys', async () => {
    const admin = new Redis(REDIS)
    const user = `guest${process.pid}`
    await admin.call('acl', ['setuser', user, 'on', '>hunter2', '~other:*', '+@all'])
    const client = new Redis(REDIS, { username: user, password: 'hunter2' })
    ends.push(async () => {
      client.disconnect()
      await admin.call('acl', ['deluser', user])
      admin.disconnect()
    })
    await expectRemedy(new RedisStore({ client, onWarning: () => undefined }), /Allow the user the keys of the option `prefix`/)
  })
})
