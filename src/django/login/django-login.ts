import { ConfigError } from '../../core/base/errors.ts'
import { formatValue } from '../../core/base/format.ts'
import { aText, checkOptions, type OptionTable } from '../../core/base/option-checks.ts'
import type { Expiry } from '../../core/config/profile.ts'
import { type LoginOptions, PROOF_CHECKS, proofOf } from '../../core/session/authentication.ts'
import type { Session } from '../../core/session/session.ts'
import { constantTimeEqual } from '../../wire/constant-time-equal.ts'
import type { DjangoUser } from '../format/auth-hashes.ts'
import { normalizeUserId, spellingsOf } from '../format/user-ids.ts'
import type { DjangoSite } from '../sessions/django-profile.ts'
import { type DjangoDraft, djangoDraftOf } from './django-draft.ts'

/** Options of `djangoUser`. */
export interface DjangoUserOptions<User extends DjangoUser> {
  /**
   * Returns the user with an id, which is a string, or `undefined` when there is none. `backend` is
   * the authentication backend of the login. If there is no user with a UUID, it is called again
   * with the UUID as MySQL and SQLite store it, without hyphens.
   */
  readonly loadUser: (id: string, backend: string) => User | undefined | Promise<User | undefined>
}

const USER_ID = '_auth_user_id'
const BACKEND = '_auth_user_backend'
const AUTH_HASH = '_auth_user_hash'
/** The token of Django's forms, if `CSRF_USE_SESSIONS` is set. */
const CSRF_TOKEN = '_csrftoken'

/**
 * Returns the logged-in user by Django's rules. Returns `undefined` when there is no login, when
 * the user does not exist or is not active, and when the backend is not among `backends` of
 * `djangoSessions`. A session whose user has changed the password is flushed. If a key of
 * `fallbacks` signed the login, the session gets a new id and a hash by the current key. Until one
 * login has matched, sessions whose login does not match stay as they are, because the site may
 * make its hashes in another way (option `sessionAuthHash`).
 *
 * ```ts
 * const user = await djangoUser(req.session, { loadUser: (id) => usersById.get(id) }) // SELECT id, password, is_active FROM auth_user …
 * ```
 *
 * Rejects with the error of `loadUser`, with `ConfigError` when the user has no `password`, and
 * with `StoreError` when the session could not be loaded.
 */
export async function djangoUser<Data, User extends DjangoUser>(
  session: Session<Data>,
  { loadUser }: DjangoUserOptions<User>,
): Promise<User | undefined> {
  const django = djangoDraftOf(session, 'djangoUser')
  const { id, backend, hash } = readLogin(django)
  if (id === undefined || backend === undefined || !isAccepted(django.site, backend)) return undefined
  const user = await findUser(loadUser, id, backend)
  if (user === undefined || (user.is_active !== undefined && !user.is_active)) return undefined
  const match = django.site.hashes.compare(user, hash, 'djangoUser')
  if (match === 'fallback') renew(django, user)
  if (match === 'none') endLogin(django)
  return match === 'none' ? undefined : user
}

async function findUser<User extends DjangoUser>(
  loadUser: DjangoUserOptions<User>['loadUser'],
  id: string,
  backend: string,
): Promise<User | undefined> {
  for (const spelling of spellingsOf(id)) {
    const user = (await loadUser(spelling, backend)) ?? undefined
    if (user !== undefined) return user
  }
  return undefined
}

/** Whether Django accepts logins of this backend. */
function isAccepted({ backends, warn }: DjangoSite, backend: string): boolean {
  if (backends.includes(backend)) return true
  warn(
    `djangoUser: a login of the backend '${backend}' does not count, because the option \`backends\` of djangoSessions does not contain it. Give Django's AUTHENTICATION_BACKENDS.`,
  )
  return false
}

/**
 * Parallel requests renew the login at the same time. The intent is dropped if another request has
 * done it.
 */
function renew({ draft, site }: DjangoDraft, user: DjangoUser): void {
  if (draft.response.hasStarted || draft.response.access.writes !== 'all') return // the client cannot get the new id now, and the login stays valid
  const text = draft.context.values.print(AUTH_HASH, site.hashes.create(user, 'djangoUser'))
  draft.record({ kind: 'reauthenticate', name: AUTH_HASH, text })
}

/**
 * The hash of a login does not match its user: the user has changed the password, or the hashes of
 * this site are made in another way. The second case would log out every visitor of Django.
 */
function endLogin({ draft, site }: DjangoDraft): void {
  if (!site.hashes.hasMatched) return site.warn(HASH_MISMATCH)
  if (!draft.response.hasStarted) draft.flush(false)
}

const HASH_MISMATCH =
  'djangoUser: the login of a session does not match its user, and no login has matched since the start. Its visitor is anonymous here, and the session stays as it is. If the user model overrides `get_session_auth_hash()`, give the option `sessionAuthHash` of djangoSessions. A single case can be a changed password.'

/** Options of `djangoLogin`. */
export interface DjangoLoginOptions extends Pick<LoginOptions, 'device' | 'level' | 'authenticatedAt'> {
  /**
   * The authentication backend by which Django loads the user. Default: the only one of `backends`
   * of `djangoSessions`.
   */
  readonly backend?: string
  /** As `session.setExpiry`. */
  readonly expiry?: Expiry
}

const UNSUPPORTED = 'the table of Django cannot find sessions by user; a change of the password ends them'

const LOGIN: OptionTable = {
  owner: 'djangoLogin',
  checks: { ...PROOF_CHECKS, backend: aText },
  foreign: { maxPerUser: UNSUPPORTED, revokeOthers: UNSUPPORTED },
}

