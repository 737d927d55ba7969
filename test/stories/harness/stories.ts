import { describe, expect, it } from 'vitest'
import { HeadersSentError, type SessionError } from '../../../src/core/base/errors.ts'
import type { Session } from '../../../src/core/session/session.ts'
import { Browser, type Page } from './browser.ts'
import { RawConnection } from './raw-connection.ts'
import {
  createCookieStoreManager,
  createScriptedManager,
  type Framework,
  failingWrites,
  type Route,
  type ScriptedManager,
  type Storage,
  type StoryResponse,
} from './story-app.ts'

const ok = (body: unknown): StoryResponse => ({ body: typeof body === 'string' ? body : JSON.stringify(body ?? 'nothing') })
const redirectHome: StoryResponse = { status: 303, headers: { Location: '/' } }

/** A small shop, as in the README. */
const shop: Readonly<Record<string, Route>> = {
  'GET /': ({ session }) => ok(session.toObject()),
  'GET /static': () => ok('nothing of the session'),
  'POST /cart/add': ({ session, body }) => {
    session.push('cart', body)
    return redirectHome
  },
  'POST /cart/clear': ({ session }) => ok(session.pop('cart', [])),
  'POST /dark': ({ session }) => {
    session.set('darkMode', true)
    return redirectHome
  },
  'POST /preferences/reset': ({ session }) => {
    session.delete('darkMode')
    return redirectHome
  },
  'POST /login': ({ session, body }) => {
    session.login(body)
    return redirectHome
  },
  'POST /logout': ({ session }) => {
    session.flush()
    return redirectHome
  },
}

