import { setTimeout as sleep } from 'node:timers/promises'
import { Router } from 'express'
import type { Store } from 'sojourn'
import { session } from 'sojourn/express'
import { contenderPage } from '../views/contender.ts'
import { delayOf, FULL_CART } from './race.ts'

/**
 * The routes of the race on sojourn. Their cookie is separate, so a race never changes the session
 * of the shop.
 */
export function sojournRace(store: Store): Router {
  const race = Router()
  race.use(session({ store, cookie: { name: 'race-sojourn' } }))

  race.post('/start', (req, res) => {
    req.session.clear()
    req.session.login('ada')
    req.session.set('cart', FULL_CART)
    res.redirect(303, req.baseUrl)
  })

  race.post('/slow', async (req, res) => {
    req.session.set('lastSeen', new Date().toISOString())
    await sleep(delayOf(req))
    res.redirect(303, req.baseUrl)
  })

  race.post('/empty', (req, res) => {
    req.session.delete('cart')
    res.redirect(303, req.baseUrl)
  })

  race.post('/logout', (req, res) => {
    req.session.logout()
    res.redirect(303, req.baseUrl)
  })

  race.get('/state', (req, res) => void res.json(req.session.toObject()))
  race.get('/', (req, res) => void res.send(String(contenderPage('sojourn', req.session.toObject()))))
  return race
}
