import { describe, expect, it } from 'vitest'
import { publicApi } from './public-api.ts'

/** Members whose name says all, or the name of something well known. */
const SELF_EVIDENT = [
  // of Map
  /\.(?:keys|values|entries|forEach|toJSON)$/,
  // of Error
  /Error\.name$/,
  // of a database or client that is documented elsewhere
  /(?:SqliteDatabase|SqliteStatement|MysqlPool|MysqlPoolConnection|MysqlPromisePool|PgPool|PgPoolClient|PostgresJs|PgListener|NodeRedis\w*|IoRedis\w*|RedisPublisher)\.\w+$/,
  // of a standard
  /StandardSchema\.~standard$/,
  // timestamps and ids, which mean the same everywhere
  /\.(?:createdAt|seenAt|expiresAt|userId|now|handle|version)$/,
  // discriminants of unions, and their only members
  /SessionEvent\.(?:type|reason)$/,
  /(?:Refused|Written)\.(?:ok|reason|token)$/,
  /Page\.(?:entries|cursor)$/,
  /Progress\.deleted$/,
  // documented at their type
  /SessionOptions\.cookie$/,
  /CookieOptions\.priority$/,
  /\.capabilities$/,
  /StoreError\.operation$/,
  /(?:Middleware|Listener|Handler)\.sessions$/,
  /SuiteRunner\.(?:describe|it)$/,
]

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
        'src/index.ts Store.replace',
        'src/adapters/express.ts session',
        'src/stores/sqlite.ts SqliteStore.close',
        'src/testing/store-suite.ts storeSuite',
      ]),
    )
    expect(found.length).toBeGreaterThan(150)
  })

  it.each(names)('exists for $name', ({ comment }) => {
    expect(comment).not.toBe('')
  })

  it.each(members.filter(({ name }) => !SELF_EVIDENT.some((evident) => evident.test(name))))('exists for $name', ({ comment }) => {
    expect(comment).not.toBe('')
  })

  it('is missing only for the listed members', () => {
    const unused = SELF_EVIDENT.filter((evident) => !members.some(({ name }) => evident.test(name)))
    expect(unused).toEqual([])
  })
})
