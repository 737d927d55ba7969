// What stores cannot do for users is refused where it is asked for, and writes nothing: a revocation
// that ends no session, or a mark that no login reads, would look like one that works.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, describe, expect, it } from 'vitest'
import { djangoLogin, djangoSessions } from '../../../src/django/django.ts'
import { createSessions, type Session, type SessionOptions, type Sessions, type Store } from '../../../src/index.ts'
import { CookieStore } from '../../../src/stores/cookie.ts'
import { SqliteStore } from '../../../src/stores/sqlite.ts'
import { DJANGO_TABLE } from '../../django/tables.ts'
import { incoming } from '../../helpers/incoming.ts'
import { SECRET } from '../../stores/cookie/cookie-secret.ts'
import { catchError, catchRejection } from '../fixture.ts'

interface Place {
  make(options?: Partial<SessionOptions>): Sessions<any>
  logIn(session: Session<any>, options?: object): void
  /** How much is stored. */
  count(): number | Promise<number>
}

const directory = mkdtempSync(join(tmpdir(), 'sojourn-refusals-'))
afterAll(() => rmSync(directory, { recursive: true }))

function cookies(revocation?: Store): Place {
  return {
    make: (options) =>
      createSessions<any>({
        store: new CookieStore({ secrets: SECRET, ...(revocation && { revocation }) }),
        clearExpired: false,
        ...options,
      }),
    logIn: (session, options) => session.login('ada', options),
    count: async () => (await revocation?.list?.({ now: 0, limit: 10 }))?.entries.length ?? 0,
  }
}

function django(place: object, count: Place['count']): Place {
  const make = djangoSessions as unknown as (options: object) => Sessions<any>
  return {
    make: (options) => make({ secretKey: 'django-insecure-test', ...place, ...options }),
    logIn: (session, options) => djangoLogin(session, { id: 'ada', password: 'a hash' }, options),
    count,
  }
}

function djangoTable(): Place {
  const database = new DatabaseSync(':memory:')
  database.exec(DJANGO_TABLE.sqlite('django_session'))
  return django({ database }, () => Number(database.prepare('SELECT count(*) AS n FROM django_session').get()?.['n']))
}

const PLACES: Readonly<Record<string, () => Place>> = {
  'a CookieStore': () => cookies(),
  'a CookieStore with `revocation`': () => cookies(new SqliteStore(':memory:')),
  "Django's table": djangoTable,
  "Django's files": () => django({ directory }, () => readdirSync(directory).length),
  "Django's signed cookies": () => django({ signedCookies: true }, () => 0),
}

describe.each(Object.entries(PLACES))('%s', (name, open) => {
  it.each<[string, (sessions: Sessions<any>) => Promise<unknown>]>([
    ['users.list', ({ users }) => users.list('ada')],
    ['users.revoke', ({ users }) => users.revoke('ada')],
    ['users.revoke with `except`', ({ users }) => users.revoke('ada', { except: { handle: 'another' } })],
    ['revokeAll', (sessions) => sessions.revokeAll()],
  ])('refuses %s', async (_call, call) => {
    const { make, count } = open()
    const error = await catchRejection(call(make()))
    expect([error.code, await count()]).toEqual(['ERR_SESSION_CONFIG', 0])
  })

  it.each([{ maxPerUser: 2 }, { revokeOthers: true }])('refuses a login with %o, and no user is then logged in', async (options) => {
    const { make, logIn, count } = open()
    const sessions = make()
    const session = await sessions.open(incoming(undefined))
    const error = catchError(() => logIn(session, options))
    expect([error.code, error.message]).toEqual(['ERR_SESSION_CONFIG', expect.stringContaining(Object.keys(options)[0] ?? '')])
    expect([session.userId, (await sessions.commit(session, { status: 200 })).getSetCookie(), await count()]).toEqual([undefined, [], 0])
  })

  it('refuses reauthenticate({ revokeOthers: true }) by its name', async () => {
    const { make, logIn } = open()
    const session = await make().open(incoming(undefined))
    logIn(session)
    const error = catchError(() => session.reauthenticate({ revokeOthers: true }))
    expect([error.code, error.message]).toEqual(['ERR_SESSION_CONFIG', expect.stringContaining('revokeOthers')])
  })

  const isDjango = name.startsWith('Django')
  it.each([
    { maxPerUser: 2 },
    { cycleId: '15m' },
    ...(isDjango ? [{ revokedBefore: new Date(0) }, { transport: 'bearer' }, { realm: 'staff' }, { trustedOrigins: [] }] : []),
  ] as Partial<SessionOptions>[])('refuses the option %o by its name', (options) => {
    const error = catchError(() => open().make(options))
    expect([error.code, error.message]).toEqual(['ERR_SESSION_CONFIG', expect.stringContaining(`\`${Object.keys(options)[0]}\``)])
  })
})

it('a mark of another manager in the store of `revocation` ends no session of a CookieStore, which is why it sets none', async () => {
  const revocation = new SqliteStore(':memory:')
  const { make, count } = cookies(revocation)
  await createSessions({ store: revocation, clearExpired: false }).users.revoke('ada')
  expect(await count()).toBe(1)
  const sessions = make()
  const session = await sessions.open(incoming(undefined))
  session.login('ada', { authenticatedAt: new Date(0) })
  const [cookie = ''] = (await sessions.commit(session, { status: 200 })).getSetCookie()
  expect((await sessions.open(incoming(cookie.split(';')[0]))).userId).toBe('ada')
})
