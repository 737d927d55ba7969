import { ConfigError } from '../../core/base/errors.ts'
import { hasUnderscore } from '../../core/base/reserved.ts'
import type { Session } from '../../core/session/session.ts'
import { djangoDraftOf } from './django-draft.ts'

/** Properties that other functions remove, together with what belongs to them. */
const REMOVED_BY: Readonly<Record<string, string>> = {
  _auth_user_id: 'djangoLogout(session)',
  _auth_user_backend: 'djangoLogout(session)',
  _auth_user_hash: 'djangoLogout(session)',
  _session_expiry: 'session.setExpiry(undefined)',
  _messages: 'djangoMessages(session)',
}

/**
 * Returns a property whose name begins with `_`, which Django or one of its packages has stored,
 * such as `_language` or `_impersonate`. Returns `undefined` when there is none. A change inside
 * the returned object is not saved.
 *
 * ```ts
 * const language = djangoProperty(req.session, '_language')
 * ```
 */
export function djangoProperty<Data>(session: Session<Data>, name: string): unknown {
  const { draft } = djangoDraftOf(session, 'djangoProperty')
  checkName('djangoProperty', 'get', name)
  return draft.openForRead().properties.copy(name)
}

/**
 * Removes a property whose name begins with `_`. Returns `false` when there is none. Throws
 * `ConfigError` for a property that another function removes.
 *
 * ```ts
 * deleteDjangoProperty(req.session, '_impersonate')
 * ```
 */
export function deleteDjangoProperty<Data>(session: Session<Data>, name: string): boolean {
  const { draft } = djangoDraftOf(session, 'deleteDjangoProperty')
  checkName('deleteDjangoProperty', 'delete', name)
  const remedy = Object.hasOwn(REMOVED_BY, name) ? REMOVED_BY[name] : undefined
  if (remedy !== undefined) throw new ConfigError(`deleteDjangoProperty: the property "${name}" is removed by ${remedy}.`)
  const isPresent = draft.openForRead().properties.texts.has(name)
  draft.openForWrite()
  draft.record({ kind: 'remove', name })
  return isPresent
}

function checkName(caller: string, verb: 'get' | 'delete', name: unknown): void {
  if (typeof name === 'string' && hasUnderscore(name)) return
  throw new ConfigError(
    `${caller}: the name has to begin with "_", and it is ${typeof name === 'string' ? `"${name}"` : `a ${typeof name}`}. For other properties call session.${verb}(name).`,
  )
}
