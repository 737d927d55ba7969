import { existsSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it } from 'vitest'
import { adapterOf } from '../../src/core/manager/sessions.ts'
import { djangoSessions } from '../../src/django/sessions/django-sessions.ts'
import { rejection, thrown } from '../core/fixture.ts'
import { incoming } from '../incoming.ts'
import { newSqliteFile } from '../stores/sqlite/sqlite-folder.ts'
import { SECRET, Site } from './site.ts'
import { DJANGO_TABLE } from './tables.ts'

const KEY = 'k'.repeat(32)

describe('what Python wrote', () => {
  const FOREIGN = '{"price":1.0,"big":12345678901234567890,"nan":[NaN,-Infinity],"l":[1.0,2.0],"_messages":"[]","":"e"}'

  it('stays as it is where we did not write', async () => {
    const site = new Site()
    site.plant(FOREIGN)
    await site.visit((session) => {
      expect(session.toObject()).toEqual({
        price: 1,
        big: 12345678901234567890n,
        nan: [Number.NaN, Number.NEGATIVE_INFINITY],
        l: [1, 2],
        '': 'e',
      })
      session.set('ours', 'ü')
    })
    expect(site.data()[KEY]).toEqual({
      price: '1.0',
      big: '12345678901234567890',
      nan: '[NaN,-Infinity]',
      l: '[1.0,2.0]',
      _messages: '"[]"',
      '': '"e"',
      ours: '"\\u00fc"',
    })
  })

  it('is not written by reading', async () => {
    const site = new Site()
    site.plant(FOREIGN)
    const before = site.rows()
    expect(await site.visit((session) => void session.toObject())).toBeUndefined()
    expect(site.rows()).toEqual(before)
  })

  it('is kept but for the property that changed in place', async () => {
    const site = new Site()
    site.plant(FOREIGN)
    await site.visit((session) => session.get('l').push(3))
    expect(site.data()[KEY]).toMatchObject({ price: '1.0', nan: '[NaN,-Infinity]', l: '[1,2,3]' })
  })

  it.each(['null', '[1]', '{"a":'])('%s is no session, and the row stays', async (json) => {
    const site = new Site()
    site.plant(json)
    const before = site.rows()
    await site.visit((session) => {
      expect(session.toObject()).toEqual({})
      session.set('a', 1)
    })
    expect(site.rows()).toHaveLength(2)
    expect(site.rows()).toContainEqual(before[0])
  })

  it('is no session when another key has signed it, until that is among the fallbacks', async () => {
    const site = new Site()
    site.plant('{"a":1}', { secret: 'before' })
    expect((await site.open()).get('a')).toBeUndefined()
    expect(site.events.at(-1)).toMatchObject({ type: 'absent', reason: 'unreadable' })
    const session = await site.manager({ fallbacks: ['before'] }).load(KEY)
    session.set('b', 2)
    await session.save()
    expect(site.data()[KEY]).toEqual({ a: '1', b: '2' })
  })

  it.each([new Date(0), new Map(), { a: undefined }])('what Django cannot store we refuse: %s', async (value) => {
    const session = await new Site().open()
    expect(thrown(() => session.set('x', value)).code).toBe('ERR_SESSION_CODEC')
  })
})

describe('keys', () => {
  it('are 32 small letters and digits, and not the handle', async () => {
    const site = new Site()
    const keys = new Set<string>()
    for (let count = 0; count < 20; count++) {
      site.cookie = undefined
      await site.visit((session) => session.set('a', 1))
      keys.add(site.key)
    }
    expect([...keys].filter((key) => /^[a-z0-9]{32}$/.test(key))).toHaveLength(20)
    const session = await site.open()
    expect([session.id, session.handle]).toEqual([site.key, expect.stringMatching(/^[\w-]{43}$/)])
    expect(site.events.every((event) => event.handle === undefined || event.handle.length === 43)).toBe(true)
    await expect(site.sessions.revoke(session.handle ?? '')).rejects.toMatchObject({ code: 'ERR_SESSION_CONFIG' })
  })

  it.each(['', 'short', 'K'.repeat(32), `${'k'.repeat(31)}.`, 'k'.repeat(33), "' OR 1=1 --", '../../etc/passwd'])(
    '%j is none, and costs no row and no query',
    async (key) => {
      const site = new Site()
      site.cookie = `sessionid=${key}`
      await site.visit((session) => session.get('a'))
      expect(site.rows()).toEqual([])
      expect(site.events[0]).toMatchObject({ type: 'absent', reason: 'malformed-cookie' })
    },
  )

  it('of a client are never adopted', async () => {
    const site = new Site()
    site.cookie = `sessionid=${KEY}`
    await site.visit((session) => session.set('a', 1))
    expect(site.key).not.toBe(KEY)
    expect(Object.keys(site.data())).toEqual([site.key])
  })
})

