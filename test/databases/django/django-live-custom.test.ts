// A running Django whose settings or models are not the default ones.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { DjangoOptions } from '../../../src/django/django.ts'
import { saltedHmac } from '../../../src/django/django.ts'
import { type App, type Apps, Browser, ORDERS, time } from '../../django/live/browser.ts'
import { openSqlite, type SharedDatabase, sharedDatabases } from '../../django/live/databases.ts'
import { startDjango } from '../../django/live/django-app.ts'
import { endTests } from '../../django/live/end-tests.ts'
import { expiryTests } from '../../django/live/expiry-tests.ts'
import { startNode } from '../../django/live/node-app.ts'
import { SECRET } from '../../django/site.ts'
import { findDjango } from '../../services/django.ts'

const django = findDjango()
const { readsDates = false } = django ?? {}

const APPS = ['django.contrib.auth', 'django.contrib.contenttypes', 'django.contrib.sessions', 'django.contrib.messages', 'accounts']
const OWN_MODELS = { INSTALLED_APPS: APPS, AUTH_USER_MODEL: 'accounts.User', SESSION_ENGINE: 'accounts.sessions' }

/** What a Node needs for `OWN_MODELS`. */
const ownModels: Partial<DjangoOptions> = {
  table: 'accounts_accountsession',
  salt: 'django.contrib.sessions.AccountStore',
  columns: { account_id: (data) => data._auth_user_id, kind: (data) => (data['kind'] as string | undefined) ?? 'web' },
  sessionAuthHash: (user, secretKey) => saltedHmac('accounts.session', secretKey, `${user.password}${String(user['token'])}`),
}

interface Site {
  readonly open?: () => Promise<SharedDatabase>
  readonly settings: object
  readonly options: Partial<DjangoOptions>
  readonly users?: string
}

/** Starts both apps of a site. The default database is SQLite. */
function startApps({ open = openSqlite, settings, options, users }: Site): Apps & { readonly warnings: string[] } {
  let shared: SharedDatabase
  const warnings: string[] = []
  const apps = { warnings } as unknown as Record<keyof Apps, App> & { warnings: string[] }
  beforeAll(async () => {
    shared = await open()
    apps.Django = await startDjango(django?.python ?? '', { ...shared.settings, SECRET_KEY: SECRET, ...settings })
    const common = { secretKey: SECRET, isoExpiry: readsDates, onWarning: (text: string) => warnings.push(text) }
    apps.Node = await startNode({ ...common, ...shared.options, ...options }, shared.users(users))
  })
  afterAll(async () => {
    await apps.Node?.close()
    await apps.Django?.close()
    await shared?.remove()
  })
  afterEach(() => {
    time.ahead = 0
    warnings.length = 0
  })
  return apps
}

describe.each(sharedDatabases)('its own user and session models on %s', (_name, isAvailable, open) => {
  describe.skipIf(django === undefined || !isAvailable)('with a live Django', () => {
    const apps = startApps({ open, settings: OWN_MODELS, options: ownModels, users: 'accounts_user' })

    endTests(apps)

    it.each(ORDERS)('%s logs in, %s finds the user by its UUID and ends the session when the token changes', async (first, second) => {
      const browser = new Browser()
      await browser.run(apps[first], ['set', 'cart', [1]], ['login', 'ada'])
      expect(await browser.run(apps[second], ['user'], ['get', 'cart'])).toEqual(['ada', [1]])
      await browser.run(apps[second], ['login', 'ada'])
      expect(await browser.run(apps[first], ['user'], ['get', 'cart'])).toEqual(['ada', [1]])
      await new Browser().run(apps.Django, ['token', 'ada', `after ${first}`])
      expect(await browser.copy().run(apps[second], ['user'], ['get', 'cart'])).toEqual([null, null])
      expect(await browser.copy().run(apps[first], ['user'], ['get', 'cart'])).toEqual([null, null])
    })

    it.each(ORDERS)('%s writes a session, %s changes it, and both fill the columns', async (first, second) => {
      const browser = new Browser()
      await browser.run(apps[first], ['set', 'kind', 'app'])
      expect(await browser.run(apps.Django, ['account'])).toEqual([[null, 'app']])
      await browser.run(apps[second], ['login', 'eve'])
      const [[id, kind]] = await browser.run(apps.Django, ['account'])
      expect([kind, id.replaceAll('-', '')]).toEqual(['app', expect.stringMatching(/^[0-9a-f]{32}$/)])
      await browser.run(apps[first], ['set', 'kind', 'tv'])
      expect(await browser.run(apps.Django, ['account'])).toEqual([[expect.anything(), 'tv']])
    })
  })
})

describe.skipIf(django === undefined)('its own user model, of which Node is not told', () => {
  const { sessionAuthHash: _, ...options } = ownModels
  const apps = startApps({ settings: OWN_MODELS, options, users: 'accounts_user' })

  it('stays logged in after requests on Node', async () => {
    const browser = new Browser()
    await browser.run(apps.Django, ['set', 'cart', [1]], ['login', 'ada'])
    for (let request = 0; request < 2; request++) expect(await browser.run(apps.Node, ['user'])).toEqual([null])
    expect(await browser.run(apps.Django, ['user'], ['get', 'cart'])).toEqual(['ada', [1]])
    expect(apps.warnings).toEqual([expect.stringContaining('sessionAuthHash')])
  })
})

