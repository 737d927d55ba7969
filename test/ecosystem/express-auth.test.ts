import type { RequestListener } from 'node:http'
import { describe, expect, it } from 'vitest'
import { Browser, type Page } from '../stories/harness/browser.ts'
import { browse, requireFrom, serve } from './harness/serve.ts'

interface Application {
  makeFlashApp(): RequestListener
  makePassportApp(): RequestListener
  makePassportAndSessionApp(): RequestListener
  makeCsrfSyncApp(options: { readonly defaults: boolean }): RequestListener
  makeCsrfCsrfApp(): RequestListener
}

const { makeFlashApp, makePassportApp, makePassportAndSessionApp, makeCsrfSyncApp, makeCsrfCsrfApp } = requireFrom<Application>(
  'express-auth',
  './app.cjs',
)

function post(browser: Browser, path: string, fields: Readonly<Record<string, string>>, headers = {}): Promise<Page> {
  const body = new URLSearchParams(fields).toString()
  return browser.request('POST', path, { body, headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers } })
}

const ADA = { username: 'ada', password: 'lovelace' }

describe('connect-flash', () => {
  it('is an error that names session.flash, and no visitor sees the messages of another', async () => {
    const port = await serve(makeFlashApp())
    const page = await post(new Browser(port), '/connect-flash', { name: 'ada' })
    expect([page.status, page.body]).toEqual([500, expect.stringContaining('session.flash(')])
    const other = await new Browser(port).get('/connect-flash')
    expect(other.body).not.toContain('ada')
  })

  it('is replaced by the flashes of the session', async () => {
    const port = await serve(makeFlashApp())
    const browser = new Browser(port)
    await post(browser, '/session', { name: 'ada' })
    expect((await new Browser(port).get('/session')).body).toBe('[]')
    expect((await browser.get('/session')).body).toBe('["for ada"]')
  })
})

describe('passport', () => {
  it('that keeps the user in its own way is an error at the login, and nobody is logged in', async () => {
    const browser = await browse(makePassportApp())
    const page = await post(browser, '/login', ADA)
    expect([page.status, page.body]).toEqual([500, expect.stringContaining('session.regenerate')])
    expect((await browser.get('/')).body).toBe('null')
  })

  it('that logs out in its own way is an error in the request, and the process goes on', async () => {
    const unhandled: unknown[] = []
    const listeners = process.listeners('unhandledRejection')
    process.removeAllListeners('unhandledRejection').on('unhandledRejection', (error) => unhandled.push(error))
    try {
      const browser = await browse(makePassportApp())
      const page = await Promise.race([browser.post('/logout'), turns(200)])
      expect(unhandled).toEqual([])
      expect(page).toMatchObject({ status: 500, body: expect.stringContaining('session.save()') })
    } finally {
      process.removeAllListeners('unhandledRejection')
      for (const listener of listeners) process.on('unhandledRejection', listener)
    }
  })

  it('that leaves messages in the session is an error that says where to put them', async () => {
    const browser = await browse(makePassportApp())
    const page = await post(browser, '/login-messages', { username: 'ada', password: 'wrong' })
    expect([page.status, page.body]).toEqual([500, expect.stringContaining("session.set('messages'")])
  })

  it('checks the password, and session.login keeps the user', async () => {
    const browser = await browse(makePassportAndSessionApp())
    expect((await post(browser, '/login', { ...ADA, password: 'wrong' })).status).toBe(401)
    expect((await post(browser, '/login', ADA)).status).toBe(302)
    expect((await browser.get('/')).body).toBe('"ada"')
    await browser.post('/logout')
    expect((await browser.get('/')).body).toBe('null')
  })
})

/** Resolves after some turns of the event loop, in which a local request is answered. */
async function turns(count: number): Promise<undefined> {
  for (let turn = 0; turn < count; turn += 1) await new Promise(setImmediate)
  return undefined
}

describe('csrf-sync', () => {
  it('with its defaults is an error that names session.set', async () => {
    const page = await (await browse(makeCsrfSyncApp({ defaults: true }))).get('/form')
    expect([page.status, page.body]).toEqual([500, expect.stringContaining("session.set('csrfToken'")])
  })

  it('with get and set keeps its token in the session', async () => {
    const browser = await browse(makeCsrfSyncApp({ defaults: false }))
    const token = JSON.parse((await browser.get('/form')).body) as string
    expect((await post(browser, '/order', {})).status).toBe(403)
    expect((await post(browser, '/order', {}, { 'x-csrf-token': token })).body).toBe('["one"]')
    expect((await post(await browse(makeCsrfSyncApp({ defaults: false })), '/order', {}, { 'x-csrf-token': token })).status).toBe(403)
  })
})

describe('csrf-csrf', () => {
  it('with an identifier of the session accepts the first form of a new visitor, and no form of another', async () => {
    const port = await serve(makeCsrfCsrfApp())
    const browser = new Browser(port)
    const token = JSON.parse((await browser.get('/form')).body) as string
    expect((await post(browser, '/order', {})).status).toBe(403)
    expect((await post(browser, '/order', {}, { 'x-csrf-token': token })).body).toBe('["one"]')
    const other = new Browser(port)
    await other.get('/form')
    other.cookies.set('csrf', browser.cookies.get('csrf') ?? '')
    expect((await post(other, '/order', {}, { 'x-csrf-token': token })).status).toBe(403)
  })
})