describe('a new id', () => {
  it('moves the row in one step, with the changes', async () => {
    const site = new Site()
    site.plant('{"a":1}')
    await site.visit((session) => {
      session.set('b', 2)
      session.cycleId()
    })
    expect(site.key).not.toBe(KEY)
    expect(site.data()).toEqual({ [site.key]: { a: '1', b: '2' } })
  })

  it('ends requests that are under way under the old one', async () => {
    const site = new Site()
    site.plant('{"a":1}')
    const late = await site.open()
    late.set('late', true)
    await site.visit((session) => session.cycleId())
    expect(await rejection(late.save())).toMatchObject({ code: 'ERR_SESSION_ENDED' })
    expect(site.data()).toEqual({ [site.key]: { a: '1' } })
  })

  it('of two at once one is alive', async () => {
    const site = new Site()
    site.plant('{"a":1}')
    const [one, other] = [await site.open(), await site.manager().load(KEY)]
    one.cycleId()
    other.cycleId()
    const outcomes = await Promise.allSettled([one.save(), other.save()])
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    expect(site.rows()).toHaveLength(1)
  })
})

describe('a flush', () => {
  it('ends the session for good: what is under way cannot bring it back', async () => {
    const site = new Site()
    site.plant('{"a":1}')
    const late = await site.open()
    late.set('b', 1)
    expect(await site.visit((session) => session.flush())).toContain('sessionid=;')
    expect(await rejection(late.save())).toMatchObject({ code: 'ERR_SESSION_ENDED' })
    expect(site.rows()).toEqual([])
  })

  it('says so when the session was there and is not any more: it may live on under another key', async () => {
    const site = new Site()
    site.plant('{"a":1}')
    const session = await site.open()
    await site.visit((other) => other.cycleId())
    session.flush()
    expect(await rejection(site.sessions.commit(session, { status: 200 }))).toMatchObject({ code: 'ERR_SESSION_ENDED' })
    expect(site.sessions.headers(session).get('set-cookie')).toBeNull()
    expect(site.rows()).toHaveLength(1)
  })

  it('is silent about it with whenEnded: discard', async () => {
    const site = new Site({ whenEnded: 'discard' })
    site.plant('{"a":1}')
    const session = await site.open()
    site.database.exec('DELETE FROM django_session')
    session.flush()
    await site.sessions.commit(session, { status: 200 })
    expect(site.events).toContainEqual(expect.objectContaining({ type: 'found-ended', outcome: 'discarded' }))
  })

  it('of a cookie that names nothing is no error', async () => {
    const site = new Site()
    site.cookie = `sessionid=${KEY}`
    expect(await site.visit((session) => session.flush())).toContain('sessionid=;')
  })

  it('while a save with a new id is under way ends that one too', async () => {
    const site = new Site()
    site.plant('{"a":1}')
    await site.visit(async (session) => {
      session.cycleId()
      const saved = session.save()
      session.flush()
      await saved
    })
    expect(site.rows()).toEqual([])
  })
})

describe('both sides at once', () => {
  it('what Django wrote meanwhile is merged with ours', async () => {
    const site = new Site()
    site.plant('{"cart":[1],"n":1}')
    const session = await site.open()
    session.push('cart', 2)
    session.increment('n')
    session.delete('gone')
    site.plant('{"cart":[1,9],"n":5,"theirs":1.0}')
    await session.save()
    expect(site.data()[KEY]).toEqual({ cart: '[1,9,2]', n: '6', theirs: '1.0' })
  })

  it('a session that Django deleted meanwhile is gone', async () => {
    const site = new Site()
    site.plant('{"a":1}')
    const session = await site.open()
    session.set('a', 2)
    site.database.exec('DELETE FROM django_session')
    expect(await rejection(session.save())).toMatchObject({ code: 'ERR_SESSION_ENDED' })
    expect(site.rows()).toEqual([])
  })

  it('loses no increment of four managers', async () => {
    const site = new Site()
    site.plant('{"n":0}')
    const managers = Array.from({ length: 4 }, () => site.manager())
    const increment = async (manager: typeof site.sessions): Promise<void> => {
      const session = await manager.load(KEY)
      session.increment('n')
      await session.save()
    }
    await Promise.all(managers.flatMap((manager) => [increment(manager), increment(manager), increment(manager)]))
    expect(site.data()[KEY]).toEqual({ n: '12' })
  })

  it('a claim is had once', async () => {
    const site = new Site()
    site.plant('{"coupon":"x"}')
    const sessions = await Promise.all(Array.from({ length: 5 }, () => site.manager().load(KEY)))
    const claimed = await Promise.all(sessions.map((session) => session.claim('coupon')))
    expect(claimed.filter((value) => value === 'x')).toHaveLength(1)
  })
})

