import { AsyncLocalStorage } from 'node:async_hooks'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import type { NextFunction, Request, Response } from 'express'
import type { SessionEvent, Store } from 'sojourn'
import { loadStoredSession, type StoredSession } from './stored-session.ts'

/** One action: the row before and after it, and the events of the session manager. */
export interface AuditEntry {
  readonly before: StoredSession | undefined
  readonly after: StoredSession | undefined
  readonly events: readonly SessionEvent[]
}

const MAX_ENTRIES = 500
const entries = new Map<string, Promise<AuditEntry | undefined>>()
const eventsOfRequest = new AsyncLocalStorage<SessionEvent[]>()

/** Middleware before the session middleware: collects the events of this request. */
export const collectEvents = (_req: Request, _res: Response, next: NextFunction): void => eventsOfRequest.run([], next)

/** The `onEvent` option of the session manager: adds an event to those of the current request. */
export const recordEvent = (event: SessionEvent): void => void eventsOfRequest.getStore()?.push(event)

export const requestEvents = (): readonly SessionEvent[] => eventsOfRequest.getStore() ?? []

/** Middleware after the session middleware: logs each action, and redirects with the entry's id. */
export function auditActions(store: Store) {
  return async function auditAction(req: Request, res: Response, next: NextFunction): Promise<void> {
    if (req.method !== 'POST') return next()
    const before = await loadStoredSession(store, req.session)
    const entry = once(res, 'close').then(async () => {
      const after = await loadStoredSession(store, req.session)
      return { before, after, events: requestEvents() }
    })
    const id = addEntry(entry.catch(() => undefined))
    const redirect = res.redirect.bind(res)
    res.redirect = () => redirect(303, `/?entry=${id}${fragmentOf(req.body?.section)}`)
    next()
  }
}

function addEntry(entry: Promise<AuditEntry | undefined>): string {
  const id = randomUUID()
  entries.set(id, entry)
  const [oldest] = entries.keys()
  if (entries.size > MAX_ENTRIES && oldest !== undefined) entries.delete(oldest)
  return id
}

/** The section of the page that contains the button, so that the browser scrolls back to it. */
const fragmentOf = (section: unknown): string => (typeof section === 'string' && /^[a-z-]+$/.test(section) ? `#${section}` : '')

/** Returns the entry if it belongs to the current session, so nothing is shown after a logout. */
export async function findEntry(id: unknown, current: StoredSession | undefined): Promise<AuditEntry | undefined> {
  const entry = typeof id === 'string' ? await entries.get(id) : undefined
  return entry?.after?.handle === current?.handle ? entry : undefined
}
