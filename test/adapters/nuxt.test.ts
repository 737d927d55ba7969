import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { callNodeRequestHandler } from 'node-mock-http'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type NuxtEvent, nuxtSessions } from '../../src/adapters/nuxt/server.ts'
import { createSessions, type Session, type Sessions } from '../../src/index.ts'
import { MemoryStore } from '../../src/stores/memory.ts'
import { Browser } from '../stories/harness/browser.ts'

interface Fixture {
  readonly browser: Browser
  readonly sessions: Sessions
  getUserSession(event: NuxtEvent): Promise<Session>
  /** Sends an internal request, with the context of an event as `event.$fetch` does, or without one. */
  fetchInside(context: object | undefined, handler: (event: NuxtEvent) => Promise<string>): Promise<string>
}

type Handler = (event: NuxtEvent, fixture: Fixture) => Promise<string>

/** A server that calls the hooks and handlers as Nitro 2 does. */
async function start(handler: Handler): Promise<Fixture> {
  const sessions = createSessions({ store: new MemoryStore() })
  const { plugin, getUserSession } = nuxtSessions(sessions, ({ message, statusCode }) => Object.assign(new Error(message), { statusCode }))
  const hooks: ((event: NuxtEvent) => void)[] = []
  const onError = async ({ message }: Error, event: NuxtEvent): Promise<void> => void event.node.res.end(`page: ${message}`)
  plugin({ hooks: { hook: (_, run) => hooks.push(run) }, h3App: { options: { onError } } })
  const handle = async (req: IncomingMessage, res: ServerResponse, run: (event: NuxtEvent) => Promise<string>): Promise<void> => {
    const event: NuxtEvent = { node: { req, res }, context: {} }
    for (const hook of hooks) hook(event)
    const body = await run(event).catch(({ code }: { code: string }) => code)
    res.end(body)
  }
  const server = createServer((req, res) => void handle(req, res, (event) => handler(event, fixture))).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const fixture: Fixture = {
    browser: new Browser((server.address() as AddressInfo).port),
    sessions,
    getUserSession,
    async fetchInside(context, run) {
      const call = (req: object, res: object): Promise<void> => handle(req as IncomingMessage, res as ServerResponse, run)
      const { body } = await callNodeRequestHandler(call as never, { url: '/', context: context as never })
      return String(body)
    },
  }
  return fixture
}

describe('the sessions of Nuxt', () => {
  it('an internal request has the session of the request that sent it, which commits once', async () => {
    const { browser } = await start(async (event, { getUserSession, fetchInside }) => {
      const count = async (inner: NuxtEvent): Promise<string> => String((await getUserSession(inner)).increment('visits'))
      await Promise.all([fetchInside(event.context, count), fetchInside(event.context, count)])
      const deep = await fetchInside(event.context, (inner) => fetchInside(inner.context, count))
      return `${deep} ${(await getUserSession(event)).get('visits')}`
    })
    const page = await browser.get('/')
    expect([page.body, page.setCookies.length]).toEqual(['3 3', 1])
    expect((await browser.get('/')).body).toBe('6 6')
  })

  it('an internal request without a sender can start no session', async () => {
    const { browser } = await start((_, { getUserSession, fetchInside }) =>
      fetchInside(undefined, async (inner) => String((await getUserSession(inner)).increment('visits'))),
    )
    const page = await browser.get('/')
    expect([page.body, page.setCookies]).toEqual(['ERR_SESSION_CONFIG', []])
  })

  it('a handler whose response is cached has no session, nor has an internal request that it sends', async () => {
    const { browser } = await start(async (event, { getUserSession, fetchInside }) => {
      Object.assign(event.context, { cache: { options: {} } })
      const read = async (from: NuxtEvent): Promise<string> => `${(await getUserSession(from)).id}`
      return `${await fetchInside(event.context, read)} ${await read(event).catch(({ code }) => code)}`
    })
    expect((await browser.get('/')).body).toBe('ERR_SESSION_CONFIG ERR_SESSION_CONFIG')
  })

  it('a failed commit shows the error page of Nuxt, with a sentence', async () => {
    const { browser } = await start(async (event, { getUserSession, sessions }) => {
      const session = await getUserSession(event)
      if (session.handle === undefined) session.login('ada')
      else {
        await sessions.revoke(session.handle)
        session.set('late', true)
      }
      return 'welcome'
    })
    expect((await browser.get('/')).body).toBe('welcome')
    const page = await browser.get('/')
    expect([page.status, page.body]).toEqual([409, 'page: Your session ended. Please reload the page.'])
  })

  it('takes the request for HTTPS if the proxy says so', async () => {
    const { browser } = await start(async (event, { getUserSession }) => {
      ;(await getUserSession(event)).login('ada')
      return 'welcome'
    })
    const { setCookies } = await browser.get('/', { 'x-forwarded-proto': 'https' })
    expect(setCookies).toEqual([expect.stringMatching(/^__Host-sid=.*; Secure/)])
  })
})