describe.skipIf(django === undefined).each([
  ['the SECRET_KEY', {}, { secretKey: 'another' }],
  ['the salt', {}, { salt: 'django.contrib.sessions.AccountStore' }],
  ['the serializer', { SESSION_SERIALIZER: 'accounts.serializers.PickleSerializer' }, {}],
])('a Node that does not have %s', (_name, settings, options) => {
  const apps = startApps({ settings, options })

  it('logs nobody out of Django', async () => {
    const browser = new Browser()
    await browser.run(apps.Django, ['login', 'ada'], ['set', 'a', 1])
    expect(await browser.run(apps.Node, ['user'], ['get', 'a'])).toEqual([null, null])
    for (const change of [['set', 'a', 2] as const, ['login', 'eve'] as const]) {
      expect(await browser.send(apps.Node, change)).toMatchObject({ status: 500, setCookies: [] })
    }
    expect(await browser.run(apps.Django, ['user'], ['get', 'a'])).toEqual(['ada', 1])
    expect(apps.warnings).toEqual([expect.stringMatching(/SECRET_KEY|SESSION_SERIALIZER/)])
  })

  it('logs out of Django when that is asked for', async () => {
    const browser = new Browser()
    await browser.run(apps.Django, ['login', 'ada'])
    const thief = browser.copy()
    await browser.run(apps.Node, ['logout'])
    expect([...browser.cookies]).toEqual([])
    expect(await thief.run(apps.Django, ['user'])).toEqual([null])
  })
})

describe.skipIf(django === undefined)('a database with a time zone', () => {
  const openWithZone = async (): Promise<SharedDatabase> => {
    const shared = await openSqlite()
    const { default: database } = shared.settings['DATABASES'] as { default: object }
    return { ...shared, settings: { ...shared.settings, DATABASES: { default: { ...database, TIME_ZONE: 'Asia/Kolkata' } } } }
  }
  const apps = startApps({ open: openWithZone, settings: {}, options: { databaseTimeZone: 'Asia/Kolkata' } })

  expiryTests(apps, readsDates)
})

describe.skipIf(django === undefined)('CSRF_USE_SESSIONS, SESSION_COOKIE_SAMESITE = False and properties of packages', () => {
  const MIDDLEWARE = [
    '__main__.clock',
    'django.contrib.sessions.middleware.SessionMiddleware',
    'django.middleware.csrf.CsrfViewMiddleware',
    'django.contrib.auth.middleware.AuthenticationMiddleware',
    'django.contrib.messages.middleware.MessageMiddleware',
  ]
  const apps = startApps({
    settings: { MIDDLEWARE, CSRF_USE_SESSIONS: true, SESSION_COOKIE_SAMESITE: false },
    options: { cookie: { sameSite: false } },
  })

  it.each(['Django', 'Node'] as const)('a login on %s renews the CSRF token', async (app) => {
    const browser = new Browser()
    await browser.run(apps.Django, ['csrfToken'])
    const [before] = await browser.run(apps.Django, ['get', '_csrftoken'])
    await browser.run(apps[app], ['login', 'ada'])
    await browser.run(apps.Django, ['csrfToken'])
    const [after] = await browser.run(apps.Django, ['get', '_csrftoken'])
    expect([typeof before, typeof after, before === after]).toEqual(['string', 'string', false])
    expect(await browser.run(apps.Node, ['user'])).toEqual(['ada'])
  })

  it('both apps send cookies without SameSite', async () => {
    for (const app of [apps.Django, apps.Node]) {
      const { setCookies } = await new Browser().send(app, ['set', 'a', 1])
      expect(setCookies).toEqual([expect.not.stringMatching(/samesite/i)])
    }
  })

  it('Node reads and removes what a package of Django has stored', async () => {
    const browser = new Browser()
    await browser.run(apps.Django, ['set', '_language', 'de'], ['set', '_impersonate', { id: 7 }])
    expect(await browser.run(apps.Node, ['property', '_language'], ['deleteProperty', '_impersonate'])).toEqual(['de', true])
    expect(await browser.run(apps.Django, ['get', '_language'], ['get', '_impersonate'])).toEqual(['de', null])
  })
})

describe.skipIf(django === undefined)("Django's default MESSAGE_STORAGE", () => {
  const MESSAGE_STORAGE = 'django.contrib.messages.storage.fallback.FallbackStorage'

  describe('without the option `messageStorage`', () => {
    const apps = startApps({ settings: { MESSAGE_STORAGE }, options: { messageStorage: undefined as never } })

    it('makes addDjangoMessage an error', async () => {
      const { status, results } = await new Browser().send(apps.Node, ['message', 20, 'Saved.'])
      expect([status, results[0]]).toEqual([500, expect.stringContaining('MESSAGE_STORAGE')])
    })
  })

  describe('with it, against its description', () => {
    const apps = startApps({ settings: { MESSAGE_STORAGE }, options: {} })

    it('never shows a message of the session', async () => {
      const browser = new Browser()
      await browser.run(apps.Node, ['message', 20, 'Saved.'])
      expect(await browser.run(apps.Django, ['messages'])).toEqual([[]])
    })
  })
})
