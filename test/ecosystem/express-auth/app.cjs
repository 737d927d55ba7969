'use strict'
// Express applications with packages for messages, logins and forged requests.
const { randomUUID } = require('node:crypto')
const flash = require('connect-flash')
const cookieParser = require('cookie-parser')
const { doubleCsrf } = require('csrf-csrf')
const { csrfSync } = require('csrf-sync')
const express = require('express')
const { Passport } = require('passport')
const { Strategy: LocalStrategy } = require('passport-local')
const { session } = require('sojourn/express')
const { MemoryStore } = require('sojourn/stores/memory')

const USERS = [{ id: 'ada', password: 'lovelace' }]

/** An application, whose error page shows the code and the message of an error. */
function makeApp(...layers) {
  const app = express()
  app.use(express.urlencoded(), cookieParser(), session({ store: new MemoryStore() }), ...layers)
  return app
}

function withErrorPage(app) {
  app.use((error, _req, res, _next) => res.status(error.status ?? 500).json({ code: error.code, message: error.message }))
  return app
}

/** connect-flash as its README shows it, next to the flashes of the session. */
exports.makeFlashApp = () => {
  const app = makeApp(flash())
  app.post('/connect-flash', (req, res) => {
    req.flash('info', `for ${req.body.name}`)
    res.redirect('/')
  })
  app.get('/connect-flash', (req, res) => res.json(req.flash('info')))
  app.post('/session', (req, res) => {
    req.session.flash('info', `for ${req.body.name}`)
    res.redirect('/')
  })
  app.get('/session', (req, res) => res.json(req.session.flashed('info')))
  return withErrorPage(app)
}

function makePassport() {
  const passport = new Passport()
  const find = (id) => USERS.find((user) => user.id === id)
  passport.use(
    new LocalStrategy((username, password, done) => {
      const user = find(username)
      done(null, user?.password === password ? user : false, { message: 'Wrong password.' })
    }),
  )
  passport.serializeUser((user, done) => done(null, user.id))
  passport.deserializeUser((id, done) => done(null, find(id) ?? false))
  return passport
}

/** passport as its documentation shows it: it keeps the user in a session of express-session. */
exports.makePassportApp = () => {
  const passport = makePassport()
  const app = makeApp(flash(), passport.initialize(), passport.session())
  app.get('/', (req, res) => res.json(req.user?.id ?? null))
  app.post('/login', passport.authenticate('local', { successRedirect: '/' }))
  app.post('/login-messages', passport.authenticate('local', { failureRedirect: '/', failureMessage: true, session: false }))
  app.post('/logout', (req, res, next) => req.logout((error) => (error ? next(error) : res.redirect('/'))))
  return withErrorPage(app)
}

/** passport checks the password, and the session keeps the user. */
exports.makePassportAndSessionApp = () => {
  const passport = makePassport()
  const app = makeApp(passport.initialize())
  app.use((req, _res, next) => {
    req.user = USERS.find(({ id }) => id === req.session.userId)
    next()
  })
  app.get('/', (req, res) => res.json(req.user?.id ?? null))
  app.post('/login', passport.authenticate('local', { session: false }), (req, res) => {
    req.session.login(req.user.id)
    res.redirect('/')
  })
  app.post('/logout', (req, res) => {
    req.session.logout()
    res.redirect('/')
  })
  return withErrorPage(app)
}

/** csrf-sync, with its defaults or with the verbs of the session. */
exports.makeCsrfSyncApp = ({ defaults }) => {
  const state = {
    getTokenFromState: (req) => req.session.get('csrfToken'),
    storeTokenInState: (req, token) => req.session.set('csrfToken', token),
  }
  const { generateToken, csrfSynchronisedProtection } = csrfSync(defaults ? {} : state)
  const app = makeApp(csrfSynchronisedProtection)
  app.get('/form', (req, res) => res.json(generateToken(req)))
  app.post('/order', (req, res) => res.json(req.session.push('orders', 'one')))
  return withErrorPage(app)
}

/** csrf-csrf, with an identifier that is kept in the session. */
exports.makeCsrfCsrfApp = () => {
  const { generateCsrfToken, doubleCsrfProtection } = doubleCsrf({
    getSecret: () => 'a secret of the application',
    getSessionIdentifier: (req) => req.session.setDefault('csrfId', () => randomUUID()),
    cookieName: 'csrf',
    cookieOptions: { secure: false },
  })
  const app = makeApp(doubleCsrfProtection)
  app.get('/form', (req, res) => res.json(generateCsrfToken(req, res)))
  app.post('/order', (req, res) => res.json(req.session.push('orders', 'one')))
  return withErrorPage(app)
}
