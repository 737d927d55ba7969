import { describe, expect, it } from 'vitest'
import {
  addDjangoMessage,
  type DjangoUser,
  deleteTestCookie,
  djangoLevels,
  djangoLogin,
  djangoLogout,
  djangoMessages,
  djangoUser,
  saltedHmac,
  setTestCookie,
  testCookieWorked,
  updateDjangoAuthHash,
} from '../../src/django/django.ts'
import type { Session } from '../../src/index.ts'
import { catchError, catchRejection, TestApp } from '../core/fixture.ts'
import { incoming } from '../helpers/incoming.ts'
import { Site } from './site.ts'
import { vectors } from './vectors.ts'

const KEY = 'k'.repeat(32)
const BACKEND = 'django.contrib.auth.backends.ModelBackend'
const ada: DjangoUser = { id: 1, password: 'pbkdf2_sha256$1$salt$hash', is_active: 1 }
const eve: DjangoUser = { id: 2, password: 'pbkdf2_sha256$1$salt$other', is_active: true }

function findUser(session: Session<any>, users: readonly DjangoUser[] = [ada, eve]): Promise<DjangoUser | undefined> {
  return djangoUser(session, { loadUser: (id) => users.find((user) => String(user.id) === id) })
}

/** Creates a site where Ada is logged in and has an item in her cart. Her login has been compared once. */
async function siteWithLogin(options: ConstructorParameters<typeof Site>[0] = {}): Promise<Site> {
  const site = new Site(options)
  await site.request((session) => {
    session.set('cart', [1])
    djangoLogin(session, ada)
  })
  expect(await findUser(await site.open())).toBe(ada)
  return site
}

describe('djangoLogin', () => {
  it('writes the properties of Django and renews the key', async () => {
    const site = new Site()
    const [vector] = vectors.auth_hash.slice(-1)
    const secretKey = vector?.secret ?? ''
    await site.request((session) => session.set('cart', [1]))
    const manager = site.manager({ secretKey, fallbacks: ['django-insecure-test'] })
    const session = await manager.load(site.key)
    djangoLogin(session, { id: 42, password: vector?.password_field ?? '' })
    await session.save()
    expect(session.id).not.toBe(site.key)
    expect(site.data(secretKey)).toEqual({
      [session.id ?? '']: {
        cart: '[1]',
        _auth_user_id: '"42"',
        _login: expect.stringContaining('"user":"42"'),
        _auth_user_backend: `"${BACKEND}"`,
        _auth_user_hash: `"${vector?.session_auth_hash}"`,
      },
    })
  })

  it('keeps the facts of the login next to the data of Django', async () => {
    const site = await siteWithLogin()
    await site.request((session) => djangoLogin(session, ada, { level: 2, device: 'phone' }))
    await site.request((session) => {
      expect(session.authentication).toMatchObject({ level: 2, device: 'phone', authenticatedAt: expect.any(Number) })
      session.reauthenticate({ level: 3 })
    })
    const session = await site.open()
    expect(await session.requireUser({ level: 3, within: '1m' })).toBe('1')
    expect(await findUser(session)).toBe(ada)
    expect(catchError(() => djangoLogin(session, ada, { level: 0 })).code).toBe('ERR_SESSION_CONFIG')
  })

  it('drops the data of another user', async () => {
    const site = await siteWithLogin()
    await site.request((session) => djangoLogin(session, eve))
    expect(Object.keys(site.data()[site.key] ?? {})).toEqual(['_auth_user_id', '_login', '_auth_user_backend', '_auth_user_hash'])
    expect(site.rows()).toHaveLength(1)
  })

  it('drops the data that the same user stored before a change of the password', async () => {
    const site = await siteWithLogin()
    await site.request((session) => djangoLogin(session, { ...ada, password: 'new' }))
    expect(site.data()[site.key]).not.toHaveProperty('cart')
    expect(site.rows()).toHaveLength(1)
  })

  it('keeps the data when the same user logs in again', async () => {
    const site = await siteWithLogin()
    await site.request((session) => djangoLogin(session, ada))
    expect(site.data()[site.key]).toHaveProperty('cart', '[1]')
  })

  it('accepts an expiry and a backend', async () => {
    const site = new Site({ backends: [BACKEND, 'app.Backend'] })
    await site.request((session) => djangoLogin(session, ada, { expiry: 'browser', backend: 'app.Backend' }))
    expect(site.data()[site.key]).toMatchObject({ _session_expiry: '0', _auth_user_backend: '"app.Backend"' })
  })

  it('is required for a login, because session.login stores only a user id', async () => {
    const session = await new Site().open()
    expect(catchError(() => session.login(1)).message).toContain('djangoLogin')
    expect(session.modified).toBe(false)
  })

  it('throws ConfigError for a session of another manager', async () => {
    const session = await new TestApp().open()
    expect(catchError(() => djangoLogin(session, ada))).toMatchObject({ code: 'ERR_SESSION_CONFIG' })
  })
})

