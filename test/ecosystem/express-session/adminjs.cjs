'use strict'
// AdminJS as its documentation shows it. Its router makes sessions with express-session, which it
// imports by itself. As every express-session, that one does nothing in a request that has a session.

const SECRET = 'a secret of at least 32 characters, for tests'
const OPTIONS = { resave: false, saveUninitialized: false }

exports.makeAdminApp = async ({ express, session, store }) => {
  const { default: AdminJS } = await import('adminjs')
  const { default: AdminJSExpress } = await import('@adminjs/express')
  const app = express()
  app.use('/admin', session({ ...OPTIONS, secret: SECRET, name: 'adminjs', store }))
  const admin = new AdminJS({ rootPath: '/admin' })
  const authenticate = (email, password) => (password === 'lovelace' ? { email } : null)
  app.use('/admin', AdminJSExpress.buildAuthenticatedRouter(admin, { authenticate, cookiePassword: SECRET }, undefined, OPTIONS))
  return app
}
