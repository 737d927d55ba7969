import type { IncomingMessage, ServerResponse } from 'node:http'
import express from 'express'
import { describe, expectTypeOf, it } from 'vitest'
import { z } from 'zod'
import { type SessionMiddleware as ExpressMiddleware, session as expressSession } from '../../src/adapters/express.ts'
import {
  session as nodeSession,
  type SessionListener,
  type SessionMiddleware,
  type SessionRequest,
  withSession as withNodeSession,
} from '../../src/adapters/node.ts'
import { type WebHandler, withSession } from '../../src/adapters/web.ts'
import { createSessions, type Default, type Session, type SessionEvent, type Sessions, type UserSession } from '../../src/index.ts'
import type { MemoryStore } from '../../src/stores/memory.ts'
import { incoming } from '../helpers/incoming.ts'

interface Data {
  userId: string
  cart: number[]
}

declare const store: MemoryStore
declare const sessions: Sessions<Data>
declare const open: Session

const schema = { theme: z.enum(['light', 'dark']), seen: z.date(), coupon: z.string().optional() }

describe('a session without a declared type', () => {
  it('accepts a string or a number as user id', () => {
    expectTypeOf(open.userId).toEqualTypeOf<string | number | undefined>()
    // @ts-expect-error -- not a user id
    open.login({ id: 7 })
    // @ts-expect-error -- not a user id
    open.login(undefined)
    // @ts-expect-error -- not a user id
    open.login(true)
  })

  it('accepts a fallback of any type', () => {
    const theme: string = open.get('theme', 'light')
    const cart: { sku: number }[] = open.pop('cart', [])
    expectTypeOf(open.update('n', (n: number = 0) => n + 1)).toEqualTypeOf<number>()
    expectTypeOf([theme, cart]).not.toBeAny()
  })

  it('has typed state and untyped content', () => {
    expectTypeOf(open.flashed('notice')).toEqualTypeOf<unknown[]>()
    expectTypeOf(open.flashed<{ text: string }>('notice')).toEqualTypeOf<{ text: string }[]>()
    expectTypeOf(open.size).toEqualTypeOf<number>()
    expectTypeOf(open.endsWithBrowser).toEqualTypeOf<boolean>()
    expectTypeOf(open.save()).toEqualTypeOf<Promise<void>>()
    expectTypeOf(open.reload()).toEqualTypeOf<Promise<void>>()
  })
})

describe('the manager', () => {
  it('passes its type to every session', () => {
    expectTypeOf(createSessions({ store })).toEqualTypeOf<Sessions<Default>>()
    expectTypeOf(sessions.create()).toEqualTypeOf<Session<Data>>()
    expectTypeOf(sessions.load('id')).resolves.toEqualTypeOf<Session<Data>>()
    expectTypeOf(sessions.open(incoming(undefined))).resolves.toEqualTypeOf<Session<Data>>()
    expectTypeOf(sessions.commit(sessions.create(), { status: 200 })).resolves.toEqualTypeOf<Headers>()
    expectTypeOf(sessions.headers(sessions.create())).toEqualTypeOf<Headers>()
    // @ts-expect-error -- a session of another type
    sessions.headers(createSessions<{ other: Date }>({ store }).create())
    // @ts-expect-error -- not a request
    void sessions.open('cookie')
  })

  it('accepts strings and numbers as user ids, for any type of userId', () => {
    expectTypeOf(sessions.users.list(7)).resolves.toEqualTypeOf<UserSession[]>()
    expectTypeOf(sessions.users.revoke('ann', { except: sessions.create() })).resolves.toEqualTypeOf<number>()
    expectTypeOf(sessions.revoke('handle')).resolves.toEqualTypeOf<boolean>()
    expectTypeOf(sessions.clearExpired({ batch: 10, onProgress: (deleted) => void (deleted * 2) })).resolves.toEqualTypeOf<number>()
  })

  it('emits events that narrow by their type', () => {
    createSessions({
      store,
      onEvent(event) {
        expectTypeOf(event).toEqualTypeOf<SessionEvent>()
        if (event.type === 'overwritten') expectTypeOf(event.property).toEqualTypeOf<string>()
        // @ts-expect-error -- not an event
        if (event.type === 'stored') throw new Error('never')
      },
    })
  })
})

