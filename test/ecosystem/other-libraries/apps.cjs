// One application for each session library, as its documentation shows it, and what reads its sessions.
const { sealData, unsealData } = require('iron-session')
const { cookieSession, fastifySession, ironSession, koaSession } = require('sojourn/move')

const SECRET = 'a secret with more than thirty-two characters'
const DATA = { userId: 'ada', cart: ['tea', { size: 'xl' }], _internal: 1 }

/** Returns a request listener whose every response sets the session, and the reader. */
exports.libraries = {
  '@fastify/session': async () => {
    const rows = new Map()
    const store = {
      get: (sid, done) => done(null, rows.get(sid)),
      set: (sid, session, done) => done(void rows.set(sid, JSON.parse(JSON.stringify(session)))),
      destroy: (sid, done) => done(void rows.delete(sid)),
    }
    const app = require('fastify')()
    app.register(require('@fastify/cookie'))
    app.register(require('@fastify/session'), { secret: SECRET, store, cookie: { secure: false } })
    app.get('/', async (request) => {
      Object.assign(request.session, DATA)
      return 'ok'
    })
    await app.ready()
    return { listener: (req, res) => app.routing(req, res), reader: fastifySession({ secret: ['another', SECRET], store }), rows }
  },

  'koa-session': async () => ({ listener: koa({}), reader: koaSession({ keys: [SECRET] }) }),

  'koa-session with a store': async () => {
    const rows = new Map()
    const store = { get: (key) => rows.get(key), set: (key, session) => rows.set(key, session), destroy: (key) => rows.delete(key) }
    return { listener: koa({ store }), reader: koaSession({ keys: [SECRET], store }), rows }
  },

  'cookie-session': async () => {
    const app = require('express')()
    app.use(require('cookie-session')({ name: 'session', keys: [SECRET] }))
    app.get('/', (req, res) => res.send(String(Object.assign(req.session, DATA).userId)))
    return { listener: app, reader: cookieSession({ keys: ['another', SECRET] }) }
  },

  'iron-session': async () => {
    const { getIronSession } = require('iron-session')
    const options = { cookieName: 'site', password: SECRET, cookieOptions: { secure: false } }
    const listener = async (req, res) => {
      const session = await getIronSession(req, res, options)
      await Object.assign(session, DATA).save()
      res.end('ok')
    }
    return { listener, reader: ironSession({ cookieName: 'site', unseal: (seal) => unsealData(seal, { password: SECRET }) }) }
  },
}

/** An expired seal of iron-session. */
exports.expiredSeal = () => sealData(DATA, { password: SECRET, ttl: -1000 })

function koa(options) {
  const app = new (require('koa'))()
  app.keys = [SECRET]
  const session = require('koa-session')
  app.use((session.createSession ?? session.default ?? session)(options, app))
  app.use((ctx) => {
    Object.assign(ctx.session, DATA)
    ctx.body = 'ok'
  })
  return app.callback()
}

/** The application after the move. */
exports.makeApp = (sessions) => {
  const app = require('express')()
  app.use(require('sojourn/express').session(sessions))
  app.get('/', ({ session }, res) => res.json(session.toObject()))
  app.get('/set/:name', ({ session, params }, res) => res.json(session.set(params.name, 1).toObject()))
  app.get('/logout', ({ session }, res) => {
    session.logout()
    res.json(session.toObject())
  })
  return app
}
