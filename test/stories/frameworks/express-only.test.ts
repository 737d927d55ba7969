import { createServer } from 'node:http'
import { setImmediate as turn } from 'node:timers/promises'
import express5, { type Express } from 'express'
import express4 from 'express4'
import { describe, expect, it } from 'vitest'
import { session } from '../../../src/adapters/express.ts'
import { Browser } from '../harness/browser.ts'
import { listen } from '../harness/node-response.ts'
import { RawConnection } from '../harness/raw-connection.ts'
import { createScriptedManager, failingWrites, Gate } from '../harness/story-app.ts'

const frameworks: { readonly name: string; readonly express: typeof express5 }[] = [
  { name: 'Express 5', express: express5 },
  { name: 'Express 4', express: express4 },
]

describe.each(frameworks)('$name', ({ name, express }) => {
  function createApp(): Express {
    const app = express()
    app.set('env', 'test') // prevents finalhandler from printing the error
    return app
  }

  it('commits before res.redirect, res.json, res.sendFile and res.sendStatus', async () => {
    const { sessions } = createScriptedManager()
    const app = createApp()
    app.use(session(sessions))
    app.use((req, _res, next) => {
      req.session.increment('visits')
      next()
    })
    app.get('/redirect', (req, res) => {
      res.redirect('/json')
      req.session.delete('visits')
    })
    app.get('/json', (req, res) => void res.json(req.session))
    app.get('/file', (_req, res) => res.sendFile(import.meta.filename))
    app.get('/status', (_req, res) => void res.sendStatus(418))
    await using server = await listen(createServer(app))
    const browser = new Browser(server.port)
    expect((await browser.get('/json')).body).toBe('{"visits":1}')
    expect((await browser.get('/redirect')).headers.get('location')).toBe('/json')
    expect((await browser.get('/json')).body).toBe('{"visits":1}')
    const file = await browser.get('/file')
    expect([file.status, file.body.includes('commits before')]).toEqual([200, true])
    expect((await browser.get('/file', { 'If-None-Match': file.headers.get('etag') ?? '', 'Cache-Control': 'max-age=0' })).status).toBe(304)
    expect((await browser.get('/status')).status).toBe(418)
    expect((await browser.get('/json')).body).toBe('{"visits":5}')
  })

  it('replaces a file with an error page if the commit fails', async () => {
    const { sessions, store } = createScriptedManager()
    store.script = failingWrites
    const app = createApp()
    app.use(session(sessions))
    app.get('/', (req, res) => {
      req.session.set('a', 1)
      res.sendFile(import.meta.filename)
    })
    await using server = await listen(createServer(app))
    const page = await new Browser(server.port).get('/')
    expect([page.status, page.headers.get('etag'), page.headers.get('last-modified'), page.setCookies]).toEqual([503, null, null, []])
    expect(page.body).toContain('disk full')
  })

  it('works in a sub-router and in a mounted application', async () => {
    const { sessions, store } = createScriptedManager()
    const router = express.Router()
    router.use(session(sessions))
    const inner = createApp()
    inner.get('/', (req, res) => void res.json(req.session.increment('visits')))
    router.use('/inner', inner)
    const app = createApp()
    app.use('/shop', router)
    app.use(((error, _req, res, _next) => void res.status(error.status).send('outer error page')) as express5.ErrorRequestHandler)
    await using server = await listen(createServer(app))
    const browser = new Browser(server.port)
    expect([(await browser.get('/shop/inner')).body, (await browser.get('/shop/inner')).body]).toEqual(['1', '2'])
    store.script = failingWrites
    const page = await browser.get('/shop/inner')
    expect([page.status, page.body]).toEqual([503, 'outer error page'])
  })

  it('ignores a throw after res.send', async () => {
    const { sessions, store } = createScriptedManager()
    const gate = new Gate()
    store.script = gate.wait
    const app = createApp()
    app.use(session(sessions))
    app.get('/', (req, res) => {
      req.session.set('a', 1)
      res.send('whole')
      throw new Error('too late')
    })
    await using server = await listen(createServer(app))
    await using connection = await RawConnection.open(server.port)
    connection.request('GET /')
    await gate.reached
    gate.open()
    const response = await connection.response()
    expect([response.status, response.body, response.all('set-cookie').length]).toEqual([200, 'whole', 1])
  })

  it('aborts the response on an error in the middle of a stream, as without a session', async () => {
    const { sessions } = createScriptedManager()
    const app = createApp()
    app.use(session(sessions))
    app.get('/', (req, res, next) => {
      req.session.set('a', 1)
      res.write('half')
      setImmediate(() => next(new Error('broken stream')))
    })
    await using server = await listen(createServer(app))
    await using connection = await RawConnection.open(server.port)
    connection.request('GET /')
    await expect(connection.response()).rejects.toThrow('The connection closed')
  })

  it("uses the protocol of a proxy with 'trust proxy'", async () => {
    const { sessions } = createScriptedManager()
    const app = createApp()
    app.set('trust proxy', 'loopback')
    app.use(session(sessions))
    app.get('/', (req, res) => void res.json(req.session.increment('visits')))
    await using server = await listen(createServer(app))
    await using connection = await RawConnection.open(server.port)
    connection.request('GET /', { Host: 'shop.example', 'X-Forwarded-Proto': 'https' })
    expect((await connection.response()).header('set-cookie')).toMatch(/^__Host-sid=.*; Secure/)
  })

  it('supports two managers', async () => {
    const { sessions } = createScriptedManager()
    const admins = createScriptedManager({ as: 'adminSession', cookie: { name: 'admin' } })
    const app = createApp()
    app.use(session(sessions))
    app.use('/admin', session(admins.sessions))
    app.get('/admin', (req, res) => void res.json([req.session.increment('visits'), admins.sessions.of(req).increment('visits')]))
    app.get('/', (req, res) => void res.json([req.session.increment('visits'), 'adminSession' in req]))
    await using server = await listen(createServer(app))
    const browser = new Browser(server.port)
    expect([(await browser.get('/')).body, (await browser.get('/admin')).body]).toEqual(['[1,false]', '[2,1]'])
    expect([...browser.cookies.keys()]).toEqual(['sid', 'admin'])
  })

  it('rejects a second manager with the same name', async () => {
    const app = createApp()
    app.use(session(createScriptedManager().sessions), session(createScriptedManager().sessions))
    await using server = await listen(createServer(app))
    const page = await new Browser(server.port).get('/')
    expect([page.status, page.body.includes('adminSession')]).toEqual([500, true])
  })

  it('rejects an assignment to req.session', async () => {
    const app = createApp()
    app.use(session(createScriptedManager().sessions))
    app.get('/', (req) => {
      Object.assign(req, { session: undefined })
    })
    await using server = await listen(createServer(app))
    expect((await new Browser(server.port).get('/')).status).toBe(500)
  })

  it('throws for a failed load at the first use if errors are caught, and at once if they would end the process', async () => {
    const { sessions, store } = createScriptedManager()
    const app = createApp()
    app.use(session(sessions))
    app.get('/static', (_req, res) => void res.send('page'))
    app.get('/', async (req, res) => {
      await turn()
      res.json(req.session.increment('visits'))
    })
    app.use(
      ((error, req, res, _next) =>
        void res.status(error.status).json([error.code, req.session.get('visits', 0)])) as express5.ErrorRequestHandler,
    )
    await using server = await listen(createServer(app))
    const browser = new Browser(server.port)
    await browser.get('/')
    store.script = () => Promise.reject(new Error('down'))
    const failed = { status: 503, body: '["ERR_SESSION_STORE",0]', setCookies: [] }
    expect(await browser.get('/')).toMatchObject(failed)
    expect(await browser.get('/static')).toMatchObject(name === 'Express 5' ? { status: 200, body: 'page' } : failed)
    expect(await new Browser(server.port).get('/static')).toMatchObject({ status: 200, body: 'page' })
    store.script = () => undefined
    await expect.poll(async () => (await browser.get('/')).body, { timeout: 5000 }).toBe('2')
  })

  it('throws HeadersSentError if it is called after the response', async () => {
    const codes: unknown[] = []
    const app = createApp()
    app.use((_req, res, next) => {
      res.write('started')
      next()
    })
    app.use(session(createScriptedManager().sessions))
    app.use(((error, _req, res, _next) => {
      codes.push(error.code)
      res.end()
    }) as express5.ErrorRequestHandler)
    await using server = await listen(createServer(app))
    expect((await new Browser(server.port).get('/')).body).toBe('started')
    expect(codes).toEqual(['ERR_SESSION_HEADERS_SENT'])
  })
})
