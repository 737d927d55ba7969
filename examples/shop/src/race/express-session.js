import { setTimeout as sleep } from 'node:timers/promises'
import { Router } from 'express'
import session from 'express-session'
import { contenderPage } from '../views/contender.ts'
import { delayOf, FULL_CART } from './race.ts'

const name = 'race-express-session'

/**
 * The routes of the race on express-session, as in its documentation. This file is JavaScript,
 * because the types of express-session and sojourn both declare `req.session`.
 */
export function expressSessionRace() {
  const race = Router()
  const cookie = { sameSite: 'lax', maxAge: 30 * 24 * 60 * 60 * 1000 }
  race.use(session({ name, cookie, secret: 'for the demo only', resave: false, saveUninitialized: false }))

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
    await sleep(delayOf(req))
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
