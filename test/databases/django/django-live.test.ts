// A running Django and a Node app with sojourn use one table.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type App, type AppResponse, type Apps, Browser, time } from '../../django/live/browser.ts'
import { dataTests } from '../../django/live/data-tests.ts'
import { type SharedDatabase, sharedDatabases } from '../../django/live/databases.ts'
import { startDjango } from '../../django/live/django-app.ts'
import { endTests } from '../../django/live/end-tests.ts'
import { expiryTests } from '../../django/live/expiry-tests.ts'
import { startNode } from '../../django/live/node-app.ts'
import { randomCommandTests } from '../../django/live/random-commands.ts'
import { SECRET } from '../../django/site.ts'
import { findDjango } from '../../services/django.ts'

const django = findDjango()
const { readsDates = false } = django ?? {}

describe.each(sharedDatabases)('on %s', (_name, isAvailable, open) => {
  describe.skipIf(django === undefined || !isAvailable)('with a live Django', () => {
    let shared: SharedDatabase
    const apps = {} as Record<keyof Apps, App>

    beforeAll(async () => {
      shared = await open()
      const secrets = { SECRET_KEY: SECRET, ...(readsDates ? { SECRET_KEY_FALLBACKS: ['before'] } : {}) }
      apps.Django = await startDjango(django?.python ?? '', { ...shared.settings, ...secrets })
      apps.Node = await startNode({ secretKey: SECRET, fallbacks: ['before'], isoExpiry: readsDates, ...shared.options }, shared.users())
    })
    afterAll(async () => {
      await apps.Node?.close()
      await apps.Django?.close()
      await shared?.remove()
    })
    afterEach(() => {
      time.ahead = 0
    })

    dataTests(apps)
    endTests(apps)
    expiryTests(apps, readsDates)
    randomCommandTests(apps)

    it('a property that Node does not change keeps the text of Python', async () => {
      const browser = new Browser()
      const names = ['float', 'big', 'nan', 'infinity', 'tiny']
      await browser.run(apps.Django, ...names.map((name) => ['setSpecial', name, name] as const))
      expect(await browser.run(apps.Node, ['set', 'ours', 1], ...names.map((name) => ['repr', name] as const))).toEqual([
        null,
        'number 1',
        'bigint 1180591620717411303424',
        'number NaN',
        'number -Infinity',
        'number 1e-300',
      ])
      const printed = await browser.run(apps.Django, ...names.map((name) => ['repr', name] as const))
      expect(printed).toEqual(['1.0', '1180591620717411303424', 'nan', '-inf', '1e-300'])
    })

    it('numbers that Node wrote are read by Python', async () => {
      const browser = new Browser()
      const names = ['float', 'big', 'nan', 'infinity', 'tiny']
      await browser.run(apps.Node, ...names.map((name) => ['setSpecial', name, name] as const))
      const printed = await browser.run(apps.Django, ...names.map((name) => ['repr', name] as const))
      expect(printed).toEqual(['1.5', '1180591620717411303424', 'nan', '-inf', '1e-300'])
    })

    it('a large session is compressed by both apps', async () => {
      const browser = new Browser()
      const text = 'lorem ipsum '.repeat(20_000)
      await browser.run(apps.Django, ['set', 'text', text])
      const [fromDjango] = await browser.run(apps.Node, ['get', 'text'], ['set', 'more', text])
      const back = await browser.run(apps.Django, ['get', 'text'], ['get', 'more'])
      expect([fromDjango, ...back].map((each) => each === text)).toEqual([true, true, true])
    })

    it('Node merges its changes with a write of Django during its request', async () => {
      const browser = new Browser()
      await browser.run(apps.Django, ['set', 'a', 1], ['set', 'b', 2], ['set', 'n', 5])
      const response = browser
        .copy()
        .run(apps.Node, ['get', 'a'], ['pause', 'merge'], ['set', 'ours', 1], ['increment', 'n'], ['delete', 'b'])
      await new Browser().run(apps.Node, ['waitUntilPaused', 'merge'])
      await browser.run(apps.Django, ['set', 'theirs', 1], ['increment', 'n'], ['delete', 'a'])
      await new Browser().run(apps.Node, ['resume', 'merge'])
      await response
      expect(await browser.run(apps.Django, ['names'], ['get', 'n'])).toEqual([['n', 'ours', 'theirs'], 7])
    })

    // Django writes a whole session as it has read it. docs/django.md documents this limit.
    it('Django overwrites what Node wrote during its request', async () => {
      const browser = new Browser()
      await browser.run(apps.Node, ['set', 'a', 1], ['set', 'b', 2])
      const response = browser.copy().run(apps.Django, ['get', 'a'], ['pause', 'whole'], ['set', 'theirs', 1])
      await new Browser().run(apps.Django, ['waitUntilPaused', 'whole'])
      await browser.run(apps.Node, ['set', 'ours', 1], ['delete', 'b'])
      await new Browser().run(apps.Django, ['resume', 'whole'])
      await response
      expect(await browser.run(apps.Node, ['names'])).toEqual([['a', 'b', 'theirs']])
    })

    it('a request in which Django only reads does not overwrite a write of Node', async () => {
      const browser = new Browser()
      await browser.run(apps.Node, ['set', 'a', 1])
      const response = browser.copy().run(apps.Django, ['get', 'a'], ['pause', 'reads'])
      await new Browser().run(apps.Django, ['waitUntilPaused', 'reads'])
      await browser.run(apps.Node, ['set', 'ours', 1])
      await new Browser().run(apps.Django, ['resume', 'reads'])
      await response
      expect(await browser.run(apps.Node, ['names'])).toEqual([['a', 'ours']])
    })

    it('a logout in parallel with writes of both apps is final', async () => {
      for (const app of [apps.Django, apps.Node, apps.Django, apps.Node, apps.Django, apps.Node]) {
        const browser = new Browser()
        await browser.run(apps.Django, ['login', 'ada'])
        const thief = browser.copy()
        const write = (writer: App): Promise<AppResponse> => thief.copy().send(writer, ['increment', 'n'])
        const writes = [apps.Node, apps.Django, apps.Node, apps.Django].map(write)
        const responses = await Promise.all([...writes, browser.send(app, ['logout'])])
        // A write after the logout gets 400 from Django and 409 from sojourn.
        expect(responses.filter(({ status }) => ![200, 400, 409].includes(status))).toEqual([])
        expect(responses.at(-1)?.status).toBe(200)
        for (const reader of [apps.Django, apps.Node]) expect(await thief.copy().run(reader, ['user'], ['get', 'n'])).toEqual([null, null])
      }
    })

    it('parallel increments of Node overwrite none of Django, and none is lost among Node requests', async () => {
      const browser = new Browser()
      await browser.run(apps.Django, ['set', 'theirs', 0])
      const incrementInSequence = async (app: App, name: string): Promise<void> => {
        for (let n = 0; n < 15; n++) await browser.copy().run(app, ['increment', name])
      }
      await Promise.all([
        incrementInSequence(apps.Django, 'theirs'),
        incrementInSequence(apps.Node, 'ours'),
        incrementInSequence(apps.Node, 'ours'),
      ])
      const [theirs, ours] = await browser.run(apps.Django, ['get', 'theirs'], ['get', 'ours'])
      expect(theirs).toBe(15)
      // Django sends no more requests, so every increment is kept.
      await Promise.all([
        incrementInSequence(apps.Node, 'ours'),
        incrementInSequence(apps.Node, 'ours'),
        incrementInSequence(apps.Node, 'other'),
      ])
      expect(await browser.run(apps.Django, ['get', 'theirs'], ['get', 'ours'], ['get', 'other'])).toEqual([15, ours + 30, 15])
    })
  })
})
