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
  setTestCookie,
  testCookieWorked,
  updateDjangoAuthHash,
} from '../../src/django/django.ts'
import type { Session } from '../../src/index.ts'
import { catchError, TestApp } from '../core/fixture.ts'
import { incoming } from '../helpers/incoming.ts'
import { Site } from './site.ts'
import { vectors } from './vectors.ts'

const KEY = 'k'.repeat(32)
const BACKEND = 'django.contrib.auth.backends.ModelBackend'
const ada: DjangoUser = { id: 1, password: 'pbkdf2_sha256$1$salt$hash', is_active: 1 }
const eve: DjangoUser = { id: 2, password: 'pbkdf2_sha256$1$salt$other', is_active: true }

function findUser(session: Session<any>, users: readonly DjangoUser[] = [ada, eve], backends?: string[]): Promise<DjangoUser | undefined> {
  const loadUser = (id: string): DjangoUser | undefined => users.find((user) => String(user.id) === id)
  return djangoUser(session, { loadUser, ...(backends === undefined ? {} : { backends }) })
}

/** Creates a site where Ada is logged in and has an item in her cart. */
async function siteWithLogin(options: ConstructorParameters<typeof Site>[0] = {}): Promise<Site> {
  const site = new Site(options)
  await site.request((session) => {
    session.set('cart', [1])
    djangoLogin(session, ada)
  })
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
        _auth_user_backend: `"${BACKEND}"`,
        _auth_user_hash: `"${vector?.session_auth_hash}"`,
      },
    })
  })

  it('drops the data of another user', async () => {
    const site = await siteWithLogin()
    await site.request((session) => djangoLogin(session, eve))
    expect(Object.keys(site.data()[site.key] ?? {})).toEqual(['_auth_user_id', '_auth_user_backend', '_auth_user_hash'])
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
    const site = new Site()
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

  it.each<[string, readonly DjangoUser[], string[] | undefined]>([
    ['does not exist', [], undefined],
    ['is not active', [{ ...ada, is_active: false }], undefined],
    ['is not active (0, as in SQLite)', [{ ...ada, is_active: 0 }], undefined],
    ['logged in with a backend that is not configured', [ada], ['other.Backend']],
  ])('returns undefined and keeps the session when the user %s', async (_condition, users, backends) => {
    const site = await siteWithLogin()
    await site.request(async (session) => expect(await findUser(session, users, backends)).toBeUndefined())
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
    const site = new Site()
    site.insertRow(JSON.stringify({ _auth_user_id: '1', _auth_user_backend: BACKEND }))
    await site.request(async (session) => expect(await findUser(session)).toBeUndefined())
    expect(site.rows()).toEqual([])
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
  it('written by Django are read once', async () => {
    const site = new Site()
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
    const site = new Site()
    await site.request((session) => {
      addDjangoMessage(session, djangoLevels.info, 'hi')
      addDjangoMessage(session, djangoLevels.error, '<b>x</b>', { isSafe: true, extraTags: 't1 t2' })
      addDjangoMessage(session, djangoLevels.info, 'ünï')
    })
    const text = JSON.parse(site.data()[site.key]?.['_messages'] ?? '') as string
    expect(JSON.parse(text)).toEqual(JSON.parse(vectors.messages))
  })

  it('added by a parallel request are kept', async () => {
    const site = new Site()
    await site.request((session) => addDjangoMessage(session, 20, 'one'))
    const reader = await site.open()
    expect(djangoMessages(reader).map(({ message }) => message)).toEqual(['one'])
    await site.request((session) => addDjangoMessage(session, 20, 'two'))
    await reader.save()
    await site.request((session) => expect(djangoMessages(session).map(({ message }) => message)).toEqual(['two']))
  })

  it.each(['"no list"', '7', '"{}"', '"[1,[2],[\\"__json_message\\",0,\\"x\\",1]]"', 'null'])(
    'are empty when the property is %s',
    async (text) => {
      const site = new Site()
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
  const site = new Site()
  await site.request(setTestCookie)
  expect(site.data()[site.key]).toEqual({ testcookie: '"worked"' })
  await site.request((session) => {
    expect([testCookieWorked(session), deleteTestCookie(session), testCookieWorked(session)]).toEqual([true, true, false])
    expect(deleteTestCookie(session)).toBe(false)
  })
  expect(testCookieWorked(await site.open())).toBe(false)
})
