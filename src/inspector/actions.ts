import type { Admin } from '../admin/admin.ts'
import { html } from './html.ts'
import type { Target } from './links.ts'
import type { Change } from './pages/confirm-page.ts'

/** A change that the query of a page names. */
export interface Action extends Change {
  /** Makes the change. Rejects with the errors of the admin. */
  run(admin: Admin): Promise<unknown>
  /** The page after the change. */
  readonly after: Target
}

/** What a page says after a change, by the parameter `done` of its query. */
export const NOTICES: Readonly<Record<string, string>> = {
  revoked: 'The session has ended.',
  'user-revoked': 'The sessions of the user have ended.',
  'property-deleted': 'The property is deleted.',
}

/** The change that a query names; `undefined` if it names none. */
export function actionOf(query: URLSearchParams): Action | undefined {
  const target = Object.fromEntries(query)
  const { confirm, session, property, user } = target
  if (confirm === 'revoke' && session) return revoke(session, target)
  if (confirm === 'delete-property' && session && property) return deleteProperty(session, property, target)
  return confirm === 'revoke-user' && user ? revokeUser(user, target) : undefined
}

function revoke(session: string, target: Target): Action {
  return {
    title: 'End this session?',
    question: html`The session <code>${session}</code> ends with all its properties. Its visitor is logged out, and requests that are running cannot bring it back.`,
    button: 'End the session',
    target,
    back: { session },
    after: { view: 'sessions', done: 'revoked' },
    run: (admin) => admin.revoke(session),
  }
}

function deleteProperty(session: string, property: string, target: Target): Action {
  return {
    title: 'Delete this property?',
    question: html`The property <code>${property}</code> of the session <code>${session}</code> is removed. The other properties stay.`,
    button: 'Delete the property',
    target,
    back: { session },
    after: { session, done: 'property-deleted' },
    run: (admin) => admin.deleteProperty(session, property),
  }
}

function revokeUser(user: string, target: Target): Action {
  return {
    title: 'End all sessions of this user?',
    question: html`All sessions of the user <code>${user}</code> end, on all devices.`,
    button: 'End all sessions',
    target,
    back: { view: 'sessions', user },
    after: { view: 'sessions', user, done: 'user-revoked' },
    run: (admin) => admin.revokeUser(user),
  }
}
