// Why: one process can contain several copies of this package, one for every bundle or every
// package of a monorepo. `copy` is a second one.
import { createServer, type RequestListener } from 'node:http'
import { describe, expect, it, vi } from 'vitest'
import { session as nodeSession, withSession } from '../../src/adapters/node.ts'
import { withSession as withWebSession } from '../../src/adapters/web.ts'
import { addDjangoMessage } from '../../src/django/django.ts'
import * as here from '../../src/index.ts'
import { CookieStore } from '../../src/stores/cookie.ts'
import { MemoryStore } from '../../src/stores/memory.ts'
import { Browser } from '../stories/harness/browser.ts'

vi.resetModules()
const copy = (await import('../../src/index.ts')) as typeof here
const copyOfNode = await import('../../src/adapters/node.ts')
const copyOfCookieStore = await import('../../src/stores/cookie.ts')

const CONFIG = expect.objectContaining({ code: 'ERR_SESSION_CONFIG', message: expect.stringContaining('another copy of sojourn') })

async function browse<T>(listener: RequestListener, visit: (browser: Browser) => Promise<T>): Promise<T> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  try {
    return await visit(new Browser((server.address() as { port: number }).port))
  } finally {
    server.close()
  }
}

it('is another copy', () => {
  expect(copy.createSessions).not.toBe(here.createSessions)
})

describe('a manager of another copy', () => {
  it('works with an adapter for Node', async () => {
    const sessions = copy.createSessions({ store: new MemoryStore() })
    const listener = withSession(sessions, (_req, res, session) => void res.end(String(session.increment('visits'))))
    await browse(listener, async (browser) => {
      await browser.get('/')
      expect((await browser.get('/')).body).toBe('2')
    })
  })

  it('works with an adapter for Request and Response', async () => {
    const sessions = copy.createSessions({ store: new MemoryStore() })
    const handler = withWebSession(sessions, (_request, session) => new Response(String(session.increment('visits'))))
    expect(await (await handler(new Request('https://shop.example/'))).text()).toBe('1')
  })

  it('serves one response together with a manager of this copy', async () => {
    const customers = nodeSession({ store: new MemoryStore() })
    const admins = copyOfNode.session({ store: new MemoryStore(), as: 'adminSession', cookie: { name: 'admin' } })
    const listener: RequestListener = async (req, res) => {
      await customers(req, res)
      await admins(req, res)
      const counts = [customers.sessions.of(req).increment('visits'), admins.sessions.of(req).increment('visits')]
      res.writeHead(200, { 'Content-Type': 'application/json' })
      res.write(JSON.stringify(counts))
      res.end()
    }
    await browse(listener, async (browser) => {
      await browser.get('/')
      expect((await browser.get('/')).body).toBe('[2,2]')
      expect([...browser.cookies.keys()].sort()).toEqual(['admin', 'sid'])
    })
  })

  it('of another version is a ConfigError', () => {
    const sessions = Object.defineProperty({}, Symbol.for('sojourn.adapter.0'), { value: {} }) as here.Sessions
    expect(() => nodeSession(sessions)).toThrow(CONFIG)
  })

  it('keeps a store that it shares open', async () => {
    const store = new MemoryStore()
    const close = vi.fn(async () => undefined)
    Object.assign(store, { close })
    const [first, second] = [here.createSessions({ store }), copy.createSessions({ store })]
    await first.close()
    expect(close).not.toHaveBeenCalled()
    await second.close()
    expect(close).toHaveBeenCalledOnce()
  })

  it('does not take the session of a manager of this copy', () => {
    const session = here.createSessions({ store: new MemoryStore() }).create()
    const other = copy.createSessions({ store: new MemoryStore() }) as unknown as here.Sessions
    expect(() => other.commit(session, { status: 200 })).toThrow(CONFIG)
    expect(() => other.headers(session)).toThrow(CONFIG)
  })
})

describe('a session of another copy', () => {
  it('is a ConfigError for sojourn/django', () => {
    const session = copy.createSessions({ store: new MemoryStore() }).create()
    expect(() => addDjangoMessage(session as never, 20, 'hello')).toThrow(CONFIG)
  })
})

describe('an error of another copy', () => {
  it('is an instance of the class of this copy, and of no other', () => {
    const error = new copy.SessionEndedError('ended')
    expect(error instanceof here.SessionEndedError).toBe(true)
    expect(error instanceof here.SessionError).toBe(true)
    expect(error instanceof here.StoreError).toBe(false)
    expect(error instanceof Error).toBe(true)
    for (const value of [undefined, null, 'text', {}, new Error('other'), { code: error.code, name: error.name }])
      expect(value instanceof here.SessionEndedError).toBe(false)
  })

  it('is no instance of a subclass of an application', () => {
    class OwnError extends here.ConfigError {}
    expect(new OwnError('own') instanceof OwnError).toBe(true)
    expect(new OwnError('own') instanceof copy.ConfigError).toBe(true)
    expect(new here.ConfigError('ours') instanceof OwnError).toBe(false)
  })

  it('of a store that was not applied is sent again', async () => {
    let failures = 1
    class Store extends MemoryStore {
      override create(operation: here.Create): Promise<here.Written | here.Refused> {
        if (failures-- > 0) return Promise.reject(new copy.StoreError('create', new Error('busy'), { applied: false }))
        return super.create(operation)
      }
    }
    const session = here.createSessions({ store: new Store() }).create()
    session.set('cart', [])
    await session.save()
    expect(session.id).toEqual(expect.any(String))
  })

  it('of a store that is set up incorrectly stays a ConfigError', async () => {
    const store = new MemoryStore()
    store.create = () => Promise.reject(new copy.ConfigError('The table is missing.'))
    const session = here.createSessions({ store }).create()
    session.set('cart', [])
    await expect(session.save()).rejects.toMatchObject({ code: 'ERR_SESSION_CONFIG', message: 'The table is missing.' })
  })

  it.each([
    { name: 'a store', Store: CookieStore, createSessions: copy.createSessions },
    { name: 'a manager', Store: copyOfCookieStore.CookieStore, createSessions: here.createSessions },
  ])('of a session that does not fit in a cookie stays that error, for $name of this copy', async ({ Store, createSessions }) => {
    const sessions = createSessions({ store: new Store({ secrets: ['a secret that is long enough for a key'] }) })
    const visitor = await sessions.open(new Request('https://shop.example/'))
    visitor.set(
      'cart',
      Array.from({ length: 9000 }, (_, n) => n * 7919),
    )
    await expect(sessions.commit(visitor, { status: 200 })).rejects.toMatchObject({
      code: 'ERR_SESSION_COOKIE_TOO_LARGE',
      property: 'cart',
    })
  })
})