describe('Express', () => {
  const app = express()

  it('declares a read-only session on every request', () => {
    app.get('/', (req, res) => {
      expectTypeOf(req.session).toEqualTypeOf<Session>()
      // @ts-expect-error -- read-only
      req.session = null
      res.json(req.session.toObject())
    })
  })

  it('accepts options or a manager and returns a middleware with the manager', () => {
    const middleware = expressSession({ store, as: 'adminSession', cookie: { name: 'admin' } })
    expectTypeOf(middleware).toEqualTypeOf<ExpressMiddleware>()
    const typed = expressSession(sessions)
    expectTypeOf(typed).toEqualTypeOf<ExpressMiddleware<Data>>()
    app.use(middleware, typed)
    app.use('/shop', typed)
    app.get('/', (req) => expectTypeOf(typed.sessions.of(req)).toEqualTypeOf<Session<Data>>())
  })

  it('infers its types from schemas', () => {
    expectTypeOf(expressSession({ store, schema }).sessions.create().get('theme', 'light')).toEqualTypeOf<'light' | 'dark'>()
    // @ts-expect-error -- a store is needed
    expressSession({ schema })
  })
})

describe('plain http', () => {
  it('returns a promise without next', () => {
    const middleware = nodeSession(sessions)
    expectTypeOf(middleware).toEqualTypeOf<SessionMiddleware<Data>>()
    const [req, res] = [{} as IncomingMessage, {} as ServerResponse]
    expectTypeOf(middleware(req, res)).toEqualTypeOf<Promise<void>>()
    expectTypeOf(middleware(req, res, (error?: unknown) => void error)).toBeVoid()
    expectTypeOf(nodeSession({ store, schema }).sessions.create().get('seen')).toEqualTypeOf<Date | undefined>()
  })

  it('passes the session to a listener', () => {
    const listener = withNodeSession(sessions, (req, res, session) => {
      expectTypeOf(req).toEqualTypeOf<IncomingMessage>()
      expectTypeOf(session).toEqualTypeOf<Session<Data>>()
      res.end()
    })
    expectTypeOf(listener).toEqualTypeOf<SessionListener<Data>>()
    withNodeSession({ store, schema }, (_req, res, session) => res.end(session.get('theme')))
  })

  it('declares the type of a request with a session', () => {
    expectTypeOf<SessionRequest['session']>().toEqualTypeOf<Session>()
    expectTypeOf<SessionRequest<Data>['session']>().toEqualTypeOf<Session<Data>>()
    expectTypeOf<SessionRequest<Data, 'adminSession'>['adminSession']>().toEqualTypeOf<Session<Data>>()
    expectTypeOf<SessionRequest<Data, 'adminSession'>>().not.toHaveProperty('session')
    expectTypeOf<SessionRequest<Data, 'session', { params: { sku: string } }>['params']['sku']>().toBeString()
  })
})

describe('Request to Response', () => {
  it('passes the session after the request', () => {
    const handler = withSession({ store }, (request, session) => {
      expectTypeOf(request).toEqualTypeOf<Request>()
      expectTypeOf(session).toEqualTypeOf<Session>()
      return new Response()
    })
    expectTypeOf(handler).toEqualTypeOf<WebHandler>()
    expectTypeOf(handler(new Request('http://localhost'))).resolves.toEqualTypeOf<Response>()
    // @ts-expect-error -- a handler must return a Response
    withSession({ store }, () => 'hello')
  })

  it('has the type of the manager or of the schemas', () => {
    expectTypeOf(withSession(sessions, async (_request, session) => Response.json(session.get('cart', [])))).toEqualTypeOf<
      WebHandler<Data>
    >()
    withSession({ store, schema }, (_request, session) => {
      expectTypeOf(session.get('theme')).toEqualTypeOf<'light' | 'dark' | undefined>()
      expectTypeOf(session.get('coupon', '')).toEqualTypeOf<string>()
      // @ts-expect-error -- a typo
      session.get('tehme')
      return new Response()
    })
  })

  it('has the parameters of its handler', () => {
    interface Context {
      waitUntil(promise: Promise<unknown>): void
    }
    const worker = withSession(sessions, (_request, session, env: { readonly KEY: string }, context: Context) => {
      context.waitUntil(session.save())
      return new Response(env.KEY)
    })
    expectTypeOf(worker).toEqualTypeOf<WebHandler<Data, [env: { readonly KEY: string }, context: Context]>>()
    expectTypeOf(worker).parameters.toEqualTypeOf<[request: Request, env: { readonly KEY: string }, context: Context]>()
    // @ts-expect-error -- arguments of the runtime are missing
    void worker(new Request('http://localhost'))
    withSession({ store, schema }, (_request, session, env: { readonly KEY: string }) => Response.json([session.get('theme'), env.KEY]))
  })
})