describe('djangoUser', () => {
  it('returns the user and writes nothing', async () => {
    const site = await siteWithLogin()
    const before = site.rows()
    await site.request(async (session) => {
      expect(await findUser(session)).toBe(ada)
      expect(session.userId).toBe('1')
    })
    expect(site.rows()).toEqual(before)
  })

  it.each<[string, readonly DjangoUser[]]>([
    ['does not exist', []],
    ['is not active', [{ ...ada, is_active: false }]],
    ['is not active (0, as in SQLite)', [{ ...ada, is_active: 0 }]],
  ])('returns undefined and keeps the session when the user %s', async (_condition, users) => {
    const site = await siteWithLogin()
    await site.request(async (session) => expect(await findUser(session, users)).toBeUndefined())
    expect(site.data()[site.key]).toHaveProperty('cart')
  })

  it('returns undefined and warns once when the login is of a backend that is not configured', async () => {
    const site = await siteWithLogin()
    const manager = site.manager({ backends: ['other.Backend'] })
    for (let request = 0; request < 2; request++) expect(await findUser(await manager.load(site.key))).toBeUndefined()
    expect(site.warnings).toEqual([expect.stringContaining('AUTHENTICATION_BACKENDS')])
    expect(site.data()[site.key]).toHaveProperty('cart')
  })

  it.each([
    ['the password changed', { ...ada, password: 'new' }],
    ['the password column is empty', { ...ada, password: '' }],
  ])('ends the session when %s', async (_condition, user) => {
    const site = await siteWithLogin()
    await site.request(async (session) => expect(await findUser(session, [user])).toBeUndefined())
    expect(site.rows()).toEqual([])
  })

  it('ends the session when it contains no hash', async () => {
    const site = await siteWithLogin()
    site.insertRow(JSON.stringify({ _auth_user_id: '1', _auth_user_backend: BACKEND }))
    await site.request(async (session) => expect(await findUser(session)).toBeUndefined())
    expect(site.data()).not.toHaveProperty(KEY)
  })

  it('returns undefined for an anonymous session without calling loadUser', async () => {
    const site = new Site()
    site.insertRow('{"a":1}')
    const session = await site.open()
    const loadUser = (): never => {
      throw new Error('loadUser was called')
    }
    expect(await djangoUser(session, { loadUser })).toBeUndefined()
  })

  it('renews the key and the hash of a login that an old secret key signed', async () => {
    const site = await siteWithLogin()
    const manager = site.manager({ secretKey: 'new', fallbacks: ['django-insecure-test'] })
    const session = await manager.load(site.key)
    expect(await findUser(session)).toBe(ada)
    await session.save()
    expect(session.id).not.toBe(site.key)
    const again = await site.manager({ secretKey: 'new' }).load(session.id ?? '')
    expect(await findUser(again)).toBe(ada)
    expect(again.modified).toBe(false)
  })

  it.each([
    ['a key of `fallbacks` signed the login', { secretKey: 'new', fallbacks: ['django-insecure-test'] }, ada.password, 1],
    ['the password was changed', {}, 'new', 0],
  ])('does not fail in either of two parallel requests when %s', async (_, options, password, rows) => {
    const site = await siteWithLogin()
    const manager = site.manager(options)
    expect(await findUser(await manager.load(site.key))).toBe(ada)
    const sessions = await Promise.all([1, 2].map(() => manager.open(incoming(site.cookie, { secure: false }))))
    for (const session of sessions) await findUser(session, [{ ...ada, password }])
    await Promise.all(sessions.map((session) => manager.commit(session, { status: 200 })))
    expect(site.rows().filter(({ session_key }) => session_key !== site.key)).toHaveLength(rows)
    expect(site.rows()).toHaveLength(rows)
  })

  it('rejects a change of the application when another request has renewed the session', async () => {
    const site = await siteWithLogin()
    const manager = site.manager({ secretKey: 'new', fallbacks: ['django-insecure-test'] })
    const sessions = await Promise.all([1, 2].map(() => manager.open(incoming(site.cookie, { secure: false }))))
    for (const session of sessions) await findUser(session)
    sessions[1]?.set('cart', [2])
    const [first, second] = sessions.map((session) => manager.commit(session, { status: 200 }))
    await first
    await expect(second).rejects.toMatchObject({ code: 'ERR_SESSION_ENDED' })
  })

  it('returns undefined without the old secret key', async () => {
    const site = await siteWithLogin()
    expect(await findUser(await site.manager({ secretKey: 'new' }).load(site.key))).toBeUndefined()
    expect(site.rows()).toHaveLength(1)
  })

  it('changes nothing after the response has started', async () => {
    const site = await siteWithLogin()
    const session = await site.open()
    await site.sessions.commit(session, { status: 200 })
    expect(await findUser(session, [{ ...ada, password: 'new' }])).toBeUndefined()
    expect(site.rows()).toHaveLength(1)
  })

  it('rejects with StoreError when the session could not be loaded', async () => {
    const site = await siteWithLogin()
    site.database.exec('DROP TABLE django_session')
    await expect(findUser(await site.open())).rejects.toMatchObject({ code: 'ERR_SESSION_STORE' })
  })
})

