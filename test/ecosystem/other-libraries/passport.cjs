// passport checks the password, and the session keeps the user.
const { Strategy } = require('passport-local')

const USERS = new Map([['ada', 'lovelace']])

const makeStrategy = () =>
  new Strategy({ passReqToCallback: false }, (username, password, done) => done(null, USERS.get(username) === password && { id: username }))

exports.fastify = async (sessions) => {
  const { Authenticator } = require('@fastify/passport')
  const { session } = require('sojourn/fastify')
  const passport = new Authenticator()
  passport.use('local', makeStrategy())
  const app = require('fastify')()
  app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, async (_request, body) =>
    Object.fromEntries(new URLSearchParams(body)),
  )
  await app.register(session, sessions)
  await app.register(passport.initialize())
  app.get('/', ({ session: { userId = null } }) => JSON.stringify(userId))
  app.post('/login', { preValidation: passport.authenticate('local', { session: false }) }, (request, reply) => {
    request.session.login(request.user.id)
    return reply.redirect('/')
  })
  app.post('/logout', (request, reply) => {
    request.session.logout()
    return reply.redirect('/')
  })
  await app.ready()
  return (req, res) => app.routing(req, res)
}

exports.koa = async (sessions) => {
  const { KoaPassport } = require('koa-passport')
  const { session } = require('sojourn/koa')
  const passport = new KoaPassport()
  passport.use('local', makeStrategy())
  const app = new (require('koa'))()
  app.use(session(sessions)).use(passport.initialize())
  app.use(async (ctx, next) => {
    const chunks = []
    for await (const chunk of ctx.req) chunks.push(chunk)
    ctx.request.body = Object.fromEntries(new URLSearchParams(String(Buffer.concat(chunks))))
    await next()
  })
  app.use((ctx, next) => {
    if (ctx.path !== '/login') return next()
    return passport.authenticate('local', { session: false }, (_error, user) => {
      if (!user) return ctx.throw(401)
      ctx.session.login(user.id)
      return ctx.redirect('/')
    })(ctx)
  })
  app.use((ctx) => {
    if (ctx.path === '/logout') ctx.session.logout()
    ctx.body = JSON.stringify(ctx.session.userId ?? null)
  })
  return app.callback()
}
