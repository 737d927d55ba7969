import { createServer } from 'node:http'
import { Readable } from 'node:stream'
import { fromWebHandler, H3, HTTPError, redirect, toNodeHandler } from 'h3'
import { describe, expect, it } from 'vitest'
import { withSession } from '../../../src/adapters/web.ts'
import type { Sessions } from '../../../src/core/manager/sessions.ts'
import type { Session } from '../../../src/core/session/session.ts'
import { Browser } from '../harness/browser.ts'
import { listen } from '../harness/node-response.ts'
import { stories } from '../harness/stories.ts'
import {
  createScriptedManager,
  failingWrites,
  handleRequest,
  type RunningServer,
  renderErrorPage,
  type StoryResponse,
} from '../harness/story-app.ts'

declare module 'h3' {
  interface H3EventContext {
    session: Session
  }
}

/** The application within an app that has sessions. */
function withSessions(sessions: Sessions, shop: H3): H3 {
  const handler = withSession(sessions, (request, session) => shop.request(request, undefined, { session }))
  return new H3().all('/**', fromWebHandler(handler))
}

const serve = (app: H3): Promise<RunningServer> => listen(createServer(toNodeHandler(app) as never))

stories({
  name: 'h3 2',
  hasErrorPage: false,
  remedy: 'cookie: { secure: true }',
  startServer(story) {
    const shop = new H3({ silent: true, onError: (error) => responseOf(renderErrorPage(story, error)) })
    shop.all('/**', async ({ req, url, context }) =>
      responseOf(await handleRequest(story, { method: req.method, url, body: await req.text(), session: context.session })),
    )
    return serve(withSessions(story.sessions, shop))
  },
})

function responseOf({ status = 200, headers = {}, body }: StoryResponse): Response {
  const all = Object.entries(headers).flatMap(([name, value]) => [value].flat().map((each) => [name, each] as [string, string]))
  const stream = body === undefined || typeof body === 'string' ? body : (Readable.toWeb(Readable.from(body)) as ReadableStream)
  return new Response(stream, { status, headers: all })
}

describe('h3 2', () => {
  const shop = new H3({ silent: true })
  shop.post('/cart/:sku', ({ context, res }) => {
    context.session.push('cart', context.params?.['sku'])
    res.headers.append('Set-Cookie', 'mine=1')
    return redirect('/')
  })
  shop.get('/', ({ context }) => context.session.toObject())
  shop.get('/wrong', ({ context }) => {
    context.session.login(1)
    throw new HTTPError({ status: 422, message: 'invalid value' })
  })

  it('commits for returned values, set headers and thrown errors', async () => {
    const { sessions, rows } = createScriptedManager()
    await using server = await serve(withSessions(sessions, shop))
    const browser = new Browser(server.port)
    const added = await browser.post('/cart/bread')
    expect([added.status, added.headers.get('location'), added.setCookies.length]).toEqual([302, '/', 2])
    expect((await browser.get('/')).body.replace(/\s/g, '')).toBe('{"cart":["bread"]}')
    const wrong = await browser.get('/wrong')
    expect([wrong.status, wrong.setCookies.length, await rows()]).toEqual([422, 1, 1])
    expect((await browser.get('/nowhere')).status).toBe(404)
  })

  it('sends an empty error if the commit fails', async () => {
    const { sessions, store } = createScriptedManager()
    store.script = failingWrites
    await using server = await serve(withSessions(sessions, shop))
    const page = await new Browser(server.port).post('/cart/bread')
    expect([page.status, page.body, page.headers.get('location'), page.setCookies]).toEqual([503, '', null, []])
  })
})