describe('a user model that overrides get_session_auth_hash()', () => {
  type Row = DjangoUser & { readonly token: string }
  const row: Row = { ...ada, token: 't1' }
  const sessionAuthHash = (user: any, secretKey: string): string => saltedHmac('accounts', secretKey, `${user.password}${user.token}`)

  /** Creates a site where Django has logged in Ada. */
  function siteOfDjango(options: ConstructorParameters<typeof Site>[0] = {}): Site {
    const site = new Site(options)
    const hash = sessionAuthHash(row, 'django-insecure-test')
    site.insertRow(JSON.stringify({ _auth_user_id: '1', _auth_user_backend: BACKEND, _auth_user_hash: hash, cart: [1] }))
    return site
  }

  it('logs nobody out of Django when the option `sessionAuthHash` is missing, and a warning names it once', async () => {
    const site = siteOfDjango()
    const before = site.rows()
    for (let request = 0; request < 2; request++) {
      expect(await site.request(async (session) => expect(await findUser(session, [row])).toBeUndefined())).toBeUndefined()
    }
    expect(site.rows()).toEqual(before)
    expect(site.warnings).toEqual([expect.stringContaining('sessionAuthHash')])
  })

  it('is followed by the option `sessionAuthHash`', async () => {
    const site = siteOfDjango({ sessionAuthHash })
    expect(await findUser(await site.open(), [row])).toBe(row)
    await site.request((session) => djangoLogin(session, row))
    expect(site.data()[site.key]).toMatchObject({ _auth_user_hash: `"${sessionAuthHash(row, 'django-insecure-test')}"`, cart: '[1]' })
    await site.request(async (session) => expect(await findUser(session, [{ ...row, token: 't2' } as Row])).toBeUndefined())
    expect([site.rows(), site.warnings]).toEqual([[], []])
  })

  it('or has no such method: then logins are not compared', async () => {
    const site = new Site({ sessionAuthHash: () => '' })
    site.insertRow(JSON.stringify({ _auth_user_id: '1', _auth_user_backend: BACKEND, _auth_user_hash: '', cart: [1] }))
    expect(await findUser(await site.open(), [row])).toBe(row)
    await site.request((session) => djangoLogin(session, { ...row, password: 'new' }))
    expect(site.data()[site.key]).toMatchObject({ _auth_user_hash: '""', cart: '[1]' })
  })

  it('rejects with ConfigError when the option returns no text', async () => {
    const site = siteOfDjango({ sessionAuthHash: () => undefined as never })
    const error = await catchRejection(findUser(await site.open(), [row]))
    expect(error).toMatchObject({ code: 'ERR_SESSION_CONFIG', message: expect.stringContaining('sessionAuthHash') })
  })

  it('saltedHmac returns the same as Django', () => {
    // salted_hmac('salt', 'value', 'secret').hexdigest() and algorithm='sha256' of Django 3.2.25
    expect(saltedHmac('salt', 'secret', 'value')).toBe('a82be9ba6efe61405ee8d2e8a3781c37e103360a')
    expect(saltedHmac('salt', 'secret', 'value', 'sha256')).toBe('debaddcd9ecbaab181289870baf8af49b0af0a7050d620d1a63f1e69bd87ceb8')
  })
})