describe('a write whose answer is lost', () => {
  /** A database that does what it is told, and then says once that it has failed, without saying how. */
  function losing(site: Site, word: string): { prepare(sql: string): any; exec(sql: string): void; close(): void } {
    let left = 1
    return {
      exec: (sql) => site.database.exec(sql),
      close: () => undefined,
      prepare(sql) {
        const statement = site.database.prepare(sql)
        const run = (...values: any[]): unknown => {
          const answer = statement.run(...values)
          if (sql.startsWith(word) && left-- > 0) throw new Error('the answer is lost')
          return answer
        }
        return { run, get: statement.get.bind(statement), all: statement.all.bind(statement) }
      },
    }
  }

  it.each([
    ['INSERT', (session: any) => session.set('n', 1), { n: '1' }],
    ['UPDATE', (session: any) => session.increment('n'), { n: '2' }],
    ['UPDATE', (session: any) => [session.increment('n'), session.cycleId()], { n: '2' }],
  ] as const)('case %#: %s takes effect exactly once', async (word, change, expected) => {
    const site = new Site()
    if (word === 'UPDATE') site.plant('{"n":1}')
    const manager = site.manager({ database: losing(site, word) })
    const session = word === 'UPDATE' ? await manager.load(KEY) : manager.create()
    change(session)
    await session.save()
    expect(site.data()[session.id ?? '']).toEqual(expected)
    expect(site.rows()).toHaveLength(1)
  })

  it('DELETE is said again, and that is no error', async () => {
    const site = new Site()
    site.plant('{"n":1}')
    const session = await site.manager({ database: losing(site, 'DELETE') }).load(KEY)
    session.flush()
    await session.save()
    expect(site.rows()).toEqual([])
  })
})

describe('options', () => {
  const database = (): DatabaseSync => new DatabaseSync(':memory:')

  it.each<[string, Record<string, unknown>]>([
    ['secretKey', { secretKey: '' }],
    ['secretKey', { secretKey: undefined }],
    ['fallbacks', { fallbacks: 'old' }],
    ['fallbacks', { fallbacks: [''] }],
    ['once', { database: undefined }],
    ['once', { directory: '/tmp' }],
    ['database', { database: '' }],
    ['database', { database: 7 }],
    ['table', { table: 'a; DROP' }],
    ['cookieAge', { cookieAge: -1 }],
    ['absolute', { absolute: 'ever' }],
    ['timeZone', { timeZone: 'Mars/Olympus' }],
    ['timeZone', { timeZone: 7 }],
    ['saveEveryRequest', { saveEveryRequest: 1 }],
    ['cookie.secure', { cookie: { secure: 'auto' } }],
    ['cookie.name', { cookie: { name: 'a b' } }],
    ['cookie.sameSite', { cookie: { sameSite: 'none' } }],
    ['no option `engine`', { engine: 'db' }],
    ['whenEnded', { whenEnded: 'never' }],
  ])('%s: refused in %o', (name, wrong) => {
    const error = thrown(() => djangoSessions({ secretKey: SECRET, database: database(), ...wrong } as any))
    expect([error.code, error.message]).toEqual(['ERR_SESSION_CONFIG', expect.stringContaining(name)])
    expect(error.message).not.toContain(SECRET)
  })

  it('two managers of different cookies may serve one request', async () => {
    const site = new Site()
    const admin = site.manager({ cookie: { name: 'admin' }, as: 'adminSession' })
    const request = {}
    adapterOf(site.sessions).bind(request, await site.open())
    adapterOf(admin).bind(request, await admin.open(incoming(undefined)))
    expect(admin.of(request)).not.toBe(site.sessions.of(request))
  })

  it('users are refused: no column tells whose a session is', async () => {
    const { users } = new Site().sessions
    await expect(users.list('1')).rejects.toMatchObject({ code: 'ERR_SESSION_CONFIG' })
    await expect(users.revoke('1')).rejects.toMatchObject({ code: 'ERR_SESSION_CONFIG' })
  })

  it('a path opens the file, and close ends it', async () => {
    const path = newSqliteFile()
    const made = new DatabaseSync(path)
    made.exec(DJANGO_TABLE.sqlite('django_session'))
    made.close()
    const site = djangoSessions({ secretKey: SECRET, database: path })
    expect((await site.load(KEY)).isNew).toBe(true)
    await site.close()
    expect(await rejection(site.load(KEY))).toMatchObject({ code: 'ERR_SESSION_STORE', message: expect.stringContaining('closed') })
  })

  it('a path where nothing is makes no file, and is told', async () => {
    const path = newSqliteFile()
    const failure = await rejection(djangoSessions({ secretKey: SECRET, database: path }).load(KEY))
    expect(failure).toMatchObject({ code: 'ERR_SESSION_STORE', message: expect.stringContaining(`There is no file ${path}`) })
    expect(existsSync(path)).toBe(false)
  })

  it('a table of another name', async () => {
    const open = database()
    open.exec(DJANGO_TABLE.sqlite('app_session'))
    const session = djangoSessions<any>({ secretKey: SECRET, database: open, table: 'app_session' }).create()
    session.set('a', 1)
    await session.save()
    expect(open.prepare('SELECT count(*) AS n FROM app_session').get()).toEqual({ n: 1 })
  })
})
