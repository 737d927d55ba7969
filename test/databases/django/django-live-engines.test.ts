// A real Django whose sessions are files, and one whose sessions are signed cookies.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { DjangoOptions } from '../../../src/django/django.ts'
import { anySequence } from '../../django/live/any-sequence.ts'
import type { Side, Sides } from '../../django/live/deed.ts'
import { startDjango } from '../../django/live/django-side.ts'
import { startNode } from '../../django/live/node-side.ts'
import { sharedData } from '../../django/live/shared-data.ts'
import { openSqlite, type SharedDatabase } from '../../django/live/shared-databases.ts'
import { sharedEnds } from '../../django/live/shared-ends.ts'
import { time, Visitor } from '../../django/live/visitor.ts'
import { SECRET } from '../../django/site.ts'
import { findDjango } from '../../services/django.ts'

const django = findDjango()
const DAY = 86_400

/** Both sides of a site with these settings; its users are in a database. */
function site(settings: () => object, options: () => Partial<DjangoOptions>): Sides {
  let users: SharedDatabase
  const sides = {} as Record<keyof Sides, Side>
  beforeAll(async () => {
    users = await openSqlite()
    sides.Django = await startDjango(django?.python ?? '', { ...users.settings, SECRET_KEY: SECRET, ...settings() })
    sides.Node = await startNode({ secretKey: SECRET, ...options() }, users.users)
  })
  afterAll(async () => {
    await sides.Node?.close()
    await sides.Django?.close()
    await users?.remove()
  })
  afterEach(() => {
    time.ahead = 0
  })
  return sides
}

describe.skipIf(django === undefined)('files', () => {
  const directory = mkdtempSync(join(tmpdir(), 'sojourn-django-files-'))
  afterAll(() => rmSync(directory, { recursive: true, force: true }))
  const sides = site(
    () => ({ SESSION_ENGINE: 'django.contrib.sessions.backends.file', SESSION_FILE_PATH: directory }),
    () => ({ directory }),
  )

  sharedData(sides)
  sharedEnds(sides)
  anySequence(sides)

  it('expire two weeks after they were written', async () => {
    for (const side of [sides.Django, sides.Node]) {
      time.ahead = 0
      const visitor = new Visitor()
      await visitor.on(side, ['set', 'a', 1])
      time.ahead = 14 * DAY - 60
      for (const each of [sides.Django, sides.Node]) expect(await visitor.copy().on(each, ['get', 'a'])).toEqual([1])
      time.ahead = 14 * DAY + 60
      for (const each of [sides.Node, sides.Django]) expect(await visitor.copy().on(each, ['get', 'a'])).toEqual([null])
    }
  })

  it('expire for Node in the seconds they say, for Django never', async () => {
    const visitor = new Visitor()
    await visitor.on(sides.Django, ['set', 'a', 1], ['expire', 600])
    time.ahead = 540
    expect(await visitor.copy().on(sides.Node, ['get', 'a'])).toEqual([1])
    time.ahead = 660
    expect(await visitor.copy().on(sides.Node, ['get', 'a'])).toEqual([null])
    expect(await visitor.copy().on(sides.Django, ['get', 'a'])).toEqual([1])
  })

  it('that have expired are cleared away by either side', async () => {
    for (const side of [sides.Django, sides.Node]) {
      time.ahead = 0
      const visitor = new Visitor()
      await visitor.on(sides.Django, ['set', 'a', 1])
      time.ahead = 15 * DAY
      await new Visitor().on(side, ['clearExpired'])
      time.ahead = 0
      expect(await visitor.on(sides.Node, ['get', 'a'])).toEqual([null])
    }
  })
})

describe.skipIf(django === undefined)('signed cookies', () => {
  const sides = site(
    () => ({ SESSION_ENGINE: 'django.contrib.sessions.backends.signed_cookies' }),
    () => ({ signedCookies: true }),
  )

  anySequence(sides)

  it.each([
    ['Django', 'Node'],
    ['Node', 'Django'],
  ] as const)('of %s are read and changed by %s', async (first, second) => {
    const visitor = new Visitor()
    await visitor.on(sides[first], ['set', 'a', 'ü'], ['set', 'b', [1]], ['login', 'ada'], ['message', 20, 'Hi.'])
    expect(await visitor.on(sides[second], ['get', 'a'], ['pop', 'b'], ['user'], ['messages'])).toMatchObject([
      'ü',
      [1],
      'ada',
      [{ level: 20 }],
    ])
    expect(await visitor.on(sides[first], ['names'], ['user'], ['messages'])).toEqual([['a'], 'ada', []])
    await visitor.on(sides[second], ['logout'])
    expect([...visitor.cookies]).toEqual([])
  })

  it.each(['Django', 'Node'] as const)('of %s are believed for two weeks', async (first) => {
    const visitor = new Visitor()
    await visitor.on(sides[first], ['set', 'a', 1])
    time.ahead = 14 * DAY - 60
    for (const side of [sides.Django, sides.Node]) expect(await visitor.copy().on(side, ['get', 'a'])).toEqual([1])
    time.ahead = 14 * DAY + 60
    for (const side of [sides.Django, sides.Node]) expect(await visitor.copy().on(side, ['get', 'a'])).toEqual([null])
  })

  it('that were changed by a stranger are nobody’s', async () => {
    const visitor = new Visitor()
    await visitor.on(sides.Node, ['login', 'ada'])
    visitor.cookies.set(
      'sessionid',
      (visitor.cookies.get('sessionid') ?? '').replace(/.$/, (last) => (last === 'A' ? 'E' : 'A')),
    )
    for (const side of [sides.Django, sides.Node]) expect(await visitor.copy().on(side, ['user'])).toEqual([null])
  })
})