describe('a UUID as primary key', () => {
  const HYPHENS = '0f8fad5b-d9cb-469f-a165-70867728950e'
  const HEX = HYPHENS.replaceAll('-', '')

  function siteOfDjango(id: string = HYPHENS): Site {
    const site = new Site()
    const hash = saltedHmac('django.contrib.auth.models.AbstractBaseUser.get_session_auth_hash', 'django-insecure-test', 'x', 'sha256')
    site.insertRow(JSON.stringify({ _auth_user_id: id, _auth_user_backend: BACKEND, _auth_user_hash: hash, cart: [1] }))
    return site
  }

  it.each([
    ['with hyphens, as in PostgreSQL', HYPHENS],
    ['without hyphens, as in SQLite and MySQL', HEX],
    ['in capitals', HYPHENS.toUpperCase()],
  ])('finds its user in a column %s', async (_column, id) => {
    const user = { id, password: 'x' }
    const site = siteOfDjango()
    const loaded: string[] = []
    const loadUser = (each: string): DjangoUser | undefined => {
      loaded.push(each)
      return [id, id.toLowerCase()].includes(each) ? user : undefined
    }
    expect(await djangoUser(await site.open(), { loadUser })).toBe(user)
    expect(loaded).toEqual(id === HEX ? [HYPHENS, HEX] : [HYPHENS])
  })

  it('of a user who does not exist is looked for in both forms', async () => {
    const loaded: string[] = []
    const site = siteOfDjango()
    expect(await djangoUser(await site.open(), { loadUser: (id) => void loaded.push(id) })).toBeUndefined()
    expect(loaded).toEqual([HYPHENS, HEX])
  })

  it.each([HYPHENS, HEX, HYPHENS.toUpperCase()])('identifies the same user: %s', async (id) => {
    const site = siteOfDjango()
    await site.request((session) => djangoLogin(session, { id, password: 'x' }))
    expect(site.data()[site.key]).toMatchObject({ cart: '[1]', _auth_user_id: `"${HYPHENS}"` })
    const before = site.key
    await site.request((session) => updateDjangoAuthHash(session, { id, password: 'y' }))
    expect(site.key).not.toBe(before)
    expect(await djangoUser(await site.open(), { loadUser: () => ({ id, password: 'y' }) })).toBeDefined()
  })

  it('identifies the same user when Django logs in at the same time', async () => {
    const site = new Site()
    site.insertRow('{"cart":[1]}')
    const session = await site.open()
    djangoLogin(session, { id: HEX, password: 'x' })
    const { database } = siteOfDjango()
    const [row] = database.prepare('SELECT * FROM django_session').all() as { session_data: string }[]
    site.database.prepare('UPDATE django_session SET session_data = ?').run(row?.session_data ?? '')
    await session.save()
    expect(site.data()[session.id ?? '']).toMatchObject({ cart: '[1]' })
  })

  it('that is another one identifies another user', async () => {
    const site = siteOfDjango()
    await site.request((session) => djangoLogin(session, { id: HEX.replace(/^0/, '1'), password: 'x' }))
    expect(site.data()[site.key]).not.toHaveProperty('cart')
  })
})

