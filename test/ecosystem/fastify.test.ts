import type { Server } from 'node:http'
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { Browser } from '../stories/harness/browser.ts'
import { importFrom } from './harness/serve.ts'
import { closingStories, webSocketStories } from './harness/socket-stories.ts'

interface App {
  listen(options: { readonly port: number; readonly host: string }): Promise<string>
  close(): Promise<void>
  readonly server: Server
}

interface Application {
  makeApp(options?: { onEvent?(event: { readonly type: string }): void; readonly failing?: boolean }): Promise<App>
  makeClosingApp(): Promise<App>
  makeCsrfDefaultsApp(options: object): Promise<App>
}

const { makeApp, makeClosingApp, makeCsrfDefaultsApp } = await importFrom<Application>('fastify', 'app.js')

async function listen(app: App): Promise<number> {
  onTestFinished(() => app.close())
  return Number(new URL(await app.listen({ port: 0, host: '127.0.0.1' })).port)
}

afterEach(() => {
  vi.restoreAllMocks()
})

describe('@fastify/compress and @fastify/cookie', () => {
  it('keep the session and their own cookies', async () => {
    const browser = new Browser(await listen(await makeApp()))
    const named = await browser.post('/name/ada')
    expect(named.setCookies.map((cookie) => cookie.split('=')[0]).sort()).toEqual(['sid', 'theme'])
    const page = await browser.get('/', { 'accept-encoding': 'gzip' })
    expect([page.headers.get('content-encoding'), page.body]).toEqual(['gzip', '{"name":"ada"}'])
  })
})

describe('the error page of Fastify', () => {
  it('does not show a visitor what the store said', async () => {
    const browser = new Browser(await listen(await makeApp({ failing: true })))
    const page = await browser.post('/name/ada')
    expect(page.status).toBe(503)
    expect(page.body).not.toMatch(/shop|db\.internal|password/)
  })
})

describe('@fastify/csrf-protection', () => {
  it('with the verbs of the session keeps its secret in the session', async () => {
    const browser = new Browser(await listen(await makeApp()))
    const { token } = JSON.parse((await browser.get('/form')).body) as { token: string }
    expect((await browser.post('/order')).status).toBe(403)
    expect((await browser.request('POST', '/order', { headers: { 'csrf-token': token } })).body).toBe('["one"]')
  })

  describe.each(['@fastify/session', '@fastify/secure-session'])('with the default name for %s', (sessionPlugin) => {
    it('is an error that says that the name is reserved', async () => {
      const browser = new Browser(await listen(await makeCsrfDefaultsApp({ sessionPlugin })))
      const page = await browser.get('/form')
      expect([page.status, page.body]).toEqual([500, expect.stringContaining('reserved')])
    })
  })
})

describe('@fastify/websocket', () => {
  webSocketStories(async (onEvent) => listen(await makeApp(onEvent && { onEvent })))

  describe('sockets of closeWithSession', () => closingStories(async () => listen(await makeClosingApp())))
})
