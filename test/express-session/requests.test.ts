import { setTimeout as wait } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import type { SessionEvent } from '../../src/core/base/events.ts'
import { MemoryStore } from '../../src/stores/memory.ts'
import { propertiesOf, serve } from './server.ts'

/** A store whose methods fail while `isDown`. */
class FailingStore extends MemoryStore {
  isDown = false
  override load(...args: Parameters<MemoryStore['load']>): ReturnType<MemoryStore['load']> {
    return this.isDown ? Promise.reject(new Error('disk full')) : super.load(...args)
  }
  override create(...args: Parameters<MemoryStore['create']>): ReturnType<MemoryStore['create']> {
    return this.isDown ? Promise.reject(new Error('disk full')) : super.create(...args)
  }
  override replace(...args: Parameters<MemoryStore['replace']>): ReturnType<MemoryStore['replace']> {
    return this.isDown ? Promise.reject(new Error('disk full')) : super.replace(...args)
  }
}

const SHORT = { operation: '200ms', request: '400ms' } as const

describe('an error', () => {
  it('of reading the session is a 503 with the error of the driver', async () => {
    const store = new FailingStore()
    const { open, errors } = await serve((app) => app.get('/', (req, res) => void res.json((req.session['views'] = 1))), {
      store,
      timeout: SHORT,
    })
    const browser = open()
    await browser.get('/')
    store.isDown = true
    expect(await browser.get('/')).toMatchObject({ status: 503, body: 'ERR_SESSION_STORE' })
    expect(errors).toMatchObject([{ cause: { message: 'disk full' }, message: expect.stringContaining('disk full') }])
  })

  it('of the save at the end is a 503 before the first byte, and not a page', async () => {
    const store = new FailingStore()
    const { open } = await serve(
      (app) =>
        app.get('/', (req, res) => {
          req.session['views'] = 1
          store.isDown = true
          res.send('page')
        }),
      { store, timeout: SHORT },
    )
    const page = await open().get('/')
    expect([page.status, page.body.includes('page'), page.setCookies]).toEqual([503, false, []])
  })

  it.each([
    ['is passed to the callback', true],
    ['without a callback fails the response, and not the process', false],
  ])('of save %s', async (_what, hasCallback) => {
    const store = new FailingStore()
    const codes: unknown[] = []
    const { open } = await serve(
      (app) =>
        app.get('/', (req, res) => {
          req.session['views'] = 1
          store.isDown = true
          if (hasCallback) req.session.save((error) => res.end(String(codes.push(error?.code))))
          else void req.session.save()
          if (!hasCallback) res.send('page')
        }),
      { store, timeout: SHORT },
    )
    expect((await open().get('/')).status).toBe(503)
    expect(codes).toEqual(hasCallback ? [expect.stringMatching(/^ERR_SESSION_(STORE|COMMIT_UNKNOWN)$/)] : [])
  })

  it.each([
    ['a cycle', 'ERR_SESSION_CODEC', (session: any) => (session.self = session)],
    ['a BigInt', 'ERR_SESSION_CODEC', (session: any) => (session.big = 7n)],
  ])('of %s is a 500, and nothing is saved', async (_what, code, change) => {
    const { open } = await serve((app) => {
      app.get('/wrong', (req, res) => {
        req.session['saved'] = true
        change(req.session)
        res.send('page')
      })
      app.get('/', (req, res) => res.json(propertiesOf(req)))
    })
    const browser = open()
    expect(await browser.get('/wrong')).toMatchObject({ status: 500, body: code, setCookies: [] })
    expect((await browser.get('/')).body).toBe('{}')
  })

  it('of another object as req.session is a 500 that says what to write', async () => {
    const { open, errors } = await serve((app) =>
      app.get('/', (req, res) => {
        req.session = { user: 'ada' } as never
        res.send('page')
      }),
    )
    expect(await open().get('/')).toMatchObject({ status: 500, body: 'ERR_SESSION_CONFIG' })
    expect(errors).toMatchObject([{ message: expect.stringContaining('Object.assign(req.session') }])
  })

  it('of an invalid date in cookie.expires is a 500', async () => {
    const { open } = await serve((app) =>
      app.get('/', (req, res) => {
        req.session['user'] = 'ada'
        req.session.cookie.expires = new Date(Number.NaN)
        res.send('page')
      }),
    )
    expect(await open().get('/')).toMatchObject({ status: 500, body: 'ERR_SESSION_CONFIG' })
  })

  it('of a missing secret is that of express-session', async () => {
    const { open } = await serve((app) => app.get('/', (_req, res) => void res.end()), { secret: undefined as never })
    expect(await open().get('/')).toMatchObject({ status: 500, body: 'secret option required for sessions' })
  })
})