/**
 * Logs a user in, for Django too, and gives the session a new id. The data of an anonymous visitor
 * is kept. The data of another user is dropped, and so is the data that the same user stored before
 * a change of the password. The password itself is not checked here: check it first.
 *
 * ```ts
 * djangoLogin(req.session, { id: 42, password: row.password })
 * ```
 *
 * With `CSRF_USE_SESSIONS`, Django makes a new CSRF token for its next form. Otherwise the token is
 * in another cookie, which this function does not renew. Throws `ConfigError` for a user without
 * `id` or `password` and for a backend that Django would not accept, and the errors of
 * `session.login`.
 */
export function djangoLogin<Data>(session: Session<Data>, user: DjangoUser, options: DjangoLoginOptions = {}): void {
  checkOptions(options, LOGIN)
  const django = djangoDraftOf(session, 'djangoLogin')
  const { draft, site } = django
  draft.openForWrite()
  const proof = proofOf(draft, options)
  const backend = backendOf(site, options.backend)
  const id = idOf(user, 'djangoLogin')
  const hash = site.hashes.create(user, 'djangoLogin')
  const previous = readLogin(django)
  const isSameUser = previous.id !== undefined && isSameId(previous.id, id)
  if (isSameUser && hash !== '' && !constantTimeEqual(previous.hash, hash)) session.flush()
  if ('expiry' in options) session.setExpiry(options.expiry)
  draft.record({ kind: 'remove', name: CSRF_TOKEN })
  draft.record({ kind: 'login', text: draft.context.values.print(USER_ID, isSameUser ? previous.id : id), proof })
  draft.recordSet(BACKEND, backend)
  draft.recordSet(AUTH_HASH, hash)
}

function backendOf({ backends }: DjangoSite, backend: string | undefined): string {
  const [only, another] = backends
  if (backend === undefined && only !== undefined && another === undefined) return only
  if (backend === undefined)
    throw new ConfigError(
      `djangoLogin: the option \`backends\` of djangoSessions has ${backends.length} backends. Give the one by which Django has to load the user: djangoLogin(session, user, { backend }).`,
    )
  if (backends.includes(backend)) return backend
  throw new ConfigError(
    `djangoLogin: Django ignores a login of the backend '${backend}', unless AUTHENTICATION_BACKENDS contains it. Then give the option \`backends\` of djangoSessions too.`,
  )
}

function idOf({ id }: DjangoUser, caller: string): string {
  if (typeof id === 'bigint' || Number.isSafeInteger(id) || (typeof id === 'string' && id !== '')) return String(id)
  throw new ConfigError(`${caller}: the \`id\` of the user is ${formatValue(id)}. Give the primary key, as a text or a whole number.`)
}

function isSameId(one: string, other: string): boolean {
  return normalizeUserId(one) === normalizeUserId(other)
}

/**
 * Logs out: ends the session and deletes its data and its row. The same as `session.flush()`.
 *
 * ```ts
 * djangoLogout(req.session)
 * ```
 */
export function djangoLogout<Data>(session: Session<Data>): void {
  djangoDraftOf(session, 'djangoLogout')
  session.flush()
}

/**
 * Keeps this session after a change of its user's password, like Django's
 * `update_session_auth_hash`: it gets a new id and the hash of the new password. All other sessions
 * of the user end when they are next used. `user` has the new `password`. Does nothing when the
 * session belongs to another user.
 *
 * ```ts
 * updateDjangoAuthHash(req.session, { id: 42, password: row.password }) // after the UPDATE
 * ```
 */
export function updateDjangoAuthHash<Data>(session: Session<Data>, user: DjangoUser): void {
  const django = djangoDraftOf(session, 'updateDjangoAuthHash')
  const { id } = readLogin(django)
  if (id === undefined || !isSameId(id, idOf(user, 'updateDjangoAuthHash'))) return
  const hash = django.site.hashes.create(user, 'updateDjangoAuthHash')
  session.cycleId()
  django.draft.recordSet(AUTH_HASH, hash)
}

function readLogin({ draft }: DjangoDraft): {
  readonly id: string | undefined
  readonly backend: string | undefined
  readonly hash: string
} {
  const { properties } = draft.openForRead()
  const [id, backend, hash] = [USER_ID, BACKEND, AUTH_HASH].map((name) => properties.read(name))
  return {
    id: typeof id === 'string' || typeof id === 'number' || typeof id === 'bigint' ? String(id) : undefined,
    backend: typeof backend === 'string' ? backend : undefined,
    hash: typeof hash === 'string' ? hash : '',
  }
}

const TEST_COOKIE = { name: 'testcookie', value: 'worked' } as const

type TestCookieSession = Session<Record<string, string>>

/** Django's `set_test_cookie`. The next request shows whether the browser accepts cookies. */
export function setTestCookie<Data>(session: Session<Data>): void {
  ;(session as unknown as TestCookieSession).set(TEST_COOKIE.name, TEST_COOKIE.value)
}

/** Django's `test_cookie_worked`. */
export function testCookieWorked<Data>(session: Session<Data>): boolean {
  return (session as unknown as TestCookieSession).get(TEST_COOKIE.name) === TEST_COOKIE.value
}

/**
 * Django's `delete_test_cookie`. Returns `false` when there was none, where Django raises
 * `KeyError`.
 */
export function deleteTestCookie<Data>(session: Session<Data>): boolean {
  return (session as unknown as TestCookieSession).delete(TEST_COOKIE.name)
}
