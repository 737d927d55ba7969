// Why: applications change and copy `req.session.cookie` next to the properties of the session.
import { expect, it } from 'vitest'
import session from '../../src/express-session/express-session.ts'
import { propertiesOf, serve } from './server.ts'

const HOUR = 3_600_000

it('a cookie that keepSessionInfo copied to the new session can be changed', async () => {
  const { open } = await serve((app) => {
    app.get('/login', (req, res) => {
      const before = req.session
      before['cart'] = ['tea']
      req.session.regenerate(() => {
        Object.assign(req.session, before, { userId: 'ada' }) // as passport does
        req.session.cookie.maxAge = HOUR
        res.end()
      })
    })
    app.get('/', (req, res) => void res.json({ ...propertiesOf(req), maxAge: req.session.cookie.originalMaxAge }))
  })
  const browser = open()
  const [cookie] = (await browser.get('/login')).setCookies
  expect(cookie).toContain('Expires=')
  expect(JSON.parse((await browser.get('/')).body)).toEqual({ cart: ['tea'], userId: 'ada', maxAge: HOUR })
})

it('a cookie that the application made and assigned is that of the session', async () => {
  const { open } = await serve((app) => {
    app.get('/set', (req, res) => {
      req.session['views'] = 1
      req.session.cookie = new session.Cookie({ maxAge: HOUR, httpOnly: false }) as typeof req.session.cookie
      res.end()
    })
    app.get('/', (req, res) => void res.json([req.session.cookie.originalMaxAge, req.session.cookie.httpOnly]))
  })
  const browser = open()
  const [cookie] = (await browser.get('/set')).setCookies
  expect(cookie).toContain('Expires=')
  expect(cookie).not.toContain('HttpOnly')
  expect(JSON.parse((await browser.get('/')).body)).toEqual([HOUR, false])
})

it('a change of the cookie alone starts no session', async () => {
  const { open } = await serve((app) => {
    app.use((req, _res, next) => {
      req.session.cookie.maxAge = HOUR
      next()
    })
    app.get('/', (_req, res) => void res.end())
    app.get('/set', (req, res) => void res.json((req.session['views'] = 1)))
    app.get('/maxAge', (req, res) => void res.json(req.session.cookie.originalMaxAge))
  })
  const browser = open()
  expect((await browser.get('/')).setCookies).toEqual([])
  expect((await browser.get('/set')).setCookies[0]).toContain('Expires=')
  expect(JSON.parse((await browser.get('/maxAge')).body)).toBe(HOUR)
})
