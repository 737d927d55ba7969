import type { Expiry } from '../../core/config/profile.ts'
import type { Session } from '../../core/session/session.ts'
import { constantTimeEqual } from '../../wire/constant-time-equal.ts'
import { saltedHmac } from '../../wire/django-signing.ts'
import { type DjangoDraft, djangoDraftOf } from './django-draft.ts'

/** The columns of a row of Django's `auth_user` that a login needs, by their names. */
export interface DjangoUser {
  /** The primary key. */
  readonly id: string | number | bigint
  /** The column as it is: Django's hash of the password. */
  readonly password: string
  /**
   * A user who is not active is not logged in. Omit it where `loadUser` returns only active users.
   */
  readonly is_active?: boolean | number
}

/** Options of `djangoUser`. */
export interface DjangoUserOptions<User extends DjangoUser> {
  /**
   * Returns the user with an id, which is a string, or `undefined` when there is none. `backend` is
   * the authentication backend of the login.
   */
  readonly loadUser: (id: string, backend: string) => User | undefined | Promise<User | undefined>
  /** Django's `AUTHENTICATION_BACKENDS`. Default: `django.contrib.auth.backends.ModelBackend`. */
  readonly backends?: readonly string[]
}

const USER_ID = '_auth_user_id'
const BACKEND = '_auth_user_backend'
const AUTH_HASH = '_auth_user_hash'
const MODEL_BACKEND = 'django.contrib.auth.backends.ModelBackend'
const AUTH_HASH_SALT = 'django.contrib.auth.models.AbstractBaseUser.get_session_auth_hash'

/**
 * Returns the logged-in user by Django's rules. Returns `undefined` when there is no login, when the
 * user does not exist or is not active, and when the backend is not among `backends`. A session whose
 * user has changed the password is flushed. If a key of `fallbacks` signed the login, the session gets
 * a new id and a hash by the current key.
 *
 * ```ts
 * const user = await djangoUser(req.session, { loadUser: (id) => usersById.get(id) }) // SELECT id, password, is_active FROM auth_user …
 * ```
 *
 * Rejects with the error of `loadUser`, and with `StoreError` when the session could not be loaded.
 */
export async function djangoUser<Data, User extends DjangoUser>(
  session: Session<Data>,
  { loadUser, backends = [MODEL_BACKEND] }: DjangoUserOptions<User>,
): Promise<User | undefined> {
  const django = djangoDraftOf(session, 'djangoUser')
  const { id, backend, hash } = readLogin(django)
  if (id === undefined || backend === undefined || !backends.includes(backend)) return undefined
  const user = (await loadUser(id, backend)) ?? undefined
  if (user === undefined || (user.is_active !== undefined && !user.is_active)) return undefined
  const keyIndex = django.secretKeys.findIndex((secretKey) => constantTimeEqual(authHash(secretKey, user), hash))
  if (keyIndex === 0) return user
  const verified = keyIndex === -1 ? undefined : user
  if (!django.draft.isCommitted) renewOrFlush(django, verified)
  return verified
}

/**
 * Parallel requests of one page do this at the same time. The first one suffices, so none of them
 * fails when another one was faster.
 */
function renewOrFlush({ draft, secretKeys }: DjangoDraft, user: DjangoUser | undefined): void {
  if (user === undefined) return draft.flush(false)
  draft.record({
    kind: 'reauthenticate',
    name: AUTH_HASH,
    text: draft.context.values.print(AUTH_HASH, authHash(secretKeys[0] as string, user)),
  })
}

/**
 * Logs a user in, for Django too, and gives the session a new id. The data of an anonymous visitor is
 * kept. The data of another user is dropped, and so is the data that the same user stored before a
 * change of the password. The password itself is not checked here: check it first.
 *
 * ```ts
 * djangoLogin(req.session, { id: 42, password: row.password })
 * ```
 *
 * `backend` is the authentication backend by which Django loads the user, by default
 * `django.contrib.auth.backends.ModelBackend`. Django also renews its CSRF token at a login; this
 * function does not, because Django keeps that token in another cookie. Throws the same errors as
 * `session.login`.
 */
export function djangoLogin<Data>(
  session: Session<Data>,
  user: DjangoUser,
  { backend = MODEL_BACKEND, ...options }: { readonly backend?: string; readonly expiry?: Expiry } = {},
): void {
  const django = djangoDraftOf(session, 'djangoLogin')
  const { draft, secretKeys } = django
  draft.openForWrite()
  const hash = authHash(secretKeys[0] as string, user)
  const previous = readLogin(django)
  if (previous.id === String(user.id) && !constantTimeEqual(previous.hash, hash)) session.flush()
  if ('expiry' in options) session.setExpiry(options.expiry)
  draft.record({ kind: 'login', text: draft.context.values.print(USER_ID, String(user.id)) })
  draft.recordSet(BACKEND, backend)
  draft.recordSet(AUTH_HASH, hash)
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
 * Keeps this session after a change of its user's password, like Django's `update_session_auth_hash`:
 * it gets a new id and the hash of the new password. All other sessions of the user end when they are
 * next used. `user` has the new `password`. Does nothing when the session belongs to another user.
 *
 * ```ts
 * updateDjangoAuthHash(req.session, { id: 42, password: row.password }) // after the UPDATE
 * ```
 */
export function updateDjangoAuthHash<Data>(session: Session<Data>, user: DjangoUser): void {
  const django = djangoDraftOf(session, 'updateDjangoAuthHash')
  if (readLogin(django).id !== String(user.id)) return
  session.cycleId()
  django.draft.recordSet(AUTH_HASH, authHash(django.secretKeys[0] as string, user))
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

function authHash(secretKey: string, { password }: DjangoUser): string {
  return saltedHmac(AUTH_HASH_SALT, secretKey, password)
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