describe('a mistake in a user', () => {
  it('is an error that names the column when `loadUser` does not select the password', async () => {
    const site = await siteWithLogin()
    const error = await catchRejection(djangoUser(await site.open(), { loadUser: () => ({ id: 1 }) as never }))
    expect(error).toMatchObject({ code: 'ERR_SESSION_CONFIG', message: expect.stringContaining('`password`') })
    expect(site.rows()).toHaveLength(1)
  })

  it.each([
    ['password', { id: 1 }],
    ['password', { id: 1, password: null }],
    ['id', { password: 'x' }],
    ['id', { id: '', password: 'x' }],
    ['id', { id: 1.5, password: 'x' }],
  ])('is an error of djangoLogin that names `%s` for %o', async (name, user: any) => {
    const session = await new Site().open()
    expect(catchError(() => djangoLogin(session, user))).toMatchObject({
      code: 'ERR_SESSION_CONFIG',
      message: expect.stringContaining(`\`${name}\``),
    })
    expect(session.modified).toBe(false)
  })
})

describe('AUTHENTICATION_BACKENDS', () => {
  it('with one backend is the default of djangoLogin', async () => {
    const site = new Site({ backends: ['app.Backend'] })
    await site.request((session) => djangoLogin(session, ada))
    expect(site.data()[site.key]).toMatchObject({ _auth_user_backend: '"app.Backend"' })
    expect(await findUser(await site.open())).toBe(ada)
  })

  it.each([
    ['of several backends has to be chosen', { backends: ['app.One', 'app.Two'] }, {}],
    ['that Django would ignore is refused', {}, { backend: 'app.Backend' }],
  ])('%s', async (_rule, options, loginOptions) => {
    const session = await new Site(options).open()
    expect(catchError(() => djangoLogin(session, ada, loginOptions))).toMatchObject({
      code: 'ERR_SESSION_CONFIG',
      message: expect.stringContaining('backends'),
    })
    expect(session.modified).toBe(false)
  })
})

it('a login removes the CSRF token of CSRF_USE_SESSIONS, in whose place Django makes a new one', async () => {
  const site = new Site()
  site.insertRow('{"cart":[1],"_csrftoken":"abc"}')
  await site.request((session) => djangoLogin(session, ada))
  expect(site.data()[site.key]).not.toHaveProperty('_csrftoken')
  expect(site.data()[site.key]).toHaveProperty('cart')
})

describe('updateDjangoAuthHash', () => {
  it('keeps this session under a new key, while other sessions of the user end', async () => {
    const site = await siteWithLogin()
    const other = site.cookie
    site.cookie = undefined
    await site.request((session) => djangoLogin(session, ada))
    const changed = { ...ada, password: 'new' }
    await site.request((session) => updateDjangoAuthHash(session, changed))
    expect(await findUser(await site.open(), [changed])).toBe(changed)
    expect(await findUser(await site.open(other), [changed])).toBeUndefined()
  })

  it('does not change the session of another user', async () => {
    const site = await siteWithLogin()
    const before = site.rows()
    await site.request((session) => updateDjangoAuthHash(session, eve))
    expect(site.rows()).toEqual(before)
  })
})

it('djangoLogout ends the session', async () => {
  const site = await siteWithLogin()
  expect(await site.request(djangoLogout)).toContain('sessionid=;')
  expect(site.rows()).toEqual([])
})

