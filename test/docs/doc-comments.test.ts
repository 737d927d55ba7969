import { describe, expect, it } from 'vitest'
import { publicApi } from './public-api.ts'

/** Types that describe the part of a database or client that is used. Their members are documented by its library. */
const CLIENTS =
  /\.ts (?:SqliteDatabase|SqliteStatement|MysqlPool|MysqlPoolConnection|MysqlPromisePool|PgPool|PgPoolClient|PostgresJs|PgListener|NodeRedis\w*|IoRedis\w*|RedisPublisher)\./

const { names, members } = publicApi()

describe('a doc comment', () => {
  it('is searched for in the public API', () => {
    const found = [...names, ...members].map(({ name }) => name)
    expect(found).toEqual(
      expect.arrayContaining([
        'src/index.ts createSessions',
        'src/index.ts Session.update',
        'src/index.ts Session.login',
        'src/index.ts Session.expiresAt',
        'src/index.ts Sessions.open',
        'src/index.ts SessionEvents.overwritten',
        'src/index.ts Store.replace',
        'src/adapters/express.ts session',
        'src/stores/sqlite.ts SqliteStore.close',
        'src/testing/testing.ts storeSuite',
      ]),
    )
    expect(found.length).toBeGreaterThan(350)
  })

  it('exists for every public symbol', () => {
    expect(undocumented(names)).toEqual([])
  })

  it('exists for every public member', () => {
    expect(undocumented(members.filter(({ name }) => !CLIENTS.test(name)))).toEqual([])
  })
})

function undocumented(list: typeof names): string[] {
  return list.filter(({ comment }) => comment === '').map(({ name }) => name)
}
