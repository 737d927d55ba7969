// A stored session that cannot be read here, because SECRET_KEY, salt or serializer differ from those
// of Django: nothing takes its place, and a warning says what to compare.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { djangoLogin, djangoSessions } from '../../src/django/django.ts'
import type { DjangoOptions } from '../../src/django/sessions/django-options.ts'
import { DjangoSigner } from '../../src/wire/django-signing.ts'
import { catchError, catchRejection } from '../core/fixture.ts'
import { incoming } from '../helpers/incoming.ts'
import { SECRET, Site } from './site.ts'
import { SALT } from './vectors.ts'

const KEY = 'k'.repeat(32)
const user = { id: 1, password: 'x' }
/** What `pickle.dumps({'a': 1})` returns in Python. */
const PICKLE = '\x80\x04\x95\n\0\0\0\0\0\0\0}\x94\x8c\x01a\x94K\x01s.'

/** The options of Node, its row, and what the warning names. */
const CASES: readonly (readonly [name: string, options: Partial<DjangoOptions>, json: string, warning: string])[] = [
  ['SECRET_KEY', { secretKey: 'another' }, '{"a":1}', 'SECRET_KEY'],
  ['the salt', { salt: 'django.contrib.sessions.MyStore' }, '{"a":1}', 'SESSION_ENGINE'],
  ['the serializer', {}, PICKLE, 'SESSION_SERIALIZER'],
]

describe.each(CASES)('a session that cannot be read because of %s', (_name, options, json, warning) => {
  function newSite(more: Partial<DjangoOptions> = {}): Site {
    const site = new Site({ ...options, ...more })
    site.insertRow(json)
    return site
  }

  it('is empty, and a warning is given once', async () => {
    const site = newSite()
    for (let request = 0; request < 3; request++) {
      await site.request((session) => expect([session.get('a'), session.isNew]).toEqual([undefined, true]))
    }
    expect(site.warnings).toEqual([expect.stringContaining(warning)])
    expect(site.warnings[0]).not.toContain(SECRET)
    expect(site.events.filter(({ type }) => type === 'absent')).toHaveLength(3)
  })

  it.each([
    ['set', (session: any) => session.set('a', 2)],
    ['push', (session: any) => session.push('list', 2)],
    ['flash', (session: any) => session.flash('notice', 'Saved.')],
    ['djangoLogin', (session: any) => djangoLogin(session, user)],
    ['cycleId', (session: any) => session.cycleId()],
  ])('keeps its row and its cookie: %s throws', async (_verb, change) => {
    const site = newSite()
    const before = site.rows()
    const setCookie = await site.request((session) => {
      expect(catchError(() => change(session))).toMatchObject({ code: 'ERR_SESSION_CONFIG', message: expect.stringContaining('secretKey') })
    })
    expect([setCookie, site.rows()]).toEqual([undefined, before])
    expect(site.events).toContainEqual({ type: 'cookie-refused', reason: 'unreadable' })
  })

  it('keeps them with `lazy: true` too, where the commit rejects', async () => {
    const site = newSite({ lazy: true })
    const before = site.rows()
    const session = await site.open()
    session.set('a', 2)
    expect(await catchRejection(site.sessions.commit(session, { status: 200 }))).toMatchObject({ code: 'ERR_SESSION_CONFIG' })
    expect([site.sessions.headers(session).getSetCookie(), site.rows()]).toEqual([[], before])
  })

  it('cannot be saved outside of requests', async () => {
    const site = newSite()
    const before = site.rows()
    const session = await site.sessions.load(KEY)
    expect(await catchRejection(session.save())).toMatchObject({ code: 'ERR_SESSION_CONFIG' })
    expect(site.rows()).toEqual(before)
  })

  it('is ended by flush(), after which a new one can start', async () => {
    const site = newSite()
    await site.request((session) => {
      session.flush()
      session.set('a', 2)
    })
    expect(site.key).not.toBe(KEY)
    expect(site.rows().map(({ session_key }) => session_key)).toEqual([site.key])
  })
})