describe('django messages', () => {
  it('throw ConfigError without `messageStorage`, because Django would read them from its cookie', async () => {
    const site = new Site()
    await site.request((session) => {
      for (const use of [() => addDjangoMessage(session, 20, 'Saved.'), () => djangoMessages(session)])
        expect(catchError(use)).toMatchObject({ code: 'ERR_SESSION_CONFIG', message: expect.stringContaining('MESSAGE_STORAGE') })
    })
    expect(site.rows()).toEqual([])
  })

  it('written by Django are read once', async () => {
    const site = new Site({ messageStorage: 'session' })
    site.insertRow(JSON.stringify({ _messages: vectors.messages }))
    const messages = [
      { level: 20, message: 'hi', isSafe: false },
      { level: 40, message: '<b>x</b>', isSafe: true, extraTags: 't1 t2' },
      { level: 20, message: 'ünï', isSafe: false },
    ]
    await site.request((session) => expect(djangoMessages(session)).toEqual(messages))
    await site.request((session) => expect(djangoMessages(session)).toEqual([]))
    expect(site.data()[KEY]).toEqual({})
  })

  it('are written in the format of Django', async () => {
    const site = new Site({ messageStorage: 'session' })
    await site.request((session) => {
      addDjangoMessage(session, djangoLevels.info, 'hi')
      addDjangoMessage(session, djangoLevels.error, '<b>x</b>', { isSafe: true, extraTags: 't1 t2' })
      addDjangoMessage(session, djangoLevels.info, 'ünï')
    })
    const text = JSON.parse(site.data()[site.key]?.['_messages'] ?? '') as string
    expect(JSON.parse(text)).toEqual(JSON.parse(vectors.messages))
  })

  it('added by a parallel request are kept', async () => {
    const site = new Site({ messageStorage: 'session' })
    await site.request((session) => addDjangoMessage(session, 20, 'one'))
    const reader = await site.open()
    expect(djangoMessages(reader).map(({ message }) => message)).toEqual(['one'])
    await site.request((session) => addDjangoMessage(session, 20, 'two'))
    await reader.save()
    await site.request((session) => expect(djangoMessages(session).map(({ message }) => message)).toEqual(['two']))
  })

  it('that are read fail no request whose session ends at the same time', async () => {
    const site = new Site({ messageStorage: 'session' })
    await site.request((session) => addDjangoMessage(session, 20, 'one'))
    const reader = await site.open()
    expect(djangoMessages(reader)).toHaveLength(1)
    await site.request(djangoLogout)
    await site.sessions.commit(reader, { status: 200 })
    expect(site.rows()).toEqual([])
  })

  it.each(['"no list"', '7', '"{}"', '"[1,[2],[\\"__json_message\\",0,\\"x\\",1]]"', 'null'])(
    'are empty when the property is %s',
    async (text) => {
      const site = new Site({ messageStorage: 'session' })
      site.insertRow(`{"_messages":${text}}`)
      await site.request((session) => {
        expect(djangoMessages(session)).toEqual([])
        addDjangoMessage(session, 20, 'first')
      })
      await site.request((session) => expect(djangoMessages(session)).toHaveLength(1))
    },
  )
})

it('the functions for test cookies set, check and delete a property', async () => {
  const site = new Site({ messageStorage: 'session' })
  await site.request(setTestCookie)
  expect(site.data()[site.key]).toEqual({ testcookie: '"worked"' })
  await site.request((session) => {
    expect([testCookieWorked(session), deleteTestCookie(session), testCookieWorked(session)]).toEqual([true, true, false])
    expect(deleteTestCookie(session)).toBe(false)
  })
  expect(testCookieWorked(await site.open())).toBe(false)
})

describe('two cookies `sessionid`', () => {
  const OTHER = 'o'.repeat(32)

  it.each([
    ['an unknown key first', (key: string) => `sessionid=${OTHER}; sessionid=${key}`],
    ['an unknown key last', (key: string) => `sessionid=${key}; sessionid=${OTHER}`],
    ['a key of another form', (key: string) => `sessionid=abc; sessionid=${key}`],
  ])('find the user of the one that is alive: %s', async (_order, cookies) => {
    const site = await siteWithLogin()
    site.cookie = cookies(site.key)
    await site.request(async (session) => {
      expect(await findUser(session)).toBe(ada)
      expect(session.get('cart')).toEqual([1])
    })
    expect(await site.request(djangoLogout)).toContain('sessionid=;')
    expect(site.rows()).toEqual([])
  })

  it('of two sessions that are alive are nobody, and a logout ends both', async () => {
    const site = await siteWithLogin()
    const { key } = site
    site.insertRow('{"planted":1}', { key: OTHER })
    site.cookie = `sessionid=${OTHER}; sessionid=${key}`
    await site.request(async (session) => {
      expect(await findUser(session)).toBeUndefined()
      expect(session.toObject()).toEqual({})
    })
    expect(site.events.filter(({ type }) => type === 'absent').at(-1)).toMatchObject({ reason: 'two-cookies' })
    await site.request(djangoLogout)
    expect(site.rows()).toEqual([])
  })

  it('of two sessions that are alive become the one of a login', async () => {
    const site = await siteWithLogin()
    const { key } = site
    site.insertRow('{"planted":1}', { key: OTHER })
    site.cookie = `sessionid=${OTHER}; sessionid=${key}`
    await site.request((session) => djangoLogin(session, ada))
    expect(site.rows().map(({ session_key }) => session_key)).toEqual([site.key])
    expect(await findUser(await site.open())).toBe(ada)
  })
})
