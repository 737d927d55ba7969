import { setTimeout as sleep } from 'node:timers/promises'
import { Router } from 'express'
import session from 'express-session'
import { contenderPage } from '../views/contender.ts'
import { FULL_CART, waitOf } from './script.ts'

const name = 'race-express-session'

/**
 * The same routes on express-session, as its documentation has one write them. In JavaScript, for its types and sojourn's both say what
 * `req.session` is.
 */
export function expressSessionRace() {
  const race = Router()
  const cookie = { sameSite: 'lax', maxAge: 30 * 24 * 60 * 60 * 1000 }
  race.use(session({ name, cookie, secret: 'not a secret: a demo', resave: false, saveUninitialized: false }))

  race.post('/start', (req, res, next) => {
    req.session.regenerate((error) => {
      if (error) return next(error)
      req.session.userId = 'ada'
      req.session.cart = FULL_CART
      res.redirect(303, req.baseUrl)
    })
  })

  race.post('/slow', async (req, res) => {
    req.session.lastSeen = new Date().toISOString()
    await sleep(waitOf(req))
    res.redirect(303, req.baseUrl)
  })

  race.post('/empty', (req, res) => {
    delete req.session.cart
    res.redirect(303, req.baseUrl)
  })

  race.post('/logout', (req, res, next) => {
    req.session.destroy((error) => {
      if (error) return next(error)
      res.clearCookie(name)
      res.redirect(303, req.baseUrl)
    })
  })

  race.get('/state', (req, res) => res.json(dataOf(req.session)))
  race.get('/', (req, res) => res.send(String(contenderPage('express-session', dataOf(req.session)))))
  return race
}

const dataOf = ({ userId, cart, lastSeen }) => ({ userId, cart, lastSeen })
