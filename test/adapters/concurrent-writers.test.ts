import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import { connect, createServer as createHttp2Server } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'
import { session } from '../../src/adapters/node.ts'
import { Browser } from '../stories/harness/browser.ts'
import { listen } from '../stories/harness/node-response.ts'
import { createScriptedManager } from '../stories/harness/story-app.ts'

/** Sends a request whose handler starts a response, does not end it, and whose commit fails. */
async function sendErrorPage(page: (res: ServerResponse) => void): Promise<{ status: number; body: string }> {
  const { sessions, store } = createScriptedManager({ timeout: { request: '50ms' } })
  store.script = () => Promise.reject(new Error('disk full'))
  const open = session(sessions)
  const server = createServer((req, res) => {
    open(req, res, (error) => {
      if (error !== undefined) return page(res)
      sessions.of(req).set('a', 1)
      res.write('SECRET')
    })
  })
  await using running = await listen(server)
  const { status, body } = await new Browser(running.port).get('/')
  return { status, body }
}

describe('the error page in place of a response that was not ended', () => {
  it('may be asynchronous and need not set a head', async () => {
    expect(await sendErrorPage((res) => void setImmediate(() => res.end('page')))).toEqual({ status: 503, body: 'page' })
  })

  it('may set its head before its body, without a chunk of the old response', async () => {
    const page = async (res: ServerResponse): Promise<void> => {
      res.statusCode = 500
      await new Promise((resolve) => setImmediate(resolve))
      res.end('page')
    }
    expect(await sendErrorPage((res) => void page(res))).toEqual({ status: 500, body: 'page' })
  })
})

it('a response that was ended during the load is sent unchanged, and nothing is saved', async () => {
  const { sessions, rows } = createScriptedManager()
  const open = session(sessions)
  let setError: unknown
  const server = createServer((req, res) => {
    open(req, res, () => {
      try {
        sessions.of(req).set('a', 1)
      } catch (error) {
        setError = error
      }
    })
    res.end('early')
  })
  await using running = await listen(server)
  const response = await new Browser(running.port).get('/')
  expect([response.status, response.body]).toEqual([200, 'early'])
  expect(setError).toMatchObject({ code: 'ERR_SESSION_HEADERS_SENT' })
  expect(await rows()).toBe(0)
})

it('a second end over HTTP/2 has no effect, as in Node', async () => {
  const { sessions } = createScriptedManager()
  const open = session(sessions)
  const server = createHttp2Server((req, res) => {
    void open(req, res).then(() => {
      sessions.of(req as never).set('a', 1)
      res.end('1')
      res.end('2')
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = connect(`http://localhost:${(server.address() as AddressInfo).port}`)
  const stream = client.request({ ':path': '/' })
  let body = ''
  for await (const chunk of stream.setEncoding('utf8')) body += String(chunk)
  expect(body).toBe('1')
  client.close()
  server.close()
})
