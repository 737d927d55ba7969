import { setTimeout as sleep } from 'node:timers/promises'
import { Router } from 'express'
import type { Store } from 'sojourn'
import { session } from 'sojourn/express'
import { contenderPage } from '../views/contender.ts'
import { FULL_CART, waitOf } from './script.ts'

/** The race's routes on sojourn: a session of their own, so that a race never touches the visitor's shopping. */
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
    await sleep(waitOf(req))
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
