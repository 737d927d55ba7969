import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { Browser } from '../../stories/harness/browser.ts'

export interface Story {
  readonly name: string
  /** It has overlapping requests, which only stores with compare-and-swap can merge. */
  readonly merges?: true
  run(port: number): Promise<void>
}

/** For runtimes in which a protocol upgrade is a response. */
export const socketStory: Story = {
  name: 'a WebSocket opens, and changes made before it are saved',
  async run(port) {
    const browser = new Browser(port)
    await browser.post('/dark')
    const Cookie = [...browser.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const socket = connect(port, '127.0.0.1')
    try {
      socket.write(
        `GET /socket HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nCookie: ${Cookie}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
          'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
      )
      let received = ''
      for await (const chunk of socket.setEncoding('latin1')) if ((received += chunk).includes('hello')) break
      assert.match(received, /^HTTP\/1\.1 101 [^]*Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=/i)
      assert.doesNotMatch(received, /set-cookie/i)
    } finally {
      socket.destroy()
    }
    assert.equal((await browser.get('/')).body, '{"darkMode":true,"socket":true}')
  },
}

/** For the store that keeps the session in the cookie. */
export const chunksStory: Story = {
  name: 'a session too large for one cookie uses several, and the logout deletes them',
  async run(port) {
    const browser = new Browser(port)
    assert.deepEqual(
      (await browser.post('/fill')).setCookies.map((each) => each.slice(0, each.indexOf('='))),
      ['sid', 'sid.1', 'sid.2'],
    )
    assert.equal((await browser.get('/')).body.length, 8011)
    await browser.post('/logout')
    assert.equal(browser.cookies.size, 0)
  },
}

/** Stories for every framework in every runtime; test/runtimes/shop.ts is the application. */
export const stories: readonly Story[] = [
  {
    name: 'a preference is kept, deleted, and stays deleted',
    async run(port) {
      const browser = new Browser(port)
      assert.equal((await browser.post('/dark')).status, 303)
      assert.equal((await browser.get('/')).body, '{"darkMode":true}')
      await browser.post('/preferences/reset')
      assert.equal((await browser.get('/')).body, '{}')
    },
  },
  {
    name: 'no item is lost when many are added at once',
    merges: true,
    async run(port) {
      const browser = new Browser(port)
      await browser.post('/cart/add', '0')
      const pages = await Promise.all(Array.from({ length: 20 }, (_, index) => browser.post('/cart/add', String(index + 1))))
      assert.deepEqual(new Set(pages.map(({ status }) => status)), new Set([303]))
      const { cart } = JSON.parse((await browser.get('/')).body) as { cart: string[] }
      assert.deepEqual(
        cart.map(Number).toSorted((a, b) => a - b),
        Array.from({ length: 21 }, (_, index) => index),
      )
    },
  },
  {
    name: 'a login renews the id and keeps the cart, a logout ends the session; the old ids are invalid',
    async run(port) {
      const browser = new Browser(port)
      await browser.post('/cart/add', 'bread')
      const before = copyOf(port, browser)
      assert.equal((await browser.post('/login', 'ann')).setCookies.length, 1)
      const during = copyOf(port, browser)
      assert.equal((await browser.get('/')).body, '{"cart":["bread"],"userId":"ann"}')
      assert.equal((await before.get('/')).body, '{}')
      await browser.post('/logout')
      assert.equal(browser.cookies.size, 0)
      assert.equal((await during.get('/')).body, '{}')
    },
  },
  {
    name: 'a redirect sets one cookie and is not cached; a page that does not use the session sets none',
    async run(port) {
      const page = await new Browser(port).post('/dark')
      assert.deepEqual([page.headers.get('location'), page.headers.get('etag'), page.setCookies.length], ['/', '"home"', 1])
      assert.match(page.setCookies[0] ?? '', /^sid=[\w.-]+; Max-Age=2592000; Path=\/; HttpOnly; SameSite=Lax$/)
      assert.deepEqual([page.headers.get('cache-control'), page.headers.get('vary')], ['private, no-store', 'Cookie'])
      const { setCookies, headers } = await new Browser(port).get('/static')
      assert.deepEqual([setCookies, headers.get('vary')], [[], null])
    },
  },
  {
    name: 'a stream is complete and sets the cookie',
    async run(port) {
      const browser = new Browser(port)
      const page = await browser.get('/stream')
      assert.deepEqual([page.status, page.body, page.setCookies.length], [200, 'stream number 1', 1])
      assert.equal((await browser.get('/stream')).body, 'stream number 2')
    },
  },
  {
    name: 'a failed commit is an error: nothing is saved, and nothing of the redirect is sent',
    async run(port) {
      const browser = new Browser(port)
      const page = await browser.post('/huge')
      assert.deepEqual([page.status, page.headers.get('location'), page.headers.get('etag'), page.setCookies], [500, null, null, []])
      await browser.post('/dark')
      await browser.post('/huge')
      assert.equal((await browser.get('/')).body, '{"darkMode":true}')
    },
  },
  {
    name: 'a handler that throws saves nothing',
    async run(port) {
      const browser = new Browser(port)
      await browser.post('/dark')
      assert.equal((await browser.post('/throw')).status, 500)
      assert.equal((await browser.get('/')).body, '{"darkMode":true}')
    },
  },
]

/** Another browser with the same cookies. */
export function copyOf(port: number, { cookies }: Browser): Browser {
  const copy = new Browser(port)
  for (const [name, value] of cookies) copy.cookies.set(name, value)
  return copy
}