it('a session that is larger than `maxSize` allows keeps its row and its cookie, and flush() ends it', async () => {
  const site = new Site({ maxSize: 1000 })
  site.insertRow(JSON.stringify({ a: 'x'.repeat(5000) }))
  const before = site.rows()
  const setCookie = await site.request((session) => {
    expect(session.get('a')).toBeUndefined()
    expect(catchError(() => session.set('a', 1))).toMatchObject({ code: 'ERR_SESSION_CONFIG', message: expect.stringContaining('maxSize') })
  })
  expect([setCookie, site.rows()]).toEqual([undefined, before])
  expect(await site.request((session) => session.flush())).toContain('sessionid=;')
  expect(site.rows()).toEqual([])
})

it('a session file that cannot be read keeps its content', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'sojourn-django-unreadable-'))
  const path = join(directory, `sessionid${KEY}`)
  const data = new DjangoSigner(['another'], SALT, 1 << 20).sign('{"a":1}', Math.floor(Date.now() / 1000))
  writeFileSync(path, data)
  const warnings: string[] = []
  const sessions = djangoSessions<any>({ secretKey: SECRET, directory, onWarning: (text) => warnings.push(text) })
  const session = await sessions.open(incoming(`sessionid=${KEY}`, { secure: false }))
  expect(catchError(() => session.set('a', 2))).toMatchObject({ code: 'ERR_SESSION_CONFIG' })
  expect([readdirSync(directory), readFileSync(path, 'latin1'), warnings]).toEqual([
    [`sessionid${KEY}`],
    data,
    [expect.stringContaining('SECRET_KEY')],
  ])
  rmSync(directory, { recursive: true })
})

describe('a signed cookie that cannot be read', () => {
  const COOKIE_SALT = 'django.contrib.sessions.backends.signed_cookies'
  const signed = new DjangoSigner(['another'], COOKIE_SALT, 1 << 20).sign('{"a":1}', 4_102_444_800)
  const pickled = new DjangoSigner([SECRET], COOKIE_SALT, 1 << 20).sign(PICKLE, 4_102_444_800)

  it.each([
    ['signed with another key', signed, ['SECRET_KEY']],
    ['not JSON', pickled, ['SESSION_SERIALIZER']],
    ['nothing that Django signs', 'abc', []],
  ])('gives a warning once when it is %s, and is replaced, because it can be forged', async (_reason, token, warnings) => {
    const site = new Site({ database: undefined as never, signedCookies: true })
    for (let request = 0; request < 2; request++) {
      site.cookie = `sessionid=${token}`
      expect(await site.request((session) => session.set('a', 2))).toContain('sessionid=')
    }
    expect(site.warnings).toEqual(warnings.map((text) => expect.stringContaining(text)))
  })
})

it('the warning goes to the console without `onWarning`', async () => {
  const warn = vi.spyOn(console, 'warn').mockReturnValue()
  const site = new Site({ secretKey: 'another', onWarning: undefined as never })
  site.insertRow('{"a":1}')
  await site.request((session) => void session.get('a'))
  expect(warn.mock.calls).toEqual([[expect.stringMatching(/^sojourn: djangoSessions: .*SECRET_KEY/)]])
  warn.mockRestore()
})

describe('two cookies', () => {
  const OTHER = 'o'.repeat(32)

  it('of which one leads to a session that cannot be read: that of the other one counts', async () => {
    const site = new Site()
    site.insertRow('{"a":1}', { key: OTHER, secret: 'another' })
    site.insertRow('{"a":2}')
    site.cookie = `sessionid=${OTHER}; sessionid=${KEY}`
    await site.request((session) => session.increment('a'))
    expect(site.data()[KEY]).toEqual({ a: '3' })
  })

  it('of which one leads to a session that cannot be read, and the other one to none, keep both', async () => {
    const site = new Site()
    site.insertRow('{"a":1}', { key: OTHER, secret: 'another' })
    const before = site.rows()
    site.cookie = `sessionid=${KEY}; sessionid=${OTHER}`
    const setCookie = await site.request((session) => {
      expect(catchError(() => djangoLogin(session, user))).toMatchObject({ code: 'ERR_SESSION_CONFIG' })
    })
    expect([setCookie, site.rows()]).toEqual([undefined, before])
    expect(site.warnings).toHaveLength(1)
  })
})
