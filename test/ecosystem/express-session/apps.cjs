'use strict'
// Applications written for express-session. Each is a function of what differs between its runs: the
// module `session`, a new `store` for it, and the module `express`, of version 4 or 5.
const { createServer } = require('node:http')
const cookieParser = require('cookie-parser')
const { ensureLoggedIn } = require('connect-ensure-login')
const flash = require('connect-flash')
const { doubleCsrf } = require('csrf-csrf')
const { csrfSync } = require('csrf-sync')
const csurf = require('csurf')
const KeycloakStore = require('keycloak-connect/stores/session-store')
const { Passport } = require('passport')
const { Strategy: LocalStrategy } = require('passport-local')
const { Server } = require('socket.io')

const SECRET = 'a secret of at least 32 characters, for tests'

/** An application with sessions. */
function makeApp({ express, session, store }, options = {}) {
  const app = express()
  const sessions = session({ secret: SECRET, resave: false, saveUninitialized: false, store, ...options })
  app.use(express.urlencoded({ extended: false }), cookieParser(), sessions)
  app.sessions = sessions
  return app
}

/** The error page. */
function withErrors(app) {
  app.use((error, _req, res, _next) => res.status(error.status ?? 500).send(`${error.code ?? error.name}`))
  return app
}

function properties(session) {
  const { cookie: _cookie, ...rest } = session
  return rest
}

/** What tutorials do with req.session. */
exports.plain = (env) => {
  const app = makeApp(env)
  app.get('/all', (req, res) => res.json(properties({ ...req.session })))
  app.post('/count', (req, res) => {
    req.session.views = (req.session.views ?? 0) + 1
    res.json(req.session.views)
  })
  app.post('/cart/:sku', (req, res) => {
    ;(req.session.cart = req.session.cart ?? []).push(req.params.sku)
    res.json(req.session.cart)
  })
  app.post('/set/:name/:value', (req, res) => {
    req.session[req.params.name] = JSON.parse(req.params.value)
    res.json(Object.keys(req.session).sort())
  })
  app.post('/delete/:name', (req, res) => {
    const had = req.params.name in req.session
    delete req.session[req.params.name]
    res.json([had, req.params.name in req.session])
  })
  app.post('/assign', (req, res) => {
    Object.assign(req.session, req.body)
    res.json(JSON.parse(JSON.stringify(properties(req.session))))
  })
  app.post('/values', (req, res) => {
    req.session.date = new Date(0)
    req.session.nothing = undefined
    req.session.fn = () => 1
    req.session.id7 = { toJSON: () => 'seven' }
    res.end()
  })
  app.get('/members', (req, res) => {
    const names = ['save', 'reload', 'regenerate', 'destroy', 'touch', 'resetMaxAge']
    const enumerable = []
    for (const name in req.session) if (name !== '') enumerable.push(name)
    res.json([names.map((name) => typeof req.session[name]), enumerable, req.session.id === req.sessionID, req.session.req === req])
  })
  app.get('/cookie', (req, res) => {
    const { cookie } = req.session
    res.json([cookie.originalMaxAge, cookie.path, cookie.httpOnly, Object.keys(cookie.data).sort()])
  })
  app.post('/remember', (req, res) => {
    req.session.user = 'ada'
    req.session.cookie.maxAge = 86_400_000
    res.end()
  })
  app.post('/id', (req, res, next) => {
    const { sessionID } = req
    req.session.name = 'ada'
    req.session.save((error) => (error ? next(error) : res.json([req.sessionID === sessionID, req.session.id === sessionID])))
  })
  app.post('/save-twice', (req, res, next) => {
    req.session.step = 1
    req.session.save((error) => {
      if (error) return next(error)
      req.session.step = 2
      return req.session.save((second) => (second ? next(second) : res.json(req.session.step)))
    })
  })
  app.post('/reload', (req, res) => {
    req.session.unsaved = true
    req.session.reload((error) => (error ? res.status(404).send(error.message) : res.json(properties(req.session))))
  })
  app.post('/regenerate', (req, res, next) => {
    const old = req.session
    req.session.regenerate((error) => {
      if (error) return next(error)
      req.session.before = old.views
      return res.json([req.session !== old, req.session.id !== old.id, properties(req.session)])
    })
  })
  app.post('/destroy', (req, res, next) => req.session.destroy((error) => (error ? next(error) : res.json([typeof req.session]))))
  app.post('/null', (req, res) => {
    req.session.views = 100
    req.session = null
    res.end()
  })
  app.get('/stream', (req, res) => {
    req.session.views = 10
    res.write('one ')
    setImmediate(() => {
      req.session.views = 20
      res.end('two')
    })
  })
  app.post('/throw', (req, _res) => {
    req.session.failed = true
    throw new Error('broken')
  })
  app.get('/chain', (req, res) => res.json([req.session.touch() === req.session, req.session.resetMaxAge() === req.session]))
  return withErrors(app)
}