/** Runs the same application on a real server of each framework, over the network. */
export function stories(
  { name, startServer, hasErrorPage, remedy }: Framework,
  { createManager, hasRows }: Storage = { createManager: createScriptedManager, hasRows: true },
): void {
  const itInRows = it.runIf(hasRows)

  async function open(
    routes: Readonly<Record<string, Route>> = shop,
    given: ScriptedManager = createManager(),
  ): Promise<ScriptedManager & AsyncDisposable & { readonly browser: Browser; readonly port: number }> {
    const server = await startServer({ sessions: given.sessions, routes })
    return { ...given, port: server.port, browser: new Browser(server.port), [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() }
  }

  describe.runIf(hasRows)(`${name}: sessions in cookies`, () => {
    it('sets as many cookies as needed in addition to those of the application, and deletes them', async () => {
      await using shop = await open(shopWithLargeText, createCookieStoreManager())
      const { browser } = shop
      const page = await browser.post('/fill', '8000')
      expect([page.status, page.headers.get('cache-control')]).toEqual([303, 'private, no-store'])
      expect(cookieNames(page)).toEqual(['lang', 'sid', 'sid.1', 'sid.2', 'theme'])
      expect((await browser.get('/size')).body).toBe('8000')
      expect(cookieNames(await browser.get('/size'))).toEqual(['lang', 'theme'])
      await browser.post('/fill', '10')
      expect([...browser.cookies.keys()].toSorted()).toEqual(['lang', 'sid', 'theme'])
      await browser.post('/fill', '8000')
      expect((await browser.post('/logout')).status).toBe(303)
      expect([...browser.cookies.keys()].toSorted()).toEqual(['lang', 'theme'])
    })

    it('sends no cookie for a session that is too large', async () => {
      await using shop = await open(shopWithLargeText, createCookieStoreManager())
      await shop.browser.post('/fill', '10')
      const page = await shop.browser.post('/fill', '20000')
      expect([page.status, page.setCookies]).toEqual([500, []])
      if (hasErrorPage) expect(page.body).toBe('error page: ERR_SESSION_COOKIE_TOO_LARGE')
      expect((await shop.browser.get('/size')).body).toBe('10')
    })
  })

  describe(`${name}: visitors`, () => {
    it('saves a preference, and a deleted one stays deleted', async () => {
      await using shop = await open()
      const { browser } = shop
      expect((await browser.post('/dark')).status).toBe(303)
      expect((await browser.get('/')).body).toBe('{"darkMode":true}')
      await browser.post('/preferences/reset')
      expect((await browser.get('/')).body).toBe('{}')
    })

    it('fills a cart and returns it once', async () => {
      await using shop = await open()
      const { browser } = shop
      await browser.post('/cart/add', 'bread')
      await browser.post('/cart/add', 'milk')
      expect((await browser.get('/')).body).toBe('{"cart":["bread","milk"]}')
      expect((await browser.post('/cart/clear')).body).toBe('["bread","milk"]')
      expect((await browser.post('/cart/clear')).body).toBe('[]')
    })

    itInRows('loses no item of concurrent additions', async () => {
      await using shop = await open()
      const { browser } = shop
      await browser.post('/cart/add', '0')
      await Promise.all(Array.from({ length: 20 }, (_, index) => browser.post('/cart/add', String(index + 1))))
      const { cart } = JSON.parse((await browser.get('/')).body) as { cart: string[] }
      expect(cart.map(Number).toSorted((a, b) => a - b)).toEqual(Array.from({ length: 21 }, (_, index) => index))
    })

    it('gives a new id at login and keeps the cart, and the old id is invalid', async () => {
      await using shop = await open()
      const { browser, port } = shop
      await browser.post('/cart/add', 'bread')
      const attacker = copyBrowser(browser, port)
      const page = await browser.post('/login', 'ann')
      expect(page.setCookies).toHaveLength(1)
      expect((await browser.get('/')).body).toBe('{"cart":["bread"],"userId":"ann"}')
      expect((await attacker.get('/')).body).toBe('{}')
    })

    itInRows('deletes data, row and cookie at logout', async () => {
      await using shop = await open()
      const { browser, rows } = shop
      await browser.post('/login', 'ann')
      expect(await rows()).toBe(1)
      await browser.post('/logout')
      expect(browser.cookies.size).toBe(0)
      expect(await rows()).toBe(0)
      expect((await browser.get('/')).body).toBe('{}')
    })
  })

  describe(`${name}: headers`, () => {
    itInRows('sets one cookie, once, in addition to those of the application', async () => {
      await using shop = await open({
        'GET /': ({ session }) => {
          session.set('a', 1)
          return { headers: { 'Set-Cookie': ['theme=dark', 'lang=en'] } }
        },
      })
      const first = await shop.browser.get('/')
      expect(first.setCookies.map((each) => each.slice(0, each.indexOf('='))).toSorted((a, b) => a.localeCompare(b))).toEqual([
        'lang',
        'sid',
        'theme',
      ])
      expect((await shop.browser.get('/')).setCookies).toEqual(['theme=dark', 'lang=en'])
    })

    it.each([
      [undefined, 'private, no-store'],
      ['public, max-age=60', 'private, max-age=60'],
      ['max-age=5, s-maxage=60', 'max-age=5, private'],
      ['no-cache', 'no-cache, private'],
    ])('changes Cache-Control from %s to %s if it sets a session cookie', async (before, after) => {
      await using shop = await open({
        'GET /': ({ session }) => {
          session.set('a', 1)
          return before === undefined ? ok('x') : { ...ok('x'), headers: { 'Cache-Control': before } }
        },
      })
      expect((await shop.browser.get('/')).headers.get('cache-control')).toBe(after)
    })

    it('changes the headers for shared caches as Cache-Control if it sets a session cookie', async () => {
      const headers = {
        'CDN-Cache-Control': 'public, max-age=60',
        'Cloudflare-CDN-Cache-Control': 'max-age=60',
        'Surrogate-Control': 'max-age=60',
        'X-Accel-Expires': '60',
      }
      await using app = await open({
        'GET /': ({ session }) => {
          session.set('a', 1)
          return { ...ok('x'), headers }
        },
        'GET /read': ({ session }) => ({ ...ok(session.get('a')), headers }),
      })
      const valuesOf = (page: Page): (string | null)[] => Object.keys(headers).map((name) => page.headers.get(name))
      expect(valuesOf(await app.browser.get('/'))).toEqual(['private, max-age=60', 'max-age=60, private', 'no-store', '0'])
      expect(valuesOf(await app.browser.get('/read'))).toEqual(Object.values(headers))
    })

    it('adds Vary: Cookie to the value of the application after an access', async () => {
      const varied =
        (value: string): Route =>
        ({ session }) => {
          session.get('a')
          return { ...ok('x'), headers: { Vary: value } }
        }
      await using shop = await open({
        'GET /a': varied('Origin'),
        'GET /b': varied('accept, cookie'),
        'GET /c': varied('*'),
        'GET /d': () => ok('x'),
      })
      const vary = async (path: string): Promise<string | null> => (await shop.browser.get(path)).headers.get('vary')
      expect([await vary('/a'), await vary('/b'), await vary('/c'), await vary('/d')]).toEqual([
        'Origin, Cookie',
        'accept, cookie',
        '*',
        null,
      ])
    })

    it.each([204, 304])('sends status %i without a body and saves the changes', async (status) => {
      await using shop = await open({ ...shopWith('POST /', { status }) })
      const page = await shop.browser.post('/')
      expect([page.status, page.body]).toEqual([status, ''])
      expect((await shop.browser.get('/')).body).toBe('{"saved":true}')
    })

    it('responds to HEAD as to GET, without a body', async () => {
      await using shop = await open({ 'HEAD /': shopWith('x', ok('body'))['x'] as Route, 'GET /': ({ session }) => ok(session.toObject()) })
      const page = await shop.browser.request('HEAD', '/')
      expect([page.status, page.body, page.setCookies.length]).toEqual([200, '', 1])
      expect((await shop.browser.get('/')).body).toBe('{"saved":true}')
    })
  })

  describe(`${name}: order of commit and response`, () => {
    itInRows('sends no byte before the change is stored, in 100 of 100 requests', { timeout: 60_000 }, async () => {
      await using shop = await open()
      await shop.browser.post('/cart/add', '0')
      shop.store.script = (operation) => (operation === 'load' ? undefined : new Promise((resolve) => setTimeout(resolve, 50)))
      const Cookie = [...shop.browser.cookies].map(([cookie, value]) => `${cookie}=${value}`).join('; ')
      await using connection = await RawConnection.open(shop.port)
      for (let round = 1; round <= 100; round += 1) {
        connection.request('POST /cart/add', { Cookie }, String(round))
        await connection.head()
        await using next = await RawConnection.open(shop.port)
        next.request('GET /', { Cookie })
        expect((await next.response()).body.endsWith(`"${round}"]}`)).toBe(true)
        expect((await connection.response()).status).toBe(303)
      }
    })

    it('streams, and is read-only after the first chunk', async () => {
      const caught: unknown[] = []
      await using shop = await open({
        'GET /': ({ session }) => {
          session.set('a', 1)
          return { body: streamAndWrite(session, caught) }
        },
      })
      const page = await shop.browser.get('/')
      expect([page.status, page.body, page.setCookies.length]).toEqual([200, 'one two 1', 1])
      expect(caught).toEqual([expect.any(HeadersSentError)])
    })
  })

  describe(`${name}: failures`, () => {
    it('saves nothing for a 5xx, but performs a logout', async () => {
      await using shop = await open({
        ...shopOf(),
        'POST /fail': ({ session }) => {
          session.set('darkMode', false)
          return { status: 500, body: 'sorry' }
        },
        'POST /fail/logout': ({ session }) => {
          session.logout()
          return { status: 503, body: 'sorry' }
        },
      })
      await shop.browser.post('/dark')
      const tab = copyBrowser(shop.browser, shop.port)
      expect((await shop.browser.post('/fail')).body).toBe('sorry')
      expect((await shop.browser.get('/')).body).toBe('{"darkMode":true}')
      const page = await shop.browser.post('/fail/logout')
      expect([page.status, page.setCookies.length, (await tab.get('/')).body]).toEqual([503, 1, '{}'])
    })

    it('saves nothing if the handler throws, but performs a logout', async () => {
      const failure = Object.assign(new Error('broken handler'), { status: 500 })
      await using shop = await open({
        ...shopOf(),
        'POST /throw': async ({ session }) => {
          session.set('darkMode', false)
          throw failure
        },
        'POST /throw/logout': async ({ session }) => {
          session.logout()
          throw failure
        },
      })
      await shop.browser.post('/dark')
      const tab = copyBrowser(shop.browser, shop.port)
      expect((await shop.browser.post('/throw')).status).toBe(500)
      expect((await shop.browser.get('/')).body).toBe('{"darkMode":true}')
      expect((await shop.browser.post('/throw/logout')).status).toBe(500)
      expect((await tab.get('/')).body).toBe('{}')
    })

    itInRows.each<[string, StoryResponse]>([
      ['a redirect', { status: 302, headers: { Location: '/there' } }],
      [
        'a page',
        {
          headers: { ETag: '"x"', 'Content-Type': 'application/json', 'Last-Modified': new Date(0).toUTCString(), 'Set-Cookie': 'mine=1' },
          body: '{}',
        },
      ],
      ['a stream', { headers: { 'Cache-Control': 'public', 'Content-Language': 'de' }, body: stream(['a', 'b', 'c']) }],
    ])('sends an error in place of %s if the commit fails', async (_, response) => {
      await using shop = await open({
        'GET /': ({ session }) => {
          session.set('a', 1)
          return response
        },
      })
      shop.store.script = failingWrites
      const page = await shop.browser.get('/')
      expect(page.status).toBe(503)
      expect(page.setCookies).toEqual([])
      for (const header of ['location', 'etag', 'last-modified', 'content-language']) expect(page.headers.get(header)).toBeNull()
      if (hasErrorPage) expect(page.body).toBe('error page: ERR_SESSION_STORE')
      expect(await shop.rows()).toBe(0)
    })

    it('responds with 503 while the store is down, and works again after it is up', async () => {
      await using shop = await open()
      await shop.browser.post('/dark')
      const { cookies } = shop.browser
      const before = new Map(cookies)
      shop.store.script = () => Promise.reject(new Error('down'))
      const page = await shop.browser.get('/')
      expect([page.status, page.setCookies]).toEqual([503, []])
      shop.store.script = () => undefined
      expect(cookies).toEqual(before)
      // The breaker rejects operations until a probe of the store succeeds.
      await expect.poll(async () => (await shop.browser.get('/')).body, { timeout: 5000 }).toBe('{"darkMode":true}')
    })

    itInRows('sends the cookie of an explicit save although the commit fails', async () => {
      await using shop = await open({
        'GET /': async ({ session }) => {
          session.set('a', 1)
          await session.save()
          session.set('b', 2)
          return ok('never seen')
        },
        'GET /see': ({ session }) => ok(session.toObject()),
      })
      shop.store.script = (operation) => (operation === 'replace' ? failingWrites(operation) : undefined)
      const page = await shop.browser.get('/')
      expect([page.status, page.setCookies.length]).toEqual([503, 1])
      expect((await shop.browser.get('/see')).body).toBe('{"a":1}')
    })

    itInRows('deletes the cookie after a flush although the write after it fails', async () => {
      await using shop = await open({
        ...shopOf(),
        'POST /renew': ({ session }) => {
          session.flush()
          session.set('b', 2)
          return redirectHome
        },
      })
      await shop.browser.post('/dark')
      shop.store.script = failingWrites
      const page = await shop.browser.post('/renew')
      expect([page.status, page.setCookies.length, shop.browser.cookies.size, await shop.rows()]).toEqual([503, 1, 0, 0])
    })

    it(`names ${remedy} if a cookie cannot be set over plain HTTP`, async () => {
      const errors: SessionError[] = []
      await using shop = await open({
        'GET /': ({ session }) => {
          try {
            session.set('a', 1)
          } catch (error) {
            errors.push(error as SessionError)
          }
          return ok('x')
        },
      })
      await using connection = await RawConnection.open(shop.port)
      connection.request('GET /', { Host: 'shop.example' })
      connection.request('GET /', { 'X-Forwarded-For': '10.0.0.1' })
      expect([(await connection.response()).header('set-cookie'), (await connection.response()).header('set-cookie')]).toEqual([
        undefined,
        undefined,
      ])
      expect(errors.map(({ code }) => code)).toEqual(['ERR_SESSION_CONFIG', 'ERR_SESSION_CONFIG'])
      expect(errors[0]?.message).toContain(remedy)
    })
  })

  describe.runIf(hasRows)(`${name}: cost`, () => {
    it.each([
      ['anonymous', () => undefined],
      ['garbage', (index: number) => `sid=${'x'.repeat(index % 90)}${index}; sid2=%00`],
    ])('creates no row and no cookie for 10,000 %s visitors', { timeout: 60_000 }, async (_, cookieOf) => {
      await using shop = await open()
      await using connection = await RawConnection.open(shop.port)
      for (let batch = 0; batch < 100; batch += 1) {
        for (let index = 0; index < 100; index += 1) {
          const cookie = cookieOf(batch * 100 + index)
          connection.request('GET /', cookie === undefined ? {} : { Cookie: cookie })
        }
        for (let index = 0; index < 100; index += 1) {
          const response = await connection.response()
          if (response.status !== 200 || response.header('set-cookie') !== undefined) expect(response).toBe('a plain page')
        }
      }
      expect(await shop.rows()).toBe(0)
    })
  })
}

const shopWithLargeText: Readonly<Record<string, Route>> = {
  ...shop,
  'POST /fill': ({ session, body }) => {
    session.set('text', randomText(Number(body)))
    return { ...redirectHome, headers: { ...redirectHome.headers, 'Set-Cookie': ['theme=dark', 'lang=en'] } }
  },
  'GET /size': ({ session }) => ({ ...ok(String(session.get('text', '').length)), headers: { 'Set-Cookie': ['theme=dark', 'lang=en'] } }),
}

/** Returns text that does not compress. */
function randomText(length: number): string {
  return Array.from({ length: Math.ceil(length / 36) }, () => crypto.randomUUID())
    .join('')
    .slice(0, length)
}

/** Returns the names of the cookies that a page sets. */
function cookieNames({ setCookies }: Page): string[] {
  return setCookies.map((each) => each.slice(0, each.indexOf('='))).toSorted((a, b) => a.localeCompare(b))
}

/** Returns another browser with the same cookies. */
function copyBrowser(browser: Browser, port: number): Browser {
  const copy = new Browser(port)
  for (const [name, value] of browser.cookies) copy.cookies.set(name, value)
  return copy
}

function shopOf(): Readonly<Record<string, Route>> {
  return shop
}

function shopWith(route: string, response: StoryResponse): Readonly<Record<string, Route>> {
  return {
    ...shop,
    [route]: ({ session }) => {
      session.set('saved', true)
      return response
    },
  }
}

async function* stream(all: readonly string[]): AsyncGenerator<string> {
  yield* all
}

/** Records the error of a write in the middle of a stream, and reads after it. */
async function* streamAndWrite(session: Session, caught: unknown[]): AsyncGenerator<string> {
  yield 'one '
  await new Promise((resolve) => setImmediate(resolve))
  await new Promise((resolve) => setImmediate(resolve))
  try {
    session.set('a', 2)
  } catch (error) {
    caught.push(error)
  }
  yield `two ${session.get('a')}`
}
