import { execFile } from 'node:child_process'
import { type EventEmitter, once } from 'node:events'
import { cp, rm } from 'node:fs/promises'
import { get, type IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { Browser, type Page } from '../stories/harness/browser.ts'
import { requireFrom } from './harness/serve.ts'

type Middleware = (req: { readonly session?: object }, res: object, next: () => void) => void

interface StartOptions {
  readonly failing?: 'create' | 'load'
  readonly testing?: boolean
  readonly use?: Middleware
}

interface Application {
  start(platform: string, options?: StartOptions): Promise<{ readonly port: number; close(): Promise<void> }>
  startMisnamed(): Promise<void>
  closesStore(what: 'options' | 'manager'): Promise<boolean>
}

let application: Application

/** Compiles the sources of the folder nest with the packages of an application, and loads them. */
async function compile(name: string): Promise<Application> {
  const packages = join(import.meta.dirname, name)
  const copy = join(packages, '.app-sources')
  for (const source of ['src', 'tsconfig.json'])
    await cp(join(import.meta.dirname, 'nest', source), join(copy, source), { recursive: true })
  await promisify(execFile)(process.execPath, [join(packages, 'node_modules/typescript/bin/tsc'), '-p', '.'], { cwd: copy })
  return requireFrom<Application>(name, './.app-sources/build/app.js')
}

async function browse(platform: string, options?: StartOptions): Promise<Browser> {
  const { port, close } = await application.start(platform, options)
  onTestFinished(close)
  return new Browser(port)
}

const { WebSocket } = requireFrom<{ WebSocket: new (url: string, options: object) => Client }>('nest', 'ws')

interface Client extends EventEmitter {
  send(text: string): void
  terminate(): void
}

/** Sends an item for the cart; resolves to the answer. */
async function sendToGateway({ origin, cookies }: Browser, sku: string): Promise<unknown> {
  const client = new WebSocket(origin.replace('http', 'ws'), { headers: { cookie: cookieOf(cookies) } })
  onTestFinished(() => client.terminate())
  await once(client, 'open')
  client.send(JSON.stringify({ event: 'add', data: sku }))
  const [answer] = (await once(client, 'message')) as [Buffer]
  return JSON.parse(answer.toString()) as unknown
}

function cookieOf(cookies: ReadonlyMap<string, string>): string {
  return [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
}

/** A navigation, which `fetch` cannot send. */
async function navigate({ origin, cookies }: Browser, path: string): Promise<IncomingMessage> {
  const [response] = (await once(
    get(origin + path, { headers: { cookie: cookieOf(cookies), 'sec-fetch-mode': 'navigate' } }),
    'response',
  )) as [IncomingMessage]
  return response.resume()
}

function expectUnavailable({ status, body }: Page): void {
  expect([status, JSON.parse(body)]).toEqual([503, { statusCode: 503, message: 'Service Unavailable' }])
}

describe.each([
  { version: 12, name: 'nest' },
  { version: 11, name: 'nest11' },
])('NestJS $version', ({ version, name }) => {
  beforeAll(async () => {
    application = await compile(name)
  }, 60_000)

  afterAll(() => rm(join(import.meta.dirname, name, '.app-sources'), { recursive: true, force: true }))

  describe.each(['express', 'fastify'])('on %s', (platform) => {
    it.each([false, true])('keeps a cart (application of @nestjs/testing: %s)', async (testing) => {
      const browser = await browse(platform, { testing })
      const added = await browser.post('/cart/bread')
      expect([added.status, added.headers.get('location')]).toEqual([302, '/'])
      expect((await browser.get('/')).body).toBe('["bread"]')
    })

    it('a route with RequireUser answers 401 without a user, and the manager can be injected', async () => {
      const browser = await browse(platform)
      const refused = await browser.get('/account')
      expect([refused.status, JSON.parse(refused.body)]).toEqual([401, { statusCode: 401, message: expect.stringContaining('log') }])
      await browser.post('/login/ada')
      expect((await browser.get('/account')).body).toBe('{"user":"ada","sessions":1}')
      await browser.request('DELETE', '/session')
      expect((await browser.get('/account')).status).toBe(401)
    })

    it('RequireUser sends a browser that navigates to redirectTo, and answers 403 to other requests', async () => {
      const browser = await browse(platform)
      await browser.post('/login/ada')
      expect((await browser.get('/safe?drawer=1')).status).toBe(403)
      const { statusCode, headers } = await navigate(browser, '/safe?drawer=1')
      expect([statusCode, headers.location, headers['cache-control']]).toEqual([303, '/confirm?next=%2Fsafe%3Fdrawer%3D1', 'no-store'])
    })

    it('answers 409 when the session ended while a request was running', async () => {
      const browser = await browse(platform)
      await browser.post('/cart/bread')
      const page = await browser.post('/late')
      expect([page.status, JSON.parse(page.body)]).toEqual([409, { statusCode: 409, message: expect.any(String) }])
    })

    it('answers 503 without what the store said when the session cannot be saved', async () => {
      const browser = await browse(platform, { failing: 'create' })
      expectUnavailable(await browser.post('/cart/bread'))
    })

    it.each(['/', '/account'])('answers 503 without what the store said when the session of %s cannot be loaded', async (path) => {
      const browser = await browse(platform, { failing: 'load' })
      await browser.post('/cart/bread')
      expectUnavailable(await browser.get(path))
    })

    it('has two managers, each with a session of its name', async () => {
      const browser = await browse(platform)
      await browser.post('/login/ada')
      expect((await browser.get('/admin')).status).toBe(401)
      await browser.post('/admin/grace')
      expect((await browser.get('/admin')).body).toBe('{"admin":"grace","sessions":1}')
      expect((await browser.get('/account')).body).toBe('{"user":"ada","sessions":1}')
    })

    it('a gateway changes the session of the page that opened the socket', async () => {
      const browser = await browse(platform)
      await browser.post('/cart/bread')
      expect(await sendToGateway(browser, 'salt')).toEqual({ event: 'cart', data: ['bread', 'salt'] })
      expect((await browser.get('/')).body).toBe('["bread","salt"]')
    })

    // NestJS 11 sends no error to a client of ws.
    it.runIf(version === 12)('a gateway sends nothing of what the store said when the session cannot be loaded', async () => {
      const browser = await browse(platform, { failing: 'load' })
      await browser.post('/cart/bread')
      expect(await sendToGateway(browser, 'salt')).toMatchObject({
        event: 'exception',
        data: { status: 'error', message: 'Internal server error' },
      })
    })

    it('answers 500 for a session of a name that no manager has', async () => {
      expect((await (await browse(platform)).get('/unknown')).status).toBe(500)
    })
  })

  it('the session is open in middleware of main.ts (Express)', async () => {
    const seen: unknown[] = []
    const use: Middleware = (req, _res, next) => {
      seen.push(req.session)
      next()
    }
    await (await browse('express', { use })).get('/')
    expect(seen).toEqual([expect.objectContaining({ isNew: true })])
  })

  it('refuses a manager whose name differs from the option `as` of forRootAsync', async () => {
    await expect(application.startMisnamed()).rejects.toMatchObject({ code: 'ERR_SESSION_CONFIG' })
  })

  it.each([
    { what: 'options', closes: true },
    { what: 'manager', closes: false },
  ] as const)('closes the store with the application if the module got $what: $closes', async ({ what, closes }) => {
    expect(await application.closesStore(what)).toBe(closes)
  })
})
