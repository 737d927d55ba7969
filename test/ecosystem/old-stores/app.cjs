// One application, with express-session or with sojourn/express-session as `session`.
const express = require('express')

exports.makeApp = (session) => {
  const app = express()
  const gates = new Map()
  app.use(session)
  app.get('/set/:name/:value', ({ session, params }, res) => {
    session[params.name] = params.value
    res.json(dataOf(session))
  })
  app.get('/add/:name/:value', ({ session, params }, res) => {
    session[params.name] = [...(session[params.name] ?? []), params.value]
    res.json(dataOf(session))
  })
  app.get('/remove/:name', ({ session, params }, res) => {
    delete session[params.name]
    res.json(dataOf(session))
  })
  app.get('/login/:user', (req, res, next) => {
    req.session.regenerate((error) => {
      if (error) return next(error)
      req.session.userId = req.params.user
      req.session.save((failed) => (failed ? next(failed) : res.json(dataOf(req.session))))
    })
  })
  app.get('/logout', (req, res, next) => req.session.destroy((error) => (error ? next(error) : res.json({}))))
  app.get('/remember/:milliseconds', ({ session, params }, res) => {
    session.cookie.maxAge = Number(params.milliseconds)
    session.isRemembered = true // a change of the cookie alone is not saved by express-session
    res.json(dataOf(session))
  })
  // Waits for /open/:gate before it changes the session.
  app.get('/wait/:gate/:name/:value', async ({ session, params }, res) => {
    void session.userId // express-session has read the session
    await new Promise((resolve) => gates.set(params.gate, resolve))
    session[params.name] = params.value
    res.json(dataOf(session))
  })
  app.get('/open/:gate', ({ params }, res) => {
    gates.get(params.gate)()
    res.json({})
  })
  app.get('/has/:gate', ({ params }, res) => res.json(gates.has(params.gate)))
  app.get('/', ({ session }, res) => res.json(dataOf(session)))
  app.use((error, _req, res, _next) => res.status(error.status ?? 500).json({ code: error.code ?? error.message }))
  return app
}

/** Without what the bridge and session-file-store add, which an application with express-session sees. */
function dataOf(session) {
  const added = ['cookie', '__sojourn', '__lastAccess']
  return Object.fromEntries(Object.entries(session).filter(([name]) => !added.includes(name)))
}
