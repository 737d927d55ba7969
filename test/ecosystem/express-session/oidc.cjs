'use strict'
// A provider for OAuth 2 and OpenID Connect in this process, and applications that log in there. Each
// application is a function of its environment, its origin and the issuer.
const { createServer } = require('node:http')
const expressOpenid = require('express-openid-connect')
const grant = require('grant')
const { exportJWK, generateKeyPair } = require('jose')
const { Provider } = require('oidc-provider')
const { discovery, allowInsecureRequests } = require('openid-client')
const { Strategy: OpenidClientStrategy } = require('openid-client/passport')
const { Passport } = require('passport')
const { Strategy: OAuth2Strategy } = require('passport-oauth2')
const { Strategy: OpenidStrategy } = require('passport-openidconnect')

const SECRET = 'a secret of at least 32 characters, for tests'
const CLIENT = { client_id: 'shop', client_secret: 'secret-of-the-shop' }

/** Starts a provider that logs ada in without a form. Resolves to its server. */
exports.startProvider = async (redirectUri) => {
  const server = createServer()
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { privateKey } = await generateKeyPair('RS256', { extractable: true })
  const provider = new Provider(`http://127.0.0.1:${server.address().port}`, {
    clients: [{ ...CLIENT, redirect_uris: [redirectUri], response_types: ['code'], token_endpoint_auth_method: 'client_secret_post' }],
    cookies: { keys: [SECRET] },
    jwks: { keys: [{ ...(await exportJWK(privateKey)), use: 'sig', alg: 'RS256', kid: 'one' }] },
    pkce: { required: () => false },
    features: { devInteractions: { enabled: false } },
    findAccount: (_context, sub) => ({ accountId: sub, claims: () => ({ sub }) }),
    async loadExistingGrant({ oidc }) {
      const existing = new oidc.provider.Grant({ clientId: oidc.client.clientId, accountId: oidc.session.accountId })
      existing.addOIDCScope('openid')
      await existing.save()
      return existing
    },
    interactions: { url: (_context, { uid }) => `/interaction/${uid}` },
  })
  const listener = provider.callback()
  server.on('request', (req, res) =>
    req.url.startsWith('/interaction/') ? provider.interactionFinished(req, res, { login: { accountId: 'ada' } }) : listener(req, res),
  )
  return server
}

function makeApp({ express, session, store }) {
  const app = express()
  app.use(session({ secret: SECRET, resave: false, saveUninitialized: false, store }))
  return app
}

function withErrors(app) {
  app.use((error, _req, res, _next) => res.status(error.status ?? 500).send(`${error.name}: ${error.message}`))
  return app
}

/** An application with one strategy of passport. */
function withStrategy(env, name, strategy) {
  const passport = new Passport()
  passport.use(name, strategy)
  passport.serializeUser((user, done) => done(null, user))
  passport.deserializeUser((user, done) => done(null, user))
  const app = makeApp(env)
  app.use(passport.initialize(), passport.session())
  app.get('/', (req, res) => res.json(req.user ?? null))
  app.get('/login', passport.authenticate(name))
  app.get('/callback', passport.authenticate(name, { successRedirect: '/', failureRedirect: '/failed' }))
  app.get('/failed', (req, res) => res.json(Object.keys(req.session)))
  app.get('/logout', (req, res, next) => req.logout((error) => (error ? next(error) : res.redirect('/'))))
  return withErrors(app)
}

/** passport-oauth2 keeps its state and the verifier of PKCE in the session. */
exports.oauth2 = (env, { origin, issuer }) => {
  const options = {
    authorizationURL: `${issuer}/auth`,
    tokenURL: `${issuer}/token`,
    clientID: CLIENT.client_id,
    clientSecret: CLIENT.client_secret,
    callbackURL: `${origin}/callback`,
    scope: 'openid',
    state: true,
    pkce: true,
  }
  return withStrategy(
    env,
    'oauth2',
    new OAuth2Strategy(options, (_token, _refresh, { id_token: token }, _profile, done) => done(null, { id: subjectOf(token) })),
  )
}

function subjectOf(token) {
  return JSON.parse(Buffer.from(token.split('.')[1], 'base64url')).sub
}

/** passport-openidconnect keeps its state and nonce in the session. */
exports.openidconnect = (env, { origin, issuer }) => {
  const options = {
    issuer,
    authorizationURL: `${issuer}/auth`,
    tokenURL: `${issuer}/token`,
    userInfoURL: `${issuer}/me`,
    clientID: CLIENT.client_id,
    clientSecret: CLIENT.client_secret,
    callbackURL: `${origin}/callback`,
  }
  return withStrategy(env, 'openidconnect', new OpenidStrategy(options, (_issuer, profile, done) => done(null, { id: profile.id })))
}

/** The strategy of openid-client keeps state and verifier in the session. */
exports.openidClient = async (env, { origin, issuer }) => {
  const config = await discovery(new URL(issuer), CLIENT.client_id, CLIENT.client_secret, undefined, { execute: [allowInsecureRequests] })
  const strategy = new OpenidClientStrategy({ config, scope: 'openid', callbackURL: `${origin}/callback` }, (tokens, done) =>
    done(null, { id: tokens.claims().sub }),
  )
  return withStrategy(env, 'openid-client', strategy)
}

/** grant keeps state and response in req.session.grant. */
exports.grant = (env, { origin, issuer }) => {
  const app = makeApp(env)
  const shop = {
    authorize_url: `${issuer}/auth`,
    access_url: `${issuer}/token`,
    oauth: 2,
    key: CLIENT.client_id,
    secret: CLIENT.client_secret,
    scope: ['openid'],
    state: true,
    nonce: true,
    pkce: true,
    redirect_uri: `${origin}/callback`,
    callback: '/',
  }
  app.use(grant.express({ defaults: { origin, transport: 'session', prefix: '/connect' }, shop }))
  app.get('/login', (_req, res) => res.redirect('/connect/shop'))
  app.get('/callback', (req, res) => res.redirect(`/connect/shop/callback?${new URL(req.url, origin).searchParams}`))
  app.get('/', (req, res) => {
    const { response } = req.session.grant ?? {}
    res.json(response ? { id: response.error ?? subjectOf(response.raw.id_token) } : null)
  })
  return withErrors(app)
}

/** express-openid-connect with a store for express-session, next to sessions in the same store. */
exports.expressOpenidConnect = (env, { origin, issuer }) => {
  const app = makeApp(env)
  app.use(
    expressOpenid.auth({
      issuerBaseURL: issuer,
      baseURL: origin,
      clientID: CLIENT.client_id,
      clientSecret: CLIENT.client_secret,
      secret: SECRET,
      authRequired: false,
      idpLogout: false,
      authorizationParams: { response_type: 'code', scope: 'openid' },
      session: { store: env.store },
    }),
  )
  app.get('/', (req, res) => res.json(req.oidc.isAuthenticated() ? { id: req.oidc.user.sub } : null))
  return withErrors(app)
}
