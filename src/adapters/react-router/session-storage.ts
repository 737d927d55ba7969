import type { Session as RouterSession, SessionStorage } from 'react-router'
import { ConfigError } from '../../core/base/errors.ts'
import type { Session } from '../shared/types.ts'

/** Any session, whatever its properties are. */
export type AnySession = Session<Record<string, unknown>>

/**
 * The storage over the session of the current request. The middleware sets its cookie, so the texts
 * for `Set-Cookie` are empty, which browsers ignore.
 */
export function storageOf(current: () => AnySession | undefined): SessionStorage {
  const session = (): AnySession => {
    const found = current()
    if (found !== undefined) return found
    throw new ConfigError(
      'sessionStorage(sessions) is used outside of a request of React Router. Install the middleware in app/root.tsx: `export const middleware = [session(sessions)]`.',
    )
  }
  return {
    async getSession() {
      return viewOf(session())
    },
    async commitSession() {
      if (session().modified) await session().save()
      return ''
    },
    async destroySession() {
      session().flush()
      await session().save()
      return ''
    },
  }
}

/** A session with the members that React Router gives one. */
function viewOf(session: AnySession): RouterSession {
  return {
    get id() {
      return session.id ?? ''
    },
    get data() {
      return session.toObject()
    },
    has: (name) => session.has(name),
    get: (name) => session.get(name) ?? session.flashed(name).at(-1),
    set: (name, value) => void session.set(name, value),
    flash: (name, value) => session.flash(name, value),
    unset: (name) => void session.delete(name),
  }
}
