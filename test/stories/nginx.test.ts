import { createServer } from 'node:http'
import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { beforeAll, describe, expect, it } from 'vitest'
import { session as honoSession } from '../../src/adapters/hono.ts'
import { session } from '../../src/adapters/node.ts'
import { findNginx, startNginx } from '../services/nginx.ts'
import { listen } from './harness/node-response.ts'
import { RawConnection, type RawResponse } from './harness/raw-connection.ts'
import { createScriptedManager, type RunningServer } from './harness/story-app.ts'

/** What nginx does from 1.29.7 on without a directive: HTTP/1.1 to the upstream, whose address is the `Host`. */
const NGINX_1_29_7 = 'proxy_http_version 1.1; proxy_set_header Connection "";'
/** The default of older versions. */
const HTTP_1_0 = 'proxy_http_version 1.0;'
const FORWARDING = `${NGINX_1_29_7}
  proxy_set_header Host $host;
  proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
  proxy_set_header X-Forwarded-Proto $http_x_outside;`

/** An application that changes the session at every request, and responds with the message of an error. */
const applications: Readonly<Record<string, () => Promise<RunningServer>>> = {
  'node:http': () => {
    const { sessions } = createScriptedManager()
    const open = session(sessions)
    return listen(
      createServer((req, res) =>
        open(req, res, () => {
          try {
            sessions.of(req).set('a', 1)
            res.end('changed')
          } catch (error) {
            res.writeHead(500).end((error as Error).message)
          }
        }),
      ),
    )
  },
  Hono: async () => {
    const app = new Hono()
    app.use(honoSession(createScriptedManager().sessions))
    app.onError((error, c) => c.text(error.message, 500))
    app.all('*', (c) => {
      c.var.session.set('a', 1)
      return c.text('changed')
    })
    const { promise, resolve } = Promise.withResolvers<number>()
    const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) => resolve(port))
    return {
      port: await promise,
      async [Symbol.asyncDispose]() {
        await new Promise((done) => server.close(done))
      },
    }
  },
}

let program: string | undefined
beforeAll(() => {
  program = findNginx()
})

describe.each(Object.entries(applications))('%s behind nginx on the same machine, which does not know of it', (_, start) => {
  async function send(directives: string, line: string, headers: Readonly<Record<string, string>>): Promise<RawResponse | undefined> {
    if (program === undefined) return undefined
    await using application = await start()
    await using nginx = await startNginx(program, application.port, directives)
    await using connection = await RawConnection.open(nginx.port)
    connection.request(line, { ...headers, Connection: 'close' })
    return await connection.response()
  }

  it.each<[string, string, string, Readonly<Record<string, string>>, string]>([
    ['a form of an HTTPS site', NGINX_1_29_7, 'POST /', { Host: 'shop.example', Origin: 'https://shop.example' }, '`origin`'],
    ['a link of an HTTPS site', NGINX_1_29_7, 'GET /', { Host: 'shop.example', Referer: 'https://shop.example/a' }, '`referer`'],
    ['a site over HTTP', NGINX_1_29_7, 'POST /', { Host: 'shop.example', Origin: 'http://shop.example' }, '`origin`'],
    ['forwarding headers of HTTPS', FORWARDING, 'GET /', { Host: 'localhost', 'X-Outside': 'https' }, '`x-forwarded-proto`'],
    ['another host', FORWARDING, 'GET /', { Host: 'shop.example', 'X-Outside': 'http' }, 'host'],
  ])('sets no cookie without Secure for %s, and names the reason', async (_name, directives, line, headers, reason) => {
    const response = await send(directives, line, headers)
    if (response === undefined) return
    expect([response.status, response.all('set-cookie')]).toEqual([500, []])
    expect(response.body).toContain(reason)
  })

  it.each<[string, string, Readonly<Record<string, string>>]>([
    ['nginx itself is local', NGINX_1_29_7, { Host: 'localhost:8080', Origin: 'http://localhost:8080' }],
    ['nginx forwards local values', FORWARDING, { Host: 'localhost', Origin: 'http://localhost:8080', 'X-Outside': 'http' }],
  ])('sets the cookie if %s', async (_name, directives, headers) => {
    const response = await send(directives, 'POST /', headers)
    if (response === undefined) return
    expect([response.status, response.body]).toEqual([200, 'changed'])
    expect(response.all('set-cookie')).toEqual([expect.not.stringContaining('Secure')])
  })

  it('sets no cookie over HTTP/1.0', async () => {
    const response = await send(HTTP_1_0, 'GET /', { Host: 'localhost' })
    if (response === undefined) return
    expect([response.status, response.all('set-cookie')]).toEqual([500, []])
    expect(response.body).toContain('HTTP/1.0')
  })
})
