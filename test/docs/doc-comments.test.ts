import { describe, expect, it } from 'vitest'
import { publicApi } from './public-api.ts'

/** Members that say all by their name, or by that of a thing everybody knows. */
const SELF_EVIDENT = [
  // of a Map
  /\.(?:keys|values|entries|forEach|toJSON)$/,
  // of an Error
  /Error\.name$/,
  // of a database or a client that somebody else documents
  /(?:SqliteDatabase|SqliteStatement|MysqlPool|MysqlPoolConnection|MysqlPromisePool|PgPool|PgPoolClient|PostgresJs|PgListener|NodeRedis\w*|IoRedis\w*|RedisPublisher)\.\w+$/,
  // of a standard
  /StandardSchema\.~standard$/,
  // instants and ids, which are alike everywhere
  /\.(?:createdAt|seenAt|expiresAt|userId|now|handle|version)$/,
  // what tells the members of a union apart, or is all there is in it
  /SessionEvent\.(?:type|reason)$/,
  /(?:Refused|Written)\.(?:ok|reason|token)$/,
  /Page\.(?:entries|cursor)$/,
  /Progress\.deleted$/,
  // what has the comment of its type
  /SessionOptions\.cookie$/,
  /CookieOptions\.priority$/,
  /\.capabilities$/,
  /StoreError\.operation$/,
  /(?:Middleware|Listener|Handler)\.sessions$/,
  /SuiteRunner\.(?:describe|it)$/,
]

const { names, members } = publicApi()

describe('A doc comment', () => {
  it('is looked for at the right places', () => {
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

  it.each(names)('stands before $name', ({ comment }) => {
    expect(comment).not.toBe('')
  })

  it.each(members.filter(({ name }) => !SELF_EVIDENT.some((evident) => evident.test(name))))('tells of $name', ({ comment }) => {
    expect(comment).not.toBe('')
  })

  it('is missing only where it would say nothing', () => {
    const idle = SELF_EVIDENT.filter((evident) => !members.some(({ name }) => evident.test(name)))
    expect(idle).toEqual([])
  })
})
