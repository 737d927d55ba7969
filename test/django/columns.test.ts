// The columns that a custom session model has in addition to those of Django.
import { expect, it } from 'vitest'
import { djangoLogin, djangoLogout } from '../../src/django/django.ts'
import type { DjangoOptions } from '../../src/django/sessions/django-options.ts'
import { catchRejection } from '../core/fixture.ts'
import { Site } from './site.ts'

/** Creates a site whose session model has the columns `account_id` and `kind`, which is NOT NULL and has no default in the database. */
function newSite(columns: DjangoOptions['columns']): Site {
  const site = new Site(columns === undefined ? {} : { columns })
  site.database.exec('ALTER TABLE django_session RENAME TO old')
  site.database.exec(
    'CREATE TABLE django_session (session_key varchar(40) PRIMARY KEY, session_data text NOT NULL, expire_date datetime NOT NULL, account_id integer, kind text NOT NULL)',
  )
  return site
}

const columns: DjangoOptions['columns'] = {
  account_id: (data) => data._auth_user_id,
  kind: (data) => (data['kind'] as string | undefined) ?? 'none',
}
const written = (site: Site): unknown[] =>
  site.database
    .prepare('SELECT account_id, kind FROM django_session')
    .all()
    .map((row) => ({ ...row }))

it('are filled from the properties of the session whenever it is written', async () => {
  const site = newSite(columns)
  await site.request((session) => session.set('kind', 'web'))
  expect(written(site)).toEqual([{ account_id: null, kind: 'web' }])
  await site.request((session) => djangoLogin(session, { id: 42, password: 'x' }))
  expect(written(site)).toEqual([{ account_id: 42, kind: 'web' }])
  await site.request((session) => session.set('kind', 'app'))
  expect(written(site)).toEqual([{ account_id: 42, kind: 'app' }])
  await site.request(djangoLogout)
  expect(written(site)).toEqual([])
})

it('without a function have to have a default in the database', async () => {
  const site = newSite(undefined)
  const session = await site.open()
  session.set('a', 1)
  expect(await catchRejection(session.save())).toMatchObject({ code: 'ERR_SESSION_STORE', message: expect.stringContaining('kind') })
})

it.each([
  [1.5, 1.5],
  [2n ** 40n, 2 ** 40],
  [null, null],
  [undefined, null],
])('may be %s', async (value, stored) => {
  const site = newSite({ ...columns, account_id: () => value })
  await site.request((session) => session.set('a', 1))
  expect(written(site)).toEqual([{ account_id: stored, kind: 'none' }])
})

it.each<[string, () => any]>([
  ['a boolean', () => true],
  ['an array', () => [1]],
  ['NaN', () => Number.NaN],
  [
    'an error',
    () => {
      throw new Error('no account')
    },
  ],
])('reject a commit with ConfigError when their function returns %s', async (_value, column) => {
  const site = newSite({ ...columns, account_id: column })
  const session = await site.open()
  session.set('a', 1)
  expect(await catchRejection(session.save())).toMatchObject({
    code: 'ERR_SESSION_CONFIG',
    message: expect.stringContaining('columns.account_id'),
  })
  expect(written(site)).toEqual([])
})
