import { existsSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it } from 'vitest'
import { adapterOf } from '../../src/core/manager/sessions.ts'
import { djangoSessions } from '../../src/django/sessions/django-sessions.ts'
import { catchError, catchRejection, HOUR, MINUTE, START } from '../core/fixture.ts'
import { incoming } from '../helpers/incoming.ts'
import { newSqliteFile } from '../stores/sqlite/sqlite-folder.ts'
import { SECRET, Site } from './site.ts'
import { DJANGO_TABLE } from './tables.ts'

const KEY = 'k'.repeat(32)

describe('a session that Python wrote', () => {
  const PYTHON_JSON = '{"price":1.0,"big":12345678901234567890,"nan":[NaN,-Infinity],"l":[1.0,2.0],"_messages":"[]","":"e"}'

  it('keeps the text of every property that Node does not change', async () => {
    const site = new Site()
    site.insertRow(PYTHON_JSON)
    await site.request((session) => {
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
    site.insertRow(PYTHON_JSON)
    const before = site.rows()
    expect(await site.request((session) => void session.toObject())).toBeUndefined()
    expect(site.rows()).toEqual(before)
  })

  it('is changed only in the property that was mutated', async () => {
    const site = new Site()
    site.insertRow(PYTHON_JSON)
    await site.request((session) => session.get('l').push(3))
    expect(site.data()[KEY]).toMatchObject({ price: '1.0', nan: '[NaN,-Infinity]', l: '[1,2,3]' })
  })

  it.each(['null', '[1]', '{"a":'])('counts as absent when it is %s, and its row and its cookie are kept', async (json) => {
    const site = new Site()
    site.insertRow(json)
    const before = site.rows()
    const setCookie = await site.request((session) => {
      expect(session.toObject()).toEqual({})
      expect(catchError(() => session.set('a', 1))).toMatchObject({ code: 'ERR_SESSION_CONFIG' })
    })
    expect([setCookie, site.rows()]).toEqual([undefined, before])
  })

  it('counts as absent when another key signed it, unless that key is among the fallbacks', async () => {
    const site = new Site()
    site.insertRow('{"a":1}', { secret: 'before' })
    expect((await site.open()).get('a')).toBeUndefined()
    expect(site.events.at(-1)).toMatchObject({ type: 'absent', reason: 'unreadable' })
    const session = await site.manager({ fallbacks: ['before'] }).load(KEY)
    session.set('b', 2)
    await session.save()
    expect(site.data()[KEY]).toEqual({ a: '1', b: '2' })
  })

  it.each([new Date(0), new Map(), { a: undefined }])('cannot contain %s, which Python cannot read', async (value) => {
    const session = await new Site().open()
    expect(catchError(() => session.set('x', value)).code).toBe('ERR_SESSION_CODEC')
  })
})

describe('a key', () => {
  it('has 32 lower-case letters and digits and is not the handle', async () => {
    const site = new Site()
    const keys = new Set<string>()
    for (let count = 0; count < 20; count++) {
      site.cookie = undefined
      await site.request((session) => session.set('a', 1))
      keys.add(site.key)
    }
    expect([...keys].filter((key) => /^[a-z0-9]{32}$/.test(key))).toHaveLength(20)
    const session = await site.open()
    expect([session.id, session.handle]).toEqual([site.key, expect.stringMatching(/^[\w-]{43}$/)])
    expect(site.events.every((event) => event.handle === undefined || event.handle.length === 43)).toBe(true)
    await expect(site.sessions.revoke(session.handle ?? '')).rejects.toMatchObject({ code: 'ERR_SESSION_CONFIG' })
  })

  it.each(['k'.repeat(8), 'k'.repeat(40)])('of any length that Django accepts finds its session: %s', async (key) => {
    const site = new Site()
    site.insertRow('{"a":1}', { key })
    await site.request((session) => session.increment('a'))
    expect(site.data()).toEqual({ [key]: { a: '2' } })
  })

  it.each(['', 'k'.repeat(7), 'K'.repeat(32), `${'k'.repeat(31)}.`, 'k'.repeat(41), "' OR 1=1 --", '../../etc/passwd'])(
    'is ignored, and no row is created, when the cookie is %j',
    async (key) => {
      const site = new Site()
      site.cookie = `sessionid=${key}`
      await site.request((session) => session.get('a'))
      expect(site.rows()).toEqual([])
      expect(site.events[0]).toMatchObject({ type: 'absent', reason: 'malformed-cookie' })
    },
  )

  it('of an unknown cookie is not used for a new session', async () => {
    const site = new Site()
    site.cookie = `sessionid=${KEY}`
    await site.request((session) => session.set('a', 1))
    expect(site.key).not.toBe(KEY)
    expect(Object.keys(site.data())).toEqual([site.key])
  })
})

describe('a new id', () => {
  it('changes the key and the data in one statement', async () => {
    const site = new Site()
    site.insertRow('{"a":1}')
    await site.request((session) => {
      session.set('b', 2)
      session.cycleId()
    })
    expect(site.key).not.toBe(KEY)
    expect(site.data()).toEqual({ [site.key]: { a: '1', b: '2' } })
  })

  it('makes requests under the old id fail', async () => {
    const site = new Site()
    site.insertRow('{"a":1}')
    const late = await site.open()
    late.set('late', true)
    await site.request((session) => session.cycleId())
    expect(await catchRejection(late.save())).toMatchObject({ code: 'ERR_SESSION_ENDED' })
    expect(site.data()).toEqual({ [site.key]: { a: '1' } })
  })

  it('succeeds for one of two parallel requests', async () => {
    const site = new Site()
    site.insertRow('{"a":1}')
    const [one, other] = [await site.open(), await site.manager().load(KEY)]
    one.cycleId()
    other.cycleId()
    const outcomes = await Promise.allSettled([one.save(), other.save()])
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    expect(site.rows()).toHaveLength(1)
  })
})

describe('a flush', () => {
  it('ends the session, and a later write of a parallel request fails', async () => {
    const site = new Site()
    site.insertRow('{"a":1}')
    const late = await site.open()
    late.set('b', 1)
    expect(await site.request((session) => session.flush())).toContain('sessionid=;')
    expect(await catchRejection(late.save())).toMatchObject({ code: 'ERR_SESSION_ENDED' })
    expect(site.rows()).toEqual([])
  })

  it('rejects when the session has ended since it was loaded, because it may exist under another key', async () => {
    const site = new Site()
    site.insertRow('{"a":1}')
    const session = await site.open()
    await site.request((other) => other.cycleId())
    session.flush()
    expect(await catchRejection(site.sessions.commit(session, { status: 200 }))).toMatchObject({ code: 'ERR_SESSION_ENDED' })
    expect(site.sessions.headers(session).get('set-cookie')).toBeNull()
    expect(site.rows()).toHaveLength(1)
  })

  it('does not reject in that case with whenEnded: discard', async () => {
    const site = new Site({ whenEnded: 'discard' })
    site.insertRow('{"a":1}')
    const session = await site.open()
    site.database.exec('DELETE FROM django_session')
    session.flush()
    await site.sessions.commit(session, { status: 200 })
    expect(site.events).toContainEqual(expect.objectContaining({ type: 'found-ended', outcome: 'discarded' }))
  })

  it('of an unknown cookie is no error', async () => {
    const site = new Site()
    site.cookie = `sessionid=${KEY}`
    expect(await site.request((session) => session.flush())).toContain('sessionid=;')
  })

  it('during a save that renews the id deletes the row of the new id', async () => {
    const site = new Site()
    site.insertRow('{"a":1}')
    await site.request(async (session) => {
      session.cycleId()
      const saved = session.save()
      session.flush()
      await saved
    })
    expect(site.rows()).toEqual([])
  })
})

describe('parallel requests', () => {
  it('merge with a write of Django', async () => {
    const site = new Site()
    site.insertRow('{"cart":[1],"n":1}')
    const session = await site.open()
    session.push('cart', 2)
    session.increment('n')
    session.delete('gone')
    site.insertRow('{"cart":[1,9],"n":5,"theirs":1.0}')
    await session.save()
    expect(site.data()[KEY]).toEqual({ cart: '[1,9,2]', n: '6', theirs: '1.0' })
  })

  it('reject when Django has deleted the session', async () => {
    const site = new Site()
    site.insertRow('{"a":1}')
    const session = await site.open()
    session.set('a', 2)
    site.database.exec('DELETE FROM django_session')
    expect(await catchRejection(session.save())).toMatchObject({ code: 'ERR_SESSION_ENDED' })
    expect(site.rows()).toEqual([])
  })

  it('of four managers keep every increment', async () => {
    const site = new Site()
    site.insertRow('{"n":0}')
    const managers = Array.from({ length: 4 }, () => site.manager())
    const increment = async (manager: typeof site.sessions): Promise<void> => {
      const session = await manager.load(KEY)
      session.increment('n')
      await session.save()
    }
    await Promise.all(managers.flatMap((manager) => [increment(manager), increment(manager), increment(manager)]))
    expect(site.data()[KEY]).toEqual({ n: '12' })
  })

  it('of five managers claim a property once', async () => {
    const site = new Site()
    site.insertRow('{"coupon":"x"}')
    const sessions = await Promise.all(Array.from({ length: 5 }, () => site.manager().load(KEY)))
    const claimed = await Promise.all(sessions.map((session) => session.claim('coupon')))
    expect(claimed.filter((value) => value === 'x')).toHaveLength(1)
  })
})

describe('a write whose response is lost', () => {
  /** Wraps a database so that the first statement with this word is executed and then throws an unknown error. */
  function withLostResponse(site: Site, word: string): { prepare(sql: string): any; exec(sql: string): void; close(): void } {
    let failures = 1
    return {
      exec: (sql) => site.database.exec(sql),
      close: () => undefined,
      prepare(sql) {
        const statement = site.database.prepare(sql)
        const run = (...values: any[]): unknown => {
          const result = statement.run(...values)
          if (sql.startsWith(word) && failures-- > 0) throw new Error('the response is lost')
          return result
        }
        return { run, get: statement.get.bind(statement), all: statement.all.bind(statement) }
      },
    }
  }

  it.each([
    ['INSERT', (session: any) => session.set('n', 1), { n: '1' }],
    ['UPDATE', (session: any) => session.increment('n'), { n: '2' }],
    ['UPDATE', (session: any) => [session.increment('n'), session.cycleId()], { n: '2' }],
  ] as const)('takes effect once: case %#, %s', async (word, change, expected) => {
    const site = new Site()
    if (word === 'UPDATE') site.insertRow('{"n":1}')
    const manager = site.manager({ database: withLostResponse(site, word) })
    const session = word === 'UPDATE' ? await manager.load(KEY) : manager.create()
    change(session)
    await session.save()
    expect(site.data()[session.id ?? '']).toEqual(expected)
    expect(site.rows()).toHaveLength(1)
  })

  it('is repeated and resolves: DELETE', async () => {
    const site = new Site()
    site.insertRow('{"n":1}')
    const session = await site.manager({ database: withLostResponse(site, 'DELETE') }).load(KEY)
    session.flush()
    await session.save()
    expect(site.rows()).toEqual([])
  })
})

describe('save()', () => {
  it('stores a new session without properties and gives it a key, as in Django', async () => {
    const site = new Site()
    const session = site.sessions.create()
    await session.save()
    expect(session.id).toMatch(/^[a-z0-9]{32}$/)
    expect(site.data()).toEqual({ [session.id ?? '']: {} })
    site.cookie = undefined
    expect(await site.request((other) => other.save())).toContain('sessionid=')
    expect(site.rows()).toHaveLength(2)
  })

  it('slides the expiry of a session without changes and sends the cookie again', async () => {
    const site = new Site({ cookieAge: '1h' })
    await site.request((session) => session.set('a', 1))
    site.clock.advance(50 * MINUTE)
    expect(await site.request((session) => session.save())).toContain('Max-Age=3600')
    site.clock.advance(50 * MINUTE)
    expect((await site.open()).get('a')).toBe(1)
  })

  it('of a session without changes keeps what another request has written', async () => {
    const site = new Site()
    site.insertRow('{"a":1}')
    const session = await site.open()
    await site.request((other) => other.set('b', 2))
    await session.save()
    expect(site.data()[KEY]).toEqual({ a: '1', b: '2' })
  })

  it('of a session that has ended rejects, as in Django', async () => {
    const site = new Site()
    site.insertRow('{"a":1}')
    const session = await site.open()
    site.database.exec('DELETE FROM django_session')
    expect(await catchRejection(session.save())).toMatchObject({ code: 'ERR_SESSION_ENDED' })
    expect(await catchRejection((await site.sessions.load(KEY)).save())).toMatchObject({ code: 'ERR_SESSION_ENDED' })
    expect(site.rows()).toEqual([])
  })

  it('after flush() makes no session', async () => {
    const site = new Site()
    site.insertRow('{"a":1}')
    const session = await site.open()
    session.flush()
    await session.save()
    expect(site.rows()).toEqual([])
  })

  it('in a signed cookie slides its age', async () => {
    const site = new Site({ database: undefined as never, signedCookies: true, cookieAge: '1h' })
    await site.request((session) => session.set('a', 1))
    site.clock.advance(50 * MINUTE)
    expect(await site.request((session) => session.save())).toContain('Max-Age=3600')
    site.clock.advance(50 * MINUTE)
    expect((await site.open()).get('a')).toBe(1)
  })
})

describe('SESSION_COOKIE_SAMESITE', () => {
  it.each([
    [undefined, 'SameSite=Lax'],
    ['strict', 'SameSite=Strict'],
    ['none', 'SameSite=None'],
  ] as const)('%s sends %s', async (sameSite, attribute) => {
    const site = new Site({ cookie: { secure: true, ...(sameSite === undefined ? {} : { sameSite }) } })
    expect(await site.request((session) => session.set('a', 1))).toContain(attribute)
  })

  it('false, for False and None of Django, sends no attribute', async () => {
    const site = new Site({ cookie: { sameSite: false } })
    expect(await site.request((session) => session.set('a', 1))).not.toMatch(/samesite/i)
    expect(await site.request((session) => session.flush())).not.toMatch(/samesite/i)
  })
})

it('`databaseTimeZone` is the zone of the dates in the table, and not of those in sessions', async () => {
  const site = new Site({ databaseTimeZone: 'Asia/Kolkata', cookieAge: '1h' })
  await site.request((session) => session.set('a', 1))
  expect(site.rows()[0]?.expire_date).toBe('2100-01-01 06:30:00')
  expect((await site.open()).expiresAt).toBe(START + HOUR)
  await site.request((session) => session.setExpiry(new Date(START + 2 * HOUR)))
  expect(site.data()[site.key]).toMatchObject({ _session_expiry: '"2100-01-01T02:00:00+00:00"' })
  expect(site.rows()[0]?.expire_date).toBe('2100-01-01 07:30:00')
})

describe('djangoSessions', () => {
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
    ['databaseTimeZone', { databaseTimeZone: 'Mars/Olympus' }],
    ['databaseTimeZone', { databaseTimeZone: 'UTC', timeZone: 'UTC' }],
    ['backends', { backends: [] }],
    ['backends', { backends: 'app.Backend' }],
    ['sessionAuthHash', { sessionAuthHash: 'sha256' }],
    ['messageStorage', { messageStorage: 'cookie' }],
    ['columns', { columns: ['account_id'] }],
    ['columns', { columns: { account_id: 'user' } }],
    ['columns', { columns: { 'a"b': () => 1 } }],
    ['columns', { columns: { expire_date: () => 1 } }],
    ['columns', { columns: { a: () => 1 }, database: undefined, signedCookies: true }],
    ['onWarning', { onWarning: 'console' }],
    ['saveEveryRequest', { saveEveryRequest: 1 }],
    ['cookie.secure', { cookie: { secure: 'auto' } }],
    ['cookie.name', { cookie: { name: 'a b' } }],
    ['cookie.name', { cookie: { name: '__Secure-sessionid' } }],
    ['cookie.sameSite', { cookie: { sameSite: 'none' } }],
    ['cookie.sameSite', { cookie: { sameSite: 'Lax' } }],
    ['cookie.sameSite', { cookie: { sameSite: null } }],
    ['`engine` does not exist', { engine: 'db' }],
    ['whenEnded', { whenEnded: 'never' }],
  ])('throws ConfigError that names %s for %o', (name, options) => {
    const error = catchError(() => djangoSessions({ secretKey: SECRET, database: database(), ...options } as any))
    expect([error.code, error.message]).toEqual(['ERR_SESSION_CONFIG', expect.stringContaining(name)])
    expect(error.message).not.toContain(SECRET)
  })

  it('creates two managers of different cookies that can serve one request', async () => {
    const site = new Site()
    const admin = site.manager({ cookie: { name: 'admin' }, as: 'adminSession' })
    const request = {}
    adapterOf(site.sessions).bind(request, await site.open())
    adapterOf(admin).bind(request, await admin.open(incoming(undefined)))
    expect(admin.of(request)).not.toBe(site.sessions.of(request))
  })

  it('rejects the methods of `users`, because the table has no column for the user', async () => {
    const { users } = new Site().sessions
    await expect(users.list('1')).rejects.toMatchObject({ code: 'ERR_SESSION_CONFIG' })
    await expect(users.revoke('1')).rejects.toMatchObject({ code: 'ERR_SESSION_CONFIG' })
  })

  it('opens the file of a path, and close() closes it', async () => {
    const path = newSqliteFile()
    const made = new DatabaseSync(path)
    made.exec(DJANGO_TABLE.sqlite('django_session'))
    made.close()
    const site = djangoSessions({ secretKey: SECRET, database: path })
    expect((await site.load(KEY)).isNew).toBe(true)
    await site.close()
    expect(await catchRejection(site.load(KEY))).toMatchObject({ code: 'ERR_SESSION_STORE', message: expect.stringContaining('closed') })
  })

  it('creates no file at a wrong path, and the first operation rejects with StoreError', async () => {
    const path = newSqliteFile()
    const failure = await catchRejection(djangoSessions({ secretKey: SECRET, database: path }).load(KEY))
    expect(failure).toMatchObject({ code: 'ERR_SESSION_STORE', message: expect.stringContaining(`There is no file ${path}`) })
    expect(existsSync(path)).toBe(false)
  })

  it('uses the table of the option `table`', async () => {
    const open = database()
    open.exec(DJANGO_TABLE.sqlite('app_session'))
    const session = djangoSessions<any>({ secretKey: SECRET, database: open, table: 'app_session' }).create()
    session.set('a', 1)
    await session.save()
    expect(open.prepare('SELECT count(*) AS n FROM app_session').get()).toEqual({ n: 1 })
  })
})
