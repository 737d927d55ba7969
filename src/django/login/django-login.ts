import type { Expiry } from '../../core/config/rules.ts'
import type { Session } from '../../core/session/session.ts'
import { constantTimeEqual } from '../../wire/constant-time-equal.ts'
import { saltedHmac } from '../../wire/django-signing.ts'
import { type DjangoDraft, djangoDraftOf, recordReserved } from '../sessions/django-draft.ts'

/** A row of Django's `auth_user`, as far as a login goes: its columns by their own names. */
export interface DjangoUser {
  /** The primary key. */
  readonly id: string | number | bigint
  /** The column as it is: Django's hash of the password. */
  readonly password: string
  /** Who is not active is nobody. Left out: `loadUser` answers active users only. */
  readonly is_active?: boolean | number
}

/** How the user of a session is found. */
export interface DjangoUserOptions<User extends DjangoUser> {
  /** The user of an id, which comes as text; `undefined` when there is none. `backend` is the one that the user logged in with. */
  readonly loadUser: (id: string, backend: string) => User | undefined | Promise<User | undefined>
  /** `AUTHENTICATION_BACKENDS`. Default: `django.contrib.auth.backends.ModelBackend`. */
  readonly backends?: readonly string[]
}

const USER = '_auth_user_id'
const BACKEND = '_auth_user_backend'
const HASH = '_auth_user_hash'
const MODEL_BACKEND = 'django.contrib.auth.backends.ModelBackend'
const HASH_SALT = 'django.contrib.auth.models.AbstractBaseUser.get_session_auth_hash'

/**
 * Who is logged in, by Django's rules: `undefined` for nobody, for a user who is gone or not active, and for a backend that is not among
 * `backends`. A session whose password has changed since the login is flushed. One that a key of `fallbacks` vouches for gets a new id and
 * is vouched for by the newest.
 *
 * ```ts
 * const user = await djangoUser(req.session, { loadUser: (id) => usersById.get(id) }) // SELECT id, password, is_active FROM auth_user …
 * ```
 *
 * Rejects with what `loadUser` rejects with, and with `StoreError` when the session could not be loaded.
 */
export async function djangoUser<Data, User extends DjangoUser>(
  session: Session<Data>,
  { loadUser, backends = [MODEL_BACKEND] }: DjangoUserOptions<User>,
): Promise<User | undefined> {
  const django = djangoDraftOf(session, 'djangoUser')
  const { id, backend, hash } = loginIn(django)
  if (id === undefined || backend === undefined || !backends.includes(backend)) return undefined
  const user = (await loadUser(id, backend)) ?? undefined
  if (user === undefined || (user.is_active !== undefined && !user.is_active)) return undefined
  const vouching = django.secretKeys.findIndex((secretKey) => constantTimeEqual(hashOf(secretKey, user), hash))
  if (vouching === 0) return user
  if (!django.draft.isSealed) renewOrEnd(django, vouching === -1 ? undefined : user)
  return vouching === -1 ? undefined : user
}

/** Other requests of the same page do the same at the same time. One of them is enough, and none of them is at fault. */
function renewOrEnd({ draft, secretKeys }: DjangoDraft, user: DjangoUser | undefined): void {
  if (user === undefined) return draft.flush(false)
  draft.record({ kind: 'renew', name: HASH, text: draft.engine.values.print(HASH, hashOf(secretKeys[0] as string, user)) })
}

/**
 * Logs a user in so that Django knows it, and gives the session a new id. What an anonymous visitor collected is kept; what another user
 * left is dropped, and so is what the same user left before the password was changed. Check the password first: that is not done here.
 *
 * ```ts
 * djangoLogin(req.session, { id: 42, password: row.password })
 * ```
 *
 * `backend` is what Django finds the user with, by default `django.contrib.auth.backends.ModelBackend`. Django also renews the token of its
 * CSRF protection, which lives in a cookie of its own. Throws as `session.login`.
 */
export function djangoLogin<Data>(
  session: Session<Data>,
  user: DjangoUser,
  { backend = MODEL_BACKEND, ...options }: { readonly backend?: string; readonly expiry?: Expiry } = {},
): void {
  const django = djangoDraftOf(session, 'djangoLogin')
  const { draft, secretKeys } = django
  draft.change()
  const hash = hashOf(secretKeys[0] as string, user)
  const before = loginIn(django)
  if (before.id === String(user.id) && !constantTimeEqual(before.hash, hash)) session.flush()
  if ('expiry' in options) session.setExpiry(options.expiry)
  draft.record({ kind: 'login', text: draft.engine.values.print(USER, String(user.id)) })
  recordReserved(draft, BACKEND, backend)
  recordReserved(draft, HASH, hash)
}

/** Logs out: the session ends, data and row and id. Exactly `session.flush()`. */
export function djangoLogout<Data>(session: Session<Data>): void {
  djangoDraftOf(session, 'djangoLogout')
  session.flush()
}

/**
 * Keeps this session when its user's password was changed, as Django's `update_session_auth_hash`: a new id, vouched for by the new password.
 * All other sessions of the user end when they are next used. `user` holds the new `password`; on the session of anybody else it does nothing.
 */
export function updateDjangoAuthHash<Data>(session: Session<Data>, user: DjangoUser): void {
  const django = djangoDraftOf(session, 'updateDjangoAuthHash')
  if (loginIn(django).id !== String(user.id)) return
  session.cycleId()
  recordReserved(django.draft, HASH, hashOf(django.secretKeys[0] as string, user))
}

function loginIn({ draft }: DjangoDraft): { readonly id: string | undefined; readonly backend: string | undefined; readonly hash: string } {
  const properties = draft.look()
  const [id, backend, hash] = [USER, BACKEND, HASH].map((name) => properties.read(name))
  return {
    id: typeof id === 'string' || typeof id === 'number' || typeof id === 'bigint' ? String(id) : undefined,
    backend: typeof backend === 'string' ? backend : undefined,
    hash: typeof hash === 'string' ? hash : '',
  }
}

function hashOf(secretKey: string, { password }: DjangoUser): string {
  return saltedHmac(HASH_SALT, secretKey, password)
}