describe('methods', () => {
  it('call back in a later tick and return the session, and run in the order of their calls', async () => {
    const { open } = await serve((app) =>
      app.get('/', (req, res) => {
        const calls: string[] = []
        const { session } = req
        session['step'] = 1
        const returned = session.save(() => calls.push(`saved ${String(session['step'])}`))
        calls.push(`returned ${returned === session}`)
        session.regenerate(() => {
          calls.push(`regenerated ${req.session !== session}`)
          session.save((error) => {
            calls.push(`old object: ${error === undefined ? 'saved' : 'refused'}`)
            res.json(calls)
          })
        })
      }),
    )
    expect(JSON.parse((await open().get('/')).body)).toEqual(['returned true', 'saved 1', 'regenerated true', 'old object: refused'])
  })

  it('return promises without a callback', async () => {
    const { open } = await serve((app) =>
      app.get('/', async (req, res) => {
        req.session['a'] = 1
        await (req.session as any).save()
        await (req.session as any).reload()
        const before = propertiesOf(req)
        await (req.session as any).regenerate()
        res.json([before, propertiesOf(req)])
      }),
    )
    expect(JSON.parse((await open().get('/')).body)).toEqual([{ a: 1 }, {}])
  })

  it('a save of a new session after the response has started is refused', async () => {
    const events: SessionEvent[] = []
    const { open } = await serve(
      (app) =>
        app.get('/', (req, res) => {
          res.write('begin ')
          setImmediate(() => {
            req.session['late'] = true
            req.session.save((error) => res.end(error?.code ?? 'saved'))
          })
        }),
      { onEvent: (event) => events.push(event) },
    )
    expect((await open().get('/')).body).toBe('begin ERR_SESSION_HEADERS_SENT')
    expect(events).toContainEqual(expect.objectContaining({ type: 'cookie-refused', reason: 'headers-sent' }))
  })

  it('a save after the response has ended is merged into the session', async () => {
    const saved = Promise.withResolvers<unknown>()
    const { open } = await serve((app) => {
      app.get('/begin', (req, res) => {
        req.session['a'] = 1
        res.end()
      })
      app.get('/job', (req, res) => {
        const { session } = req
        res.end()
        res.once('close', () => {
          session['job'] = 'done'
          session.save(saved.resolve)
        })
      })
      app.get('/', (req, res) => res.json(propertiesOf(req)))
    })
    const browser = open()
    await browser.get('/begin')
    await browser.get('/job')
    expect(await saved.promise).toBeUndefined()
    expect(JSON.parse((await browser.get('/')).body)).toEqual({ a: 1, job: 'done' })
  })
})

describe('the cookie', () => {
  it('of a session with a Secure cookie is not sent over plain HTTP, and no row is written', async () => {
    const store = new MemoryStore()
    const events: SessionEvent[] = []
    const { open } = await serve((app) => app.get('/', (req, res) => void res.json((req.session['a'] = 1))), {
      store,
      cookie: { secure: true },
      onEvent: (event) => events.push(event),
    })
    expect((await open().get('/')).setCookies).toEqual([])
    expect((await store.list({ now: Date.now() })).entries).toEqual([])
    expect(events).toContainEqual({ type: 'cookie-refused', reason: 'insecure' })
  })

  it('keeps the attributes and the lifetime that the application set for a session', async () => {
    const { open } = await serve((app) => {
      app.get('/remember', (req, res) => {
        req.session['user'] = 'ada'
        Object.assign(req.session.cookie, { maxAge: 3_600_000, sameSite: 'strict', httpOnly: false })
        res.end()
      })
      app.get('/', (req, res) => {
        req.session['views'] = 1
        res.json([req.session.cookie.originalMaxAge, req.session.cookie.sameSite, req.session.cookie.httpOnly])
      })
    })
    const browser = open()
    await browser.get('/remember')
    const page = await browser.get('/')
    expect(JSON.parse(page.body)).toEqual([3_600_000, 'strict', false])
    expect(page.setCookies[0]).toMatch(/; Expires=.*SameSite=Strict/)
    expect(page.setCookies[0]).not.toContain('HttpOnly')
  })

  it('with a wrong signature is not looked up', async () => {
    const loads: string[] = []
    class Counting extends MemoryStore {
      override load(operation: Parameters<MemoryStore['load']>[0]): ReturnType<MemoryStore['load']> {
        loads.push(operation.key)
        return super.load(operation)
      }
    }
    const { open } = await serve((app) => app.get('/', (_req, res) => void res.end()), { store: new Counting() })
    const browser = open()
    browser.cookies.set('connect.sid', encodeURIComponent('s:sid.AAAA'))
    await browser.get('/')
    expect(loads).toEqual([])
  })
})

