import type { Request, RequestHandler, Response } from 'express'
import type { Store } from 'sojourn'
import { findEntry, requestEvents } from './audit-log.ts'
import { loadStoredSession } from './stored-session.ts'
import { homePage, type ShopState } from './views/home.ts'
import { racePage } from './views/race.ts'

export function showHome(store: Store): RequestHandler {
  return async (req, res) => {
    const { session } = req
    const state = { ...readState(req), notices: session.flashed<string>('notice') }
    if (session.modified) await session.save() // flashed() removed the notices, and the panel shows the row without it
    const stored = await loadStoredSession(store, session)
    const entry = await findEntry(req.query.entry, stored)
    res.send(String(homePage(state, { stored, entry, events: entry?.events ?? requestEvents() })))
  }
}

export function showRace(req: Request, res: Response): void {
  res.send(String(racePage(req.session.get('darkMode'))))
}

const readState = ({ session }: Request): ShopState => ({
  userId: session.get('userId'),
  cart: session.get('cart', []),
  darkMode: session.get('darkMode'),
})
