import type { Request, RequestHandler, Response } from 'express'
import type { Store } from 'sojourn'
import { holding } from './holding.ts'
import { homePage } from './views/home.ts'
import { racePage } from './views/race.ts'
import type { Visit } from './views/visit.ts'
import { changeTo, decisions } from './witness.ts'

export const home = (store: Store): RequestHandler =>
  async function showHome(req: Request, res: Response): Promise<void> {
    const { session } = req
    const visit = { ...visitOf(req), notice: session.flashed('notice') }
    if (session.modified) await session.save() // reading a notice removes it; the panel is to show the row without it
    const held = await holding(store, session)
    const change = await changeTo(held, req.query.change)
    res.send(String(homePage(visit, { held, change, decisions: change?.decisions ?? decisions() })))
  }

export function raceGround(req: Request, res: Response): void {
  res.send(String(racePage(req.session.get('darkMode'))))
}

const visitOf = ({ session }: Request): Visit => ({
  userId: session.get('userId'),
  cart: session.get('cart', []),
  darkMode: session.get('darkMode'),
})
