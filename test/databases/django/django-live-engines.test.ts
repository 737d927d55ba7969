// A running Django with the engine `file`, and one with the engine `signed_cookies`.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { DjangoOptions } from '../../../src/django/django.ts'
import { type App, type Apps, Browser, time } from '../../django/live/browser.ts'
import { dataTests } from '../../django/live/data-tests.ts'
import { openSqlite, type SharedDatabase } from '../../django/live/databases.ts'
import { startDjango } from '../../django/live/django-app.ts'
import { endTests } from '../../django/live/end-tests.ts'
import { startNode } from '../../django/live/node-app.ts'
import { randomCommandTests } from '../../django/live/random-commands.ts'
import { SECRET } from '../../django/site.ts'
import { findDjango } from '../../services/django.ts'

const django = findDjango()
const DAY = 86_400

/** Starts both apps of a site with these settings. Its users are in a database. */
function startApps(settings: () => object, options: () => Partial<DjangoOptions>): Apps {
  let users: SharedDatabase
  const apps = {} as Record<keyof Apps, App>
  beforeAll(async () => {
    users = await openSqlite()
    apps.Django = await startDjango(django?.python ?? '', { ...users.settings, SECRET_KEY: SECRET, ...settings() })
    apps.Node = await startNode({ secretKey: SECRET, ...options() }, users.users())
  })
  afterAll(async () => {
    await apps.Node?.close()
    await apps.Django?.close()
    await users?.remove()
  })
  afterEach(() => {
    time.ahead = 0
  })
  return apps
}

describe.skipIf(django === undefined)('session files', () => {
  const directory = mkdtempSync(join(tmpdir(), 'sojourn-django-files-'))
  afterAll(() => rmSync(directory, { recursive: true, force: true }))
  const apps = startApps(
    () => ({ SESSION_ENGINE: 'django.contrib.sessions.backends.file', SESSION_FILE_PATH: directory }),
    () => ({ directory }),
  )

  dataTests(apps)
  endTests(apps)
  randomCommandTests(apps)

  it('expire two weeks after the last save', async () => {
    for (const app of [apps.Django, apps.Node]) {
      time.ahead = 0
      const browser = new Browser()
      await browser.run(app, ['set', 'a', 1])
      time.ahead = 14 * DAY - 60
      for (const reader of [apps.Django, apps.Node]) expect(await browser.copy().run(reader, ['get', 'a'])).toEqual([1])
      time.ahead = 14 * DAY + 60
      for (const reader of [apps.Node, apps.Django]) expect(await browser.copy().run(reader, ['get', 'a'])).toEqual([null])
    }
  })

  it('expire after the seconds of `_session_expiry` in Node and never in Django', async () => {
    const browser = new Browser()
    await browser.run(apps.Django, ['set', 'a', 1], ['expire', 600])
    time.ahead = 540
    expect(await browser.copy().run(apps.Node, ['get', 'a'])).toEqual([1])
    time.ahead = 660
    expect(await browser.copy().run(apps.Node, ['get', 'a'])).toEqual([null])
    expect(await browser.copy().run(apps.Django, ['get', 'a'])).toEqual([1])
  })

  it('are deleted by either app after they have expired', async () => {
    for (const app of [apps.Django, apps.Node]) {
      time.ahead = 0
      const browser = new Browser()
      await browser.run(apps.Django, ['set', 'a', 1])
      time.ahead = 15 * DAY
      await new Browser().run(app, ['clearExpired'])
      time.ahead = 0
      expect(await browser.run(apps.Node, ['get', 'a'])).toEqual([null])
    }
  })
})

describe.skipIf(django === undefined)('signed cookies', () => {
  const apps = startApps(
    () => ({ SESSION_ENGINE: 'django.contrib.sessions.backends.signed_cookies' }),
    () => ({ signedCookies: true }),
  )

  randomCommandTests(apps)

  it.each([
    ['Django', 'Node'],
    ['Node', 'Django'],
  ] as const)('of %s are read and changed by %s', async (first, second) => {
    const browser = new Browser()
    await browser.run(apps[first], ['set', 'a', 'ü'], ['set', 'b', [1]], ['login', 'ada'], ['message', 20, 'Hi.'])
    expect(await browser.run(apps[second], ['get', 'a'], ['pop', 'b'], ['user'], ['messages'])).toMatchObject([
      'ü',
      [1],
      'ada',
      [{ level: 20 }],
    ])
    expect(await browser.run(apps[first], ['names'], ['user'], ['messages'])).toEqual([['a'], 'ada', []])
    await browser.run(apps[second], ['logout'])
    expect([...browser.cookies]).toEqual([])
  })

  it.each(['Django', 'Node'] as const)('of %s are valid for two weeks', async (first) => {
    const browser = new Browser()
    await browser.run(apps[first], ['set', 'a', 1])
    time.ahead = 14 * DAY - 60
    for (const reader of [apps.Django, apps.Node]) expect(await browser.copy().run(reader, ['get', 'a'])).toEqual([1])
    time.ahead = 14 * DAY + 60
    for (const reader of [apps.Django, apps.Node]) expect(await browser.copy().run(reader, ['get', 'a'])).toEqual([null])
  })

  it('are rejected after they were changed', async () => {
    const browser = new Browser()
    await browser.run(apps.Node, ['login', 'ada'])
    browser.cookies.set(
      'sessionid',
      (browser.cookies.get('sessionid') ?? '').replace(/.$/, (last) => (last === 'A' ? 'E' : 'A')),
    )
    for (const reader of [apps.Django, apps.Node]) expect(await browser.copy().run(reader, ['user'])).toEqual([null])
  })
})
