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
import { TestApp, thrown } from '../core/fixture.ts'
import { Site } from './site.ts'
import { vectors } from './vectors.ts'

const KEY = 'k'.repeat(32)
const BACKEND = 'django.contrib.auth.backends.ModelBackend'
const ada: DjangoUser = { id: 1, password: 'pbkdf2_sha256$1$salt$hash', is_active: 1 }
const eve: DjangoUser = { id: 2, password: 'pbkdf2_sha256$1$salt$other', is_active: true }

function userOf(session: Session<any>, users: readonly DjangoUser[] = [ada, eve], backends?: string[]): Promise<DjangoUser | undefined> {
  const loadUser = (id: string): DjangoUser | undefined => users.find((user) => String(user.id) === id)
  return djangoUser(session, { loadUser, ...(backends === undefined ? {} : { backends }) })
}

/** A site on which Ada has logged in, with something in her cart. */
async function siteOfAda(options: ConstructorParameters<typeof Site>[0] = {}): Promise<Site> {
  const site = new Site(options)
  await site.visit((session) => {
    session.set('cart', [1])
    djangoLogin(session, ada)
  })
  return site
}

describe('djangoLogin', () => {
  it('writes what Django writes, and a new key', async () => {
    const site = new Site()
    const [vector] = vectors.auth_hash.slice(-1)
    const secretKey = vector?.secret ?? ''
    await site.visit((session) => session.set('cart', [1]))
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

  it('drops what another user left', async () => {
    const site = await siteOfAda()
    await site.visit((session) => djangoLogin(session, eve))
    expect(Object.keys(site.data()[site.key] ?? {})).toEqual(['_auth_user_id', '_auth_user_backend', '_auth_user_hash'])
    expect(site.rows()).toHaveLength(1)
  })

  it('drops what the same user left before the password changed', async () => {
    const site = await siteOfAda()
    await site.visit((session) => djangoLogin(session, { ...ada, password: 'new' }))
    expect(site.data()[site.key]).not.toHaveProperty('cart')
    expect(site.rows()).toHaveLength(1)
  })

  it('of the same user again keeps the data', async () => {
    const site = await siteOfAda()
    await site.visit((session) => djangoLogin(session, ada))
    expect(site.data()[site.key]).toHaveProperty('cart', '[1]')
  })

  it('takes an expiry of its own, and another backend', async () => {
    const site = new Site()
    await site.visit((session) => djangoLogin(session, ada, { expiry: 'browser', backend: 'app.Backend' }))
    expect(site.data()[site.key]).toMatchObject({ _session_expiry: '0', _auth_user_backend: '"app.Backend"' })
  })

  it('is the only way to log in: a user id alone is not enough to Django', async () => {
    const session = await new Site().open()
    expect(thrown(() => session.login(1)).message).toContain('djangoLogin')
    expect(session.modified).toBe(false)
  })

  it('is refused on a session that is not Django’s', async () => {
    const session = await new TestApp().open()
    expect(thrown(() => djangoLogin(session, ada))).toMatchObject({ code: 'ERR_SESSION_CONFIG' })
  })
})

describe('djangoUser', () => {
  it('answers the user, and writes nothing', async () => {
    const site = await siteOfAda()
    const before = site.rows()
    await site.visit(async (session) => {
      expect(await userOf(session)).toBe(ada)
      expect(session.userId).toBe('1')
    })
    expect(site.rows()).toEqual(before)
  })

  it.each<[string, readonly DjangoUser[], string[] | undefined]>([
    ['a user who is gone', [], undefined],
    ['a user who is not active', [{ ...ada, is_active: false }], undefined],
    ['a user who is not active, as SQLite says it', [{ ...ada, is_active: 0 }], undefined],
    ['a backend that is not configured', [ada], ['other.Backend']],
  ])('answers nobody for %s, and keeps the session', async (_what, users, backends) => {
    const site = await siteOfAda()
    await site.visit(async (session) => expect(await userOf(session, users, backends)).toBeUndefined())
    expect(site.data()[site.key]).toHaveProperty('cart')
  })

  it.each([
    ['the password changed', { ...ada, password: 'new' }],
    ['the password column is empty', { ...ada, password: '' }],
  ])('ends the session when %s', async (_what, user) => {
    const site = await siteOfAda()
    await site.visit(async (session) => expect(await userOf(session, [user])).toBeUndefined())
    expect(site.rows()).toEqual([])
  })

  it('ends the session when it has no hash', async () => {
    const site = new Site()
    site.plant(JSON.stringify({ _auth_user_id: '1', _auth_user_backend: BACKEND }))
    await site.visit(async (session) => expect(await userOf(session)).toBeUndefined())
    expect(site.rows()).toEqual([])
  })

  it('answers nobody for an anonymous session, without asking', async () => {
    const site = new Site()
    site.plant('{"a":1}')
    const session = await site.open()
    const loadUser = (): never => {
      throw new Error('asked')
    }
    expect(await djangoUser(session, { loadUser })).toBeUndefined()
  })

  it('renews what an old secret key vouches for', async () => {
    const site = await siteOfAda()
    const manager = site.manager({ secretKey: 'new', fallbacks: ['django-insecure-test'] })
    const session = await manager.load(site.key)
    expect(await userOf(session)).toBe(ada)
    await session.save()
    expect(session.id).not.toBe(site.key)
    const again = await site.manager({ secretKey: 'new' }).load(session.id ?? '')
    expect(await userOf(again)).toBe(ada)
    expect(again.modified).toBe(false)
  })

  it.each([
    ['a key of `fallbacks` vouches for it', { secretKey: 'new', fallbacks: ['django-insecure-test'] }, ada.password, 1],
    ['the password was changed', {}, 'new', 0],
  ])('of two requests at once of a session neither fails when %s', async (_, options, password, rows) => {
    const site = await siteOfAda()
    const manager = site.manager(options)
    const two = await Promise.all([1, 2].map(() => manager.open({ cookie: site.cookie, secure: false, loopback: false })))
    for (const session of two) await userOf(session, [{ ...ada, password }])
    await Promise.all(two.map((session) => manager.commit(session, { status: 200 })))
    expect(site.rows().filter(({ session_key }) => session_key !== site.key)).toHaveLength(rows)
    expect(site.rows()).toHaveLength(rows)
  })

  it('a change of the application is still told when another request has renewed the session', async () => {
    const site = await siteOfAda()
    const manager = site.manager({ secretKey: 'new', fallbacks: ['django-insecure-test'] })
    const two = await Promise.all([1, 2].map(() => manager.open({ cookie: site.cookie, secure: false, loopback: false })))
    for (const session of two) await userOf(session)
    two[1]?.set('cart', [2])
    const [first, second] = two.map((session) => manager.commit(session, { status: 200 }))
    await first
    await expect(second).rejects.toMatchObject({ code: 'ERR_SESSION_ENDED' })
  })

  it('knows nobody without the old secret key', async () => {
    const site = await siteOfAda()
    expect(await userOf(await site.manager({ secretKey: 'new' }).load(site.key))).toBeUndefined()
    expect(site.rows()).toHaveLength(1)
  })

  it('once the response has started only tells', async () => {
    const site = await siteOfAda()
    const session = await site.open()
    await site.sessions.commit(session, { status: 200 })
    expect(await userOf(session, [{ ...ada, password: 'new' }])).toBeUndefined()
    expect(site.rows()).toHaveLength(1)
  })

  it('fails when the session could not be loaded: that is not nobody', async () => {
    const site = await siteOfAda()
    site.database.exec('DROP TABLE django_session')
    await expect(userOf(await site.open())).rejects.toMatchObject({ code: 'ERR_SESSION_STORE' })
  })
})

describe('updateDjangoAuthHash', () => {
  it('keeps this session and gives it a new key, while others end', async () => {
    const site = await siteOfAda()
    const other = site.cookie
    site.cookie = undefined
    await site.visit((session) => djangoLogin(session, ada))
    const changed = { ...ada, password: 'new' }
    await site.visit((session) => updateDjangoAuthHash(session, changed))
    expect(await userOf(await site.open(), [changed])).toBe(changed)
    expect(await userOf(await site.open(other), [changed])).toBeUndefined()
  })

  it('leaves the session of anybody else alone', async () => {
    const site = await siteOfAda()
    const before = site.rows()
    await site.visit((session) => updateDjangoAuthHash(session, eve))
    expect(site.rows()).toEqual(before)
  })
})

it('djangoLogout ends the session', async () => {
  const site = await siteOfAda()
  expect(await site.visit(djangoLogout)).toContain('sessionid=;')
  expect(site.rows()).toEqual([])
})

describe('messages', () => {
  it('that Django left are read, once', async () => {
    const site = new Site()
    site.plant(JSON.stringify({ _messages: vectors.messages }))
    const messages = [
      { level: 20, message: 'hi', isSafe: false },
      { level: 40, message: '<b>x</b>', isSafe: true, extraTags: 't1 t2' },
      { level: 20, message: 'ünï', isSafe: false },
    ]
    await site.visit((session) => expect(djangoMessages(session)).toEqual(messages))
    await site.visit((session) => expect(djangoMessages(session)).toEqual([]))
    expect(site.data()[KEY]).toEqual({})
  })

  it('are left as Django reads them', async () => {
    const site = new Site()
    await site.visit((session) => {
      addDjangoMessage(session, djangoLevels.info, 'hi')
      addDjangoMessage(session, djangoLevels.error, '<b>x</b>', { isSafe: true, extraTags: 't1 t2' })
      addDjangoMessage(session, djangoLevels.info, 'ünï')
    })
    const text = JSON.parse(site.data()[site.key]?.['_messages'] ?? '') as string
    expect(JSON.parse(text)).toEqual(JSON.parse(vectors.messages))
  })

  it('that are added while others are shown stay', async () => {
    const site = new Site()
    await site.visit((session) => addDjangoMessage(session, 20, 'one'))
    const showing = await site.open()
    expect(djangoMessages(showing).map(({ message }) => message)).toEqual(['one'])
    await site.visit((session) => addDjangoMessage(session, 20, 'two'))
    await showing.save()
    await site.visit((session) => expect(djangoMessages(session).map(({ message }) => message)).toEqual(['two']))
  })

  it.each(['"no list"', '7', '"{}"', '"[1,[2],[\\"__json_message\\",0,\\"x\\",1]]"', 'null'])('%s holds none', async (text) => {
    const site = new Site()
    site.plant(`{"_messages":${text}}`)
    await site.visit((session) => {
      expect(djangoMessages(session)).toEqual([])
      addDjangoMessage(session, 20, 'first')
    })
    await site.visit((session) => expect(djangoMessages(session)).toHaveLength(1))
  })
})

it('test cookies', async () => {
  const site = new Site()
  await site.visit(setTestCookie)
  expect(site.data()[site.key]).toEqual({ testcookie: '"worked"' })
  await site.visit((session) => {
    expect([testCookieWorked(session), deleteTestCookie(session), testCookieWorked(session)]).toEqual([true, true, false])
    expect(deleteTestCookie(session)).toBe(false)
  })
  expect(testCookieWorked(await site.open())).toBe(false)
})
