import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { djangoCodec } from '../../src/codecs/django.ts'
import { type DjangoOptions, djangoSessions } from '../../src/django/django.ts'
import { fileLife } from '../../src/django/rows/file-expiry.ts'
import { FileLock } from '../../src/django/rows/file-lock.ts'
import { DjangoFileRows } from '../../src/django/rows/file-rows.ts'
import { utc } from '../../src/django/rows/local-time.ts'
import { djangoCustoms } from '../../src/django/sessions/django-rules.ts'
import type { Sessions } from '../../src/index.ts'
import { DjangoSigner } from '../../src/wire/django-signing.ts'
import { Clock, DAY, HOUR, rejection, START, thrown } from '../core/fixture.ts'
import { djangoSuite } from './django-suite.ts'
import { SALT, vectors } from './vectors.ts'

const KEY = 'k'.repeat(32)
const [SECRET = ''] = vectors.session_data.filter(({ id }) => id === 'small/short').map(({ secret }) => secret)
const signer = new DjangoSigner([SECRET], SALT, 1 << 24)
const rules = djangoCustoms({ saveEveryRequest: false, isoExpiry: true, localTime: utc })
const life = fileLife(signer, {
  rules,
  lifetime: { idle: 14 * DAY, absolute: Number.POSITIVE_INFINITY, browserSession: false },
  parse: djangoCodec.parse,
})

let root: string
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'sojourn-django-files-'))
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

const newFolder = (): string => mkdtempSync(join(root, 'f-'))

djangoSuite('files', () => new DjangoFileRows(newFolder(), 'sessionid', life), { describe, it })

/** A folder of Django's, and a manager on it. */
function site(options: Partial<DjangoOptions> = {}): {
  folder: string
  clock: Clock
  sessions: Sessions<any>
  plant(json: string, savedAt?: number): void
} {
  const folder = newFolder()
  const clock = new Clock()
  return {
    folder,
    clock,
    sessions: djangoSessions<any>({ secretKey: SECRET, directory: folder, clock: clock.read, ...options }),
    plant(json, savedAt = START) {
      const path = join(folder, `sessionid${KEY}`)
      writeFileSync(path, signer.sign(json, savedAt / 1000))
      utimesSync(path, savedAt / 1000, savedAt / 1000)
    },
  }
}

describe('files', () => {
  it('are named and protected as Django has it, and nothing else is left', async () => {
    const { folder, sessions } = site()
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

  it('that Django wrote are read and written', async () => {
    const { sessions, plant } = site()
    plant('{"a":1.0,"b":2}')
    const session = await sessions.load(KEY)
    session.delete('b')
    await session.save()
    const again = await sessions.load(KEY)
    expect([again.toObject(), again.expiresAt]).toEqual([{ a: 1 }, START + 14 * DAY])
  })

  it('that hold nothing yet are no session: Django is about to write one', async () => {
    const { folder, sessions } = site()
    writeFileSync(join(folder, `sessionid${KEY}`), '')
    expect((await sessions.load(KEY)).toObject()).toEqual({})
  })

  it.each([
    ['{"a":1}', 14 * DAY],
    ['{"a":1,"_session_expiry":3600}', HOUR],
    ['{"a":1,"_session_expiry":"2100-01-01T02:00:00+00:00"}', 2 * HOUR],
  ])('%s expires when it says so, even where Django forgets', async (json, lives) => {
    const { clock, sessions, plant } = site()
    plant(json)
    clock.advance(lives - 1)
    expect((await sessions.load(KEY)).get('a')).toBe(1)
    expect(await sessions.clearExpired()).toBe(0)
    clock.advance(1)
    expect((await sessions.load(KEY)).get('a')).toBeUndefined()
    expect(await sessions.clearExpired()).toBe(1)
  })

  it('live on where every request saves', async () => {
    const { clock, sessions, plant } = site({ saveEveryRequest: true, cookieAge: '1h' })
    plant('{"a":1}')
    clock.advance(HOUR / 2)
    const session = await sessions.open({ cookie: `sessionid=${KEY}`, secure: true, loopback: false })
    await sessions.commit(session, { status: 200 })
    clock.advance(HOUR - 1)
    expect((await sessions.load(KEY)).get('a')).toBe(1)
  })

  it('end with the absolute lifetime', async () => {
    const { clock, sessions } = site({ absolute: '1h' })
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

  it('of two managers lose no increment', async () => {
    const { folder, sessions, plant } = site()
    plant('{"n":0}')
    const other = djangoSessions<any>({ secretKey: SECRET, directory: folder, clock: () => START })
    const increment = async (manager: Sessions<any>): Promise<void> => {
      const session = await manager.load(KEY)
      session.increment('n')
      await session.save()
    }
    await Promise.all([sessions, other, sessions, other, sessions, other].map(increment))
    expect((await sessions.load(KEY)).get('n')).toBe(6)
  })

  it('are not locked for ever by a process that died', async () => {
    const { folder, sessions, plant } = site()
    plant('{"n":0}')
    const lock = join(folder, `.sojourn-${KEY}.lock`)
    writeFileSync(lock, '')
    utimesSync(lock, 1, 1)
    const session = await sessions.load(KEY)
    session.set('n', 1)
    await session.save()
    expect(readdirSync(folder)).toEqual([`sessionid${KEY}`])
  })

  it('of many managers lose no increment where a lock was left behind', async () => {
    const { folder, plant } = site()
    const managers = Array.from({ length: 6 }, () => djangoSessions<any>({ secretKey: SECRET, directory: folder, clock: () => START }))
    for (let round = 0; round < 15; round++) {
      plant('{"n":0}')
      for (const left of ['.lock', ...(round === 0 ? ['.lock.breaking'] : [])]) {
        writeFileSync(join(folder, `.sojourn-${KEY}${left}`), '')
        utimesSync(join(folder, `.sojourn-${KEY}${left}`), 1, 1)
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

  it('are let go only by whoever has the lock', async () => {
    const path = join(newFolder(), 'lock')
    const lock = new FileLock(() => path)
    await lock.during('a', 'replace', async () => {
      rmSync(path)
      writeFileSync(path, '')
      utimesSync(path, 1, 1) // what tells it from the one that was there
    })
    expect(existsSync(path)).toBe(true)
  })

  it('need their folder', async () => {
    expect(thrown(() => site({ directory: join(root, 'nowhere') }))).toMatchObject({ code: 'ERR_SESSION_CONFIG' })
    const { folder, sessions } = site()
    rmSync(folder, { recursive: true })
    expect(await rejection(sessions.load(KEY))).toMatchObject({ code: 'ERR_SESSION_STORE' })
    const session = sessions.create()
    session.set('a', 1)
    expect(await rejection(session.save())).toMatchObject({ code: 'ERR_SESSION_STORE' })
  })

  it('that cannot be read are an error, and never "no session"', async () => {
    const { folder, sessions } = site()
    mkdirSync(join(folder, `sessionid${KEY}`))
    expect(await rejection(sessions.load(KEY))).toMatchObject({ code: 'ERR_SESSION_STORE' })
  })
})
