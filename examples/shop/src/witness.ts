import { AsyncLocalStorage } from 'node:async_hooks'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import type { NextFunction, Request, Response } from 'express'
import type { SessionEvent, Store } from 'sojourn'
import { type Holding, holding } from './holding.ts'

/** What one action did: the row before, the row after its response went out, and what the session manager decided on the way. */
export interface Change {
  readonly before: Holding | undefined
  readonly after: Holding | undefined
  readonly decisions: readonly SessionEvent[]
}

const REMEMBERED = 500
const changes = new Map<string, Promise<Change | undefined>>()
const overheard = new AsyncLocalStorage<SessionEvent[]>()

/** The manager's `on` listener: notes each decision with the request it was made for. */
export const listen = (event: SessionEvent): void => void overheard.getStore()?.push(event)

/** Comes before the session middleware. */
export const overhear = (_req: Request, _res: Response, next: NextFunction): void => overheard.run([], next)

export const decisions = (): readonly SessionEvent[] => overheard.getStore() ?? []

/** The change of that id, if it led to what is held now: what was done before a logout is not for whoever comes after it. */
export async function changeTo(held: Holding | undefined, id: unknown): Promise<Change | undefined> {
  const change = typeof id === 'string' ? await changes.get(id) : undefined
  return change?.after?.handle === held?.handle ? change : undefined
}

/** Comes after the session middleware: remembers what an action changed, and lets its redirect lead to a page that shows it. */
export function witness(store: Store) {
  return async function watch(req: Request, res: Response, next: NextFunction): Promise<void> {
    if (req.method !== 'POST') return next()
    const before = await holding(store, req.session)
    const change = once(res, 'close').then(async () => ({ before, after: await holding(store, req.session), decisions: decisions() }))
    const id = remember(change.catch(() => undefined))
    const redirect = res.redirect.bind(res)
    res.redirect = () => redirect(303, `/?change=${id}${fragment(req.body?.at)}`)
    next()
  }
}

function remember(change: Promise<Change | undefined>): string {
  const id = randomUUID()
  changes.set(id, change)
  if (changes.size > REMEMBERED) changes.delete(changes.keys().next().value ?? '')
  return id
}

/** Where on the page the button was, so that the visitor comes back to it. */
const fragment = (at: unknown): string => (typeof at === 'string' && /^[a-z-]+$/.test(at) ? `#${at}` : '')
