import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { Browser } from '../stories/harness/browser.ts'
import { requireFrom } from './harness/serve.ts'

interface Application {
  start(platform: string, failing?: boolean): Promise<{ readonly port: number; close(): Promise<void> }>
}

const folder = join(import.meta.dirname, 'nest')

async function browse(platform: string, failing = false): Promise<Browser> {
  const { start } = requireFrom<Application>('nest', './node_modules/.build/app.js')
  const { port, close } = await start(platform, failing)
  onTestFinished(close)
  return new Browser(port)
}

beforeAll(async () => {
  await promisify(execFile)(process.execPath, ['node_modules/typescript/bin/tsc', '-p', '.'], { cwd: folder })
})

describe.each(['express', 'fastify'])('NestJS on %s', (platform) => {
  it('keeps a cart', async () => {
    const browser = await browse(platform)
    const added = await browser.post('/cart/bread')
    expect([added.status, added.headers.get('location')]).toEqual([302, '/'])
    expect((await browser.get('/')).body).toBe('["bread"]')
  })

  it('guards a route with the user of the session', async () => {
    const browser = await browse(platform)
    expect((await browser.get('/account')).status).toBe(403)
    await browser.post('/login/ada')
    expect((await browser.get('/account')).body).toBe('{"user":"ada"}')
    await browser.request('DELETE', '/session')
    expect((await browser.get('/account')).status).toBe(403)
  })

  it('answers 409 when the session ended while a request was running', async () => {
    const browser = await browse(platform)
    await browser.post('/cart/bread')
    expect((await browser.post('/late')).status).toBe(409)
  })

  it('answers 503 when the store fails, without what the store said', async () => {
    const browser = await browse(platform, true)
    const page = await browser.post('/cart/bread')
    expect(page.status).toBe(503)
    expect(page.body).not.toMatch(/shop|password/)
  })
})
