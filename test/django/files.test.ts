import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { djangoCodec } from '../../src/codecs/django.ts'
import { ownProfile } from '../../src/core/config/own-profile.ts'
import { type DjangoOptions, djangoSessions } from '../../src/django/django.ts'
import { djangoRules } from '../../src/django/format/django-rules.ts'
import { utc } from '../../src/django/format/local-time.ts'
import { FileLock } from '../../src/django/rows/file-lock.ts'
import { DjangoFileRows } from '../../src/django/rows/file-rows.ts'
import type { Sessions } from '../../src/index.ts'
import { DjangoSigner } from '../../src/wire/django-signing.ts'
import { Clock, catchError, catchRejection, DAY, HOUR, START } from '../core/fixture.ts'
import { incoming } from '../helpers/incoming.ts'
import { djangoSuite } from './django-suite.ts'
import { SALT, vectors } from './vectors.ts'

const KEY = 'k'.repeat(32)
const [SECRET = ''] = vectors.session_data.filter(({ id }) => id === 'small/short').map(({ secret }) => secret)
const signer = new DjangoSigner([SECRET], SALT, 1 << 24)
const rules = djangoRules({ saveEveryRequest: false, isoExpiry: true, localTime: utc })
const context = {
  profile: { ...ownProfile, ...rules },
  lifetime: { idle: 14 * DAY, absolute: Number.POSITIVE_INFINITY, browserSession: false },
  parse: djangoCodec.parse,
}

let root: string
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'sojourn-django-files-'))
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

const newFolder = (): string => mkdtempSync(join(root, 'f-'))

djangoSuite('files', () => new DjangoFileRows({ directory: newFolder(), cookieName: 'sessionid', signer, context }), { describe, it })

/** Creates a folder of Django and a manager that uses it. */
function createSite(options: Partial<DjangoOptions> = {}): {
  folder: string
  clock: Clock
  sessions: Sessions<any>
  insertFile(json: string, savedAt?: number): void
} {
  const folder = newFolder()
  const clock = new Clock()
  return {
    folder,
    clock,
    sessions: djangoSessions<any>({ secretKey: SECRET, directory: folder, clock: clock.read, ...options }),
    insertFile(json, savedAt = START) {
      const path = join(folder, `sessionid${KEY}`)
      writeFileSync(path, signer.sign(json, savedAt / 1000))
      utimesSync(path, savedAt / 1000, savedAt / 1000)
    },
  }
}

