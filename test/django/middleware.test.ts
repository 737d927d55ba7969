// Recorded scenarios of Django's middleware: sojourn leaves the same rows and the same cookie, with the exceptions in DIFFERENCES.
import { parseSetCookie } from 'cookie'
import { expect, it } from 'vitest'
import type { DjangoOptions } from '../../src/django/sessions/django-options.ts'
import type { Session } from '../../src/index.ts'
import { SECRET, Site } from './site.ts'
import { type MiddlewareScenario, vectors } from './vectors.ts'

/** Scenarios in which sojourn sets no cookie and writes no row, and the reason. */
const DIFFERENCES: Readonly<Record<string, string>> = {
  short_cookie_read: 'an unknown cookie is not deleted, because another response may just have replaced it',
  cycle_key_fresh: 'an empty session is not saved',
  save_every_unknown_cookie: 'an unknown cookie creates no row',
}

/** Scenarios without a counterpart: `modified = True`, `del request.session`. */
const UNSUPPORTED = ['modified_flag_forced', 'session_replaced_by_attr_delete']

const scenarios = vectors.middleware.filter(({ id }) => !UNSUPPORTED.includes(id))

it.each(scenarios.filter(({ id }) => !(id in DIFFERENCES)))('behaves like Django: $id', async (scenario) => {
  const { setCookie, data, vary } = await runScenario(scenario)
  const [recorded] = scenario.set_cookie.map(attributesOf)
  expect(setCookie === undefined ? undefined : attributesOf(setCookie)).toEqual(recorded)
  expect(data).toEqual(Object.values(scenario.rows_after).map((row) => row.data))
  expect(vary).toBe(scenario.vary)
})

it.each(scenarios.filter(({ id }) => id in DIFFERENCES))('differs from Django: $id', async (scenario) => {
  const { setCookie, data } = await runScenario(scenario)
  expect([setCookie, data]).toEqual([undefined, []])
})

async function runScenario(scenario: MiddlewareScenario): Promise<{ setCookie: string | undefined; data: unknown[]; vary: string | null }> {
  const site = new Site(optionsOf(scenario.settings))
  site.clock.at = scenario.saved_at * 1000
  if (scenario.existing_session !== null) site.insertRow(JSON.stringify(scenario.existing_session), { key: scenario.cookie ?? '' })
  const name = (scenario.settings['SESSION_COOKIE_NAME'] as string | undefined) ?? 'sessionid'
  const cookie = scenario.cookie === null ? undefined : `${name}=${scenario.cookie}`
  site.clock.at = scenario.now * 1000
  const session = await site.open(cookie)
  for (const op of scenario.ops) applyOperation(site, session, op)
  const headers = await site.sessions.commit(session, { status: scenario.status })
  const data = Object.values(site.data(SECRET)).map((texts) =>
    Object.fromEntries(Object.entries(texts).map(([property, text]) => [property, JSON.parse(text)])),
  )
  return { setCookie: headers.getSetCookie()[0], data, vary: headers.get('vary') }
}

function applyOperation(site: Site, session: Session<any>, [op, first, second]: readonly [string, ...unknown[]]): void {
  const name = first as string
  if (op === 'get') session.get(name)
  else if (op === 'set') session.set(name, second)
  else if (op === 'del') session.delete(name)
  else if (op === 'clear') session.clear()
  else if (op === 'flush') session.flush()
  else if (op === 'cycle_key') session.cycleId()
  else if (op === 'set_expiry') session.setExpiry(first === 0 ? 'browser' : `${first as number}s`)
  else if (op === '@external_delete') site.database.exec('DELETE FROM django_session')
  else throw new Error(op)
}

function optionsOf(settings: Readonly<Record<string, any>>): Partial<DjangoOptions> {
  const cookie = {
    name: settings['SESSION_COOKIE_NAME'],
    domain: settings['SESSION_COOKIE_DOMAIN'],
    path: settings['SESSION_COOKIE_PATH'],
    // Browsers refuse a name with a prefix without Secure, and so do we. Django deletes such a cookie with Secure.
    secure: settings['SESSION_COOKIE_SECURE'] ?? (settings['SESSION_COOKIE_NAME']?.startsWith('__') ? true : undefined),
    httpOnly: settings['SESSION_COOKIE_HTTPONLY'],
    sameSite: settings['SESSION_COOKIE_SAMESITE']?.toLowerCase(),
  }
  const options = {
    cookieAge: settings['SESSION_COOKIE_AGE'],
    saveEveryRequest: settings['SESSION_SAVE_EVERY_REQUEST'],
    expireAtBrowserClose: settings['SESSION_EXPIRE_AT_BROWSER_CLOSE'],
    cookie: withoutUndefined(cookie),
  }
  return withoutUndefined(options)
}

function withoutUndefined<T extends object>(options: T): Partial<T> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Partial<T>
}

/** What is compared of a `Set-Cookie`: Max-Age and not Expires; of a deletion only which cookie it deletes. */
function attributesOf(setCookie: string): object {
  const { value, maxAge, expires: _expires, httpOnly, secure, ...rest } = parseSetCookie(setCookie)
  const deletes = value === '' || value === '""'
  const domain = rest.domain?.replace(/^\./, '')
  const common = { ...rest, ...(domain === undefined ? {} : { domain }), deletes }
  return deletes ? common : { ...common, maxAge, httpOnly, secure }
}
