import { createServer } from 'node:http'
import { describe, expect, it } from 'vitest'
import { Browser } from '../stories/harness/browser.ts'
import { fetchHttp2 } from './harness/http2.ts'
import { browse, requireFrom, serve, serveHttp2 } from './harness/serve.ts'

interface Application {
  readonly BODY: string
  readonly STARTS: readonly string[]
  readonly FullStore: new () => unknown
  makeApp(options?: object): (...exchange: any[]) => void
  makeStart(options: object): (...exchange: any[]) => void
}

const { BODY, STARTS, FullStore, makeApp, makeStart } = requireFrom<Application>('express-middleware', './app.cjs')

describe('helmet, morgan, response-time, compression and cookie-parser', () => {
  it('keep their headers and cookies next to those of the session', async () => {
    const lines: string[] = []
    const browser = await browse(makeApp({ lines }))
    const added = await browser.post('/cart/bread')
    expect(added.status).toBe(302)
    expect(added.setCookies.map((cookie) => cookie.split('=')[0])).toEqual(['theme', 'sid'])
    for (const name of ['x-response-time', 'content-security-policy', 'vary']) expect(added.headers.get(name)).not.toBeNull()
    const page = await browser.get('/')
    expect(page.headers.get('content-encoding')).toBe('gzip')
    expect(JSON.parse(page.body)).toEqual({ cart: ['bread'], files: [], cookies: ['theme', 'sid'] })
    expect(lines).toEqual(['POST /cart/bread 302 /', 'GET / 200 -'])
  })

  it('see the error page when the commit fails, and nothing of the first response', async () => {
    const lines: string[] = []
    const browser = await browse(makeApp({ lines, store: new FullStore() }))
    const page = await browser.post('/cart/bread')
    expect([page.status, JSON.parse(page.body)]).toEqual([503, { code: 'ERR_SESSION_STORE' }])
    expect([page.headers.get('location'), page.setCookies]).toEqual([null, []])
    expect(page.headers.get('content-security-policy')).not.toBeNull()
    expect(lines).toEqual(['POST /cart/bread 503 -'])
  })
})

describe('express-rate-limit', () => {
  it('counts the requests of a session, and its refusal keeps the session', async () => {
    const browser = await browse(makeApp())
    await browser.post('/cart/bread')
    const statuses = []
    for (let n = 0; n < 3; n += 1) statuses.push((await browser.post('/limited')).status)
    expect(statuses).toEqual([200, 200, 429])
    expect(JSON.parse((await browser.get('/')).body)).toMatchObject({ cart: ['bread'] })
  })
})

describe('multer', () => {
  it('reads an upload before the session is changed', async () => {
    const browser = await browse(makeApp())
    const body = '--b\r\nContent-Disposition: form-data; name="title"\r\n\r\nHolidays\r\n'.concat(
      '--b\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\nhello\r\n--b--\r\n',
    )
    const page = await browser.request('POST', '/upload', { body, headers: { 'content-type': 'multipart/form-data; boundary=b' } })
    expect([page.status, JSON.parse(page.body)]).toEqual([200, { title: 'Holidays' }])
    expect(JSON.parse((await browser.get('/')).body)).toMatchObject({ files: ['a.txt 5'] })
  })
})

describe('http-proxy-middleware', () => {
  it('passes on the status, the headers and the body of another server, with the cookie of the session', async () => {
    const upstream = createServer((req, res) => {
      res.writeHead(201, { 'Content-Type': 'text/plain', 'Set-Cookie': 'upstream=1', ETag: '"1"' })
      res.write(`${req.method} `)
      setImmediate(() => res.end(BODY))
    })
    const browser = await browse(makeApp({ upstream: `http://127.0.0.1:${await serve(upstream)}` }))
    const page = await browser.get('/proxied')
    expect([page.status, page.body, page.headers.get('etag')]).toEqual([201, `GET ${BODY}`, '"1"'])
    expect([...browser.cookies.keys()].sort()).toEqual(['sid', 'upstream'])
    expect((await browser.get('/proxied-count')).body).toBe('1')
  })
})

const CASES = ['first', 'last'].flatMap((order) =>
  ['fast', 'slow'].flatMap((speed) => [
    { order, speed, compressed: true, layers: 'compression, response-time and on-headers' },
    { order, speed, compressed: false, layers: 'response-time and on-headers' },
  ]),
)

describe.each(CASES)('session() $order, with $layers, on a $speed store', ({ order, speed, compressed }) => {
  const encoding = compressed ? 'gzip' : null

  describe.each(STARTS)('a response that starts with %s', (start) => {
    it('arrives whole over HTTP/1.1', async () => {
      const seen: unknown[] = []
      const browser = new Browser(await serve(makeStart({ start, order, speed, compressed, seen })))
      const page = await browser.get('/', { 'accept-encoding': 'gzip' })
      expect([page.status, page.body === BODY]).toEqual([200, true])
      expect([page.headers.get('content-encoding'), page.headers.get('x-seen')]).toEqual([encoding, '1'])
      expect([page.headers.has('x-response-time'), seen.length]).toEqual([true, 1])
      expect((await browser.get('/count')).body).toBe('1')
    })

    it('arrives whole over HTTP/2', async () => {
      const seen: unknown[] = []
      const port = await serveHttp2(makeStart({ start, order, speed, compressed, seen }))
      const page = await fetchHttp2(port, '/')
      expect([page.status, page.body === BODY]).toEqual([200, true])
      expect([page.headers['content-encoding'] ?? null, page.headers['x-seen']]).toEqual([encoding, '1'])
      expect(['x-response-time' in page.headers, seen.length]).toEqual([true, 1])
      const cookie = page.headers['set-cookie']?.[0]?.split(';')[0] ?? ''
      expect((await fetchHttp2(port, '/count', { cookie })).body).toBe('1')
    })
  })
})