describe('session files', () => {
  it('have the names and the permissions of Django, and no other file remains', async () => {
    const { folder, sessions } = createSite()
    const session = sessions.create()
    session.set('a', 1)
    await session.save()
    session.cycleId()
    await session.save()
    const name = `sessionid${session.id}`
    expect(readdirSync(folder)).toEqual([name])
    expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600)
    const json = signer.unsign(readFileSync(join(folder, name), 'latin1'))?.text
    expect(JSON.parse(json ?? '')).toEqual({ a: 1, _sojourn: expect.any(String) })
    session.flush()
    await session.save()
    expect(readdirSync(folder)).toEqual([])
  })

  it('written by Django are read and changed', async () => {
    const { sessions, insertFile } = createSite()
    insertFile('{"a":1.0,"b":2}')
    const session = await sessions.load(KEY)
    session.delete('b')
    await session.save()
    const again = await sessions.load(KEY)
    expect([again.toObject(), again.expiresAt]).toEqual([{ a: 1 }, START + 14 * DAY])
  })

  it('count as absent while they are empty, because Django creates the file before it writes', async () => {
    const { folder, sessions } = createSite()
    writeFileSync(join(folder, `sessionid${KEY}`), '')
    expect((await sessions.load(KEY)).toObject()).toEqual({})
  })

  it.each([
    ['{"a":1}', 14 * DAY],
    ['{"a":1,"_session_expiry":3600}', HOUR],
    ['{"a":1,"_session_expiry":"2100-01-01T02:00:00+00:00"}', 2 * HOUR],
  ])('with %s expire at that time, also where Django ignores it', async (json, lifetime) => {
    const { clock, sessions, insertFile } = createSite()
    insertFile(json)
    clock.advance(lifetime - 1)
    expect((await sessions.load(KEY)).get('a')).toBe(1)
    expect(await sessions.clearExpired()).toBe(0)
    clock.advance(1)
    expect((await sessions.load(KEY)).get('a')).toBeUndefined()
    expect(await sessions.clearExpired()).toBe(1)
  })

  it('are extended by every request with `saveEveryRequest`', async () => {
    const { clock, sessions, insertFile } = createSite({ saveEveryRequest: true, cookieAge: '1h' })
    insertFile('{"a":1}')
    clock.advance(HOUR / 2)
    const session = await sessions.open(incoming(`sessionid=${KEY}`))
    await sessions.commit(session, { status: 200 })
    clock.advance(HOUR - 1)
    expect((await sessions.load(KEY)).get('a')).toBe(1)
  })

  it('expire with the absolute lifetime', async () => {
    const { clock, sessions } = createSite({ absolute: '1h' })
    const session = sessions.create()
    session.set('a', 1)
    session.setExpiry('1h')
    await session.save()
    clock.advance(HOUR / 2)
    session.set('a', 2)
    await session.save()
    clock.advance(HOUR / 2)
    expect((await sessions.load(session.id ?? '')).get('a')).toBeUndefined()
  })

  it('keep every increment of two managers', async () => {
    const { folder, sessions, insertFile } = createSite()
    insertFile('{"n":0}')
    const other = djangoSessions<any>({ secretKey: SECRET, directory: folder, clock: () => START })
    const increment = async (manager: Sessions<any>): Promise<void> => {
      const session = await manager.load(KEY)
      session.increment('n')
      await session.save()
    }
    await Promise.all([sessions, other, sessions, other, sessions, other].map(increment))
    expect((await sessions.load(KEY)).get('n')).toBe(6)
  })

  it('are not blocked by the lock of a process that died', async () => {
    const { folder, sessions, insertFile } = createSite()
    insertFile('{"n":0}')
    const lock = join(folder, `.sojourn-${KEY}.lock`)
    writeFileSync(lock, '')
    utimesSync(lock, 1, 1)
    const session = await sessions.load(KEY)
    session.set('n', 1)
    await session.save()
    expect(readdirSync(folder)).toEqual([`sessionid${KEY}`])
  })

  it('keep every increment of many managers when a stale lock remains', async () => {
    const { folder, insertFile } = createSite()
    const managers = Array.from({ length: 6 }, () => djangoSessions<any>({ secretKey: SECRET, directory: folder, clock: () => START }))
    for (let round = 0; round < 15; round++) {
      insertFile('{"n":0}')
      for (const suffix of ['.lock', ...(round === 0 ? ['.lock.breaking'] : [])]) {
        writeFileSync(join(folder, `.sojourn-${KEY}${suffix}`), '')
        utimesSync(join(folder, `.sojourn-${KEY}${suffix}`), 1, 1)
      }
      await Promise.all(
        managers.map(async (manager) => {
          const session = await manager.load(KEY)
          session.increment('n')
          await session.save()
        }),
      )
      expect((await managers[0]?.load(KEY))?.get('n')).toBe(6)
    }
    expect(readdirSync(folder)).toEqual([`sessionid${KEY}`])
  })

  it('are unlocked only by the process that holds the lock', async () => {
    const path = join(newFolder(), 'lock')
    const lock = new FileLock(() => path)
    await lock.runExclusive('a', 'replace', async () => {
      rmSync(path)
      writeFileSync(path, '')
      utimesSync(path, 1, 1) // by its time it differs from the lock that was removed
    })
    expect(existsSync(path)).toBe(true)
  })

  it('need an existing folder', async () => {
    expect(catchError(() => createSite({ directory: join(root, 'nowhere') }))).toMatchObject({ code: 'ERR_SESSION_CONFIG' })
    const { folder, sessions } = createSite()
    rmSync(folder, { recursive: true })
    expect(await catchRejection(sessions.load(KEY))).toMatchObject({ code: 'ERR_SESSION_STORE' })
    const session = sessions.create()
    session.set('a', 1)
    expect(await catchRejection(session.save())).toMatchObject({ code: 'ERR_SESSION_STORE' })
  })

  it('that cannot be read reject with StoreError and do not count as absent', async () => {
    const { folder, sessions } = createSite()
    mkdirSync(join(folder, `sessionid${KEY}`))
    expect(await catchRejection(sessions.load(KEY))).toMatchObject({ code: 'ERR_SESSION_STORE' })
  })
})