/** The option `unset: 'destroy'`, `rolling` and a lifetime. */
exports.rolling = (env) => {
  const app = makeApp(env, { rolling: true, unset: 'destroy', cookie: { maxAge: 60_000 }, name: 'app.sid' })
  app.get('/read', (req, res) => res.json(req.session.views ?? 0))
  app.post('/count', (req, res) => {
    req.session.views = (req.session.views ?? 0) + 1
    res.json(req.session.views)
  })
  app.post('/unset', (req, res) => {
    delete req.session
    res.end()
  })
  return withErrors(app)
}

/** The default of `saveUninitialized`, and ids of the application. */
exports.uninitialized = (env) => {
  let next = 0
  const app = makeApp(env, { saveUninitialized: true, genid: () => `customer-portal-${(next += 1)}` })
  app.get('/id', (req, res) => res.json(req.sessionID))
  return withErrors(app)
}

const USERS = [
  { id: 7, name: 'ada', password: 'lovelace' },
  { id: 8, name: 'eve', password: 'apple' },
]

function makePassport() {
  const passport = new Passport()
  passport.use(
    new LocalStrategy((username, password, done) => {
      const user = USERS.find(({ name }) => name === username)
      done(null, user && user.password === password ? user : false, { message: 'Wrong password.' })
    }),
  )
  passport.serializeUser((user, done) => done(null, user.id))
  passport.deserializeUser((id, done) => done(null, USERS.find((user) => user.id === id) ?? false))
  return passport
}

/** passport-local, connect-flash and connect-ensure-login as their documentation shows them. */
exports.passport = (env) => {
  const passport = makePassport()
  const app = makeApp(env)
  app.use(flash(), passport.initialize(), passport.session())
  app.get('/', (req, res) => res.json(req.user ? req.user.name : null))
  app.get('/session', (req, res) => res.json(properties({ ...req.session })))
  app.get('/account', ensureLoggedIn('/login'), (req, res) => res.json(`account of ${req.user.name}`))
  app.get('/login', (req, res) => res.json({ errors: req.flash('error'), messages: req.session.messages ?? [] }))
  app.post('/cart/:sku', (req, res) => {
    ;(req.session.cart = req.session.cart ?? []).push(req.params.sku)
    res.json(req.session.cart)
  })
  const options = { failureRedirect: '/login', failureFlash: true, failureMessage: true }
  app.post('/login', passport.authenticate('local', { ...options, successReturnToOrRedirect: '/' }))
  app.post('/login-keep', passport.authenticate('local', { ...options, successReturnToOrRedirect: '/', keepSessionInfo: true }))
  app.post('/login-by-hand', (req, res, next) =>
    passport.authenticate('local', (error, user) =>
      error || !user ? next(error ?? new Error('no user')) : req.login(user, (failed) => (failed ? next(failed) : res.redirect('/'))),
    )(req, res, next),
  )
  app.post('/logout', (req, res, next) => req.logout((error) => (error ? next(error) : res.redirect('/'))))
  app.post('/logout-keep', (req, res, next) => req.logout({ keepSessionInfo: true }, (error) => (error ? next(error) : res.redirect('/'))))
  return withErrors(app)
}