describe('req.sessionStore', () => {
  it('merges a session that was read and set while a request changed it, and sets nothing after its end', async () => {
    const { open } = await serve((app) => {
      app.get('/begin', (req, res) => {
        Object.assign(req.session, { token: 'x', cart: ['book'] })
        res.send(req.sessionID)
      })
      app.get('/change', (req, res) => {
        req.sessionStore.get(req.sessionID, (_error, found: any) => {
          delete found.token
          req.session['other'] = true
          req.session.save(() => req.sessionStore.set(req.sessionID, found, () => res.end()))
        })
      })
      app.get('/end', (req, res) => {
        const { sessionID, sessionStore } = req
        sessionStore.get(sessionID, (_error, found: any) => {
          sessionStore.destroy(sessionID, () =>
            sessionStore.set(sessionID, { ...found, back: true }, () => {
              sessionStore.get(sessionID, (_failed, after) => res.json(after ?? null))
            }),
          )
        })
      })
      app.get('/', (req, res) => res.json(propertiesOf(req)))
    })
    const browser = open()
    await browser.get('/begin')
    await browser.get('/change')
    expect(JSON.parse((await browser.get('/')).body)).toEqual({ cart: ['book'], other: true })
    expect((await browser.get('/end')).body).toBe('null')
    expect((await browser.get('/')).body).toBe('{}')
  })

  it('stores a session under any sid, lists by handle and clears', async () => {
    const { open, auth } = await serve((app) =>
      app.get('/', (req, res) => {
        const { sessionStore } = req
        sessionStore.set('my-sid', { cookie: { originalMaxAge: 60_000 }, passport: { user: 7 } } as never, () => {
          sessionStore.get('my-sid', (_error, found: any) => {
            sessionStore.all?.((_failed, all) => {
              sessionStore.clear?.(() =>
                sessionStore.length?.((_again, count) =>
                  res.json([found.passport, found.cookie.originalMaxAge, Object.keys(all ?? {}).length, count]),
                ),
              )
            })
          })
        })
      }),
    )
    expect(JSON.parse((await open().get('/')).body)).toEqual([{ user: 7 }, 60_000, 1, 0])
    expect(await auth.sessions.users.list(7)).toEqual([])
  })
})

it('users.list and users.revoke find who is logged in by passport or by an assignment', async () => {
  const { open, auth } = await serve((app) => {
    app.get('/passport', (req, res) => {
      req.session['passport'] = { user: 7 }
      res.end()
    })
    app.get('/tutorial', (req, res) => {
      req.session['userId'] = 7
      res.end()
    })
    app.get('/', (req, res) => res.json(propertiesOf(req)))
  })
  const [one, two] = [open(), open()]
  await one.get('/passport')
  await two.get('/tutorial')
  expect(await auth.sessions.users.list(7)).toHaveLength(2)
  expect(await auth.sessions.users.revoke(7)).toBe(2)
  expect([(await one.get('/')).body, (await two.get('/')).body]).toEqual(['{}', '{}'])
})

it('a session whose maxAge passed is gone', async () => {
  const { open } = await serve(
    (app) => app.get('/', (req, res) => void res.json((req.session['views'] = (req.session['views'] ?? 0) + 1))),
    {
      cookie: { maxAge: 20 },
    },
  )
  const browser = open()
  expect([(await browser.get('/')).body, (await browser.get('/')).body]).toEqual(['1', '2'])
  const cookie = browser.cookies.get('connect.sid') as string
  await wait(30)
  browser.cookies.set('connect.sid', cookie)
  expect((await browser.get('/')).body).toBe('1')
})