/** The login of tutorials, without passport. */
exports.tutorial = (env) => {
  const app = makeApp(env)
  app.get('/', (req, res) => res.json([req.session.userId ?? null, req.session.cart ?? []]))
  app.post('/cart/:sku', (req, res) => {
    ;(req.session.cart = req.session.cart ?? []).push(req.params.sku)
    res.end()
  })
  app.post('/login/:id', (req, res) => {
    req.session.userId = Number(req.params.id)
    res.redirect('/')
  })
  app.post('/logout', (req, res) => {
    delete req.session.userId
    res.redirect('/')
  })
  return withErrors(app)
}

/** connect-flash over redirects and tabs. */
exports.flash = (env) => {
  const app = makeApp(env)
  app.use(flash())
  app.post('/add/:type/:message', (req, res) => {
    req.flash(req.params.type, req.params.message)
    res.redirect('/messages')
  })
  app.get('/messages', (req, res) => res.json(req.flash()))
  app.get('/messages/:type', (req, res) => res.json(req.flash(req.params.type)))
  return withErrors(app)
}

/** csurf with its token in the session. */
exports.csurf = (env) => {
  const app = makeApp(env)
  app.use(csurf())
  app.get('/form', (req, res) => res.send(req.csrfToken()))
  app.post('/order', (req, res) => res.send('ordered'))
  return withErrors(app)
}

/** csrf-sync with its defaults. */
exports.csrfSync = (env) => {
  const { generateToken, csrfSynchronisedProtection } = csrfSync()
  const app = makeApp(env)
  app.get('/form', (req, res) => res.send(generateToken(req)))
  app.post('/order', csrfSynchronisedProtection, (req, res) => res.send('ordered'))
  return withErrors(app)
}

/** csrf-csrf bound to the sid. */
exports.csrfCsrf = (env) => {
  const { generateCsrfToken, doubleCsrfProtection } = doubleCsrf({
    getSecret: () => SECRET,
    getSessionIdentifier: (req) => req.session.id,
    cookieName: 'csrf',
    cookieOptions: { secure: false },
  })
  const app = makeApp(env)
  app.get('/form', (req, res) => {
    req.session.visited = true
    res.send(generateCsrfToken(req, res))
  })
  app.post('/order', doubleCsrfProtection, (req, res) => res.send('ordered'))
  return withErrors(app)
}

/** keycloak-connect keeps its grant in the session, and removes it through the store at a logout by the server. */
exports.keycloak = (env) => {
  const tokens = new KeycloakStore(env.store)
  const app = makeApp(env)
  app.post('/login', (req, res) => {
    const grant = { __raw: '{"access_token":"ada"}' }
    tokens.wrap(grant)
    grant.store(req, res)
    req.session.cart = ['book']
    res.end()
  })
  app.get('/token', (req, res) => res.json([tokens.get(req) ?? null, req.session.cart ?? null]))
  app.post('/k_logout', (req, res) => {
    tokens.clear(req.sessionID)
    // The store is asked without a callback, so wait until it has another answer.
    const ask = () => env.store.get(req.sessionID, (_error, session) => (session?.['keycloak-token'] ? setTimeout(ask, 1) : res.end()))
    ask()
  })
  return withErrors(app)
}

/** socket.io with the session of the page. */
exports.sockets = (env) => {
  const app = makeApp(env)
  app.post('/login', (req, res) => {
    req.session.user = 'ada'
    res.end()
  })
  app.get('/said', (req, res) => res.json(req.session.said ?? []))
  const server = createServer(app)
  const io = new Server(server)
  io.engine.use(app.sessions)
  io.on('connection', (socket) => {
    const { session } = socket.request
    socket.on('say', (text, done) => {
      session.reload((error) => {
        if (error) return done(error.message)
        const current = socket.request.session
        current.said = [...(current.said ?? []), `${current.user}: ${text}`]
        return current.save((failed) => done(failed ? failed.message : 'saved'))
      })
    })
  })
  server.on('close', () => io.close())
  return server
}
