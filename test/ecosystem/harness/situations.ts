import { Browser, type Page } from '../../stories/harness/browser.ts'
import { requireFrom } from './serve.ts'

/** What a situation uses. */
export interface SituationFixture {
  /** Opens another browser, without cookies. */
  open(): Browser
  readonly origin: string
  /** Adds a line to the transcript. */
  log(line: string): void
}

/** Requests to one application, with what they return. */
export interface Situation {
  /** The name of the application in apps.cjs, oidc.cjs, nest.cjs or adminjs.cjs. */
  readonly app: string
  /** The packages of Express that it runs on. Default: both. */
  readonly express?: readonly string[]
  /** Whether the application logs in at a provider. */
  readonly provider?: boolean
  run(fixture: SituationFixture): Promise<void>
}

/** Sends requests one after another: `GET /path` or `POST /path field=value`. */
function steps(app: string, ...requests: readonly string[]): Situation {
  return {
    app,
    async run(fixture) {
      const browser = fixture.open()
      for (const request of requests) await send(fixture, browser, request)
    },
  }
}

/** Sends a request and logs its response. */
async function send(fixture: SituationFixture, browser: Browser, request: string, name = ''): Promise<Page> {
  const page = await sendRequest(browser, request)
  fixture.log(`${name}${request} → ${describePage(page)}`)
  return page
}

function sendRequest(browser: Browser, request: string): Promise<Page> {
  const [method = '', path = '', fields = ''] = request.split(' ')
  const headers: Record<string, string> = fields === '' ? {} : { 'content-type': 'application/x-www-form-urlencoded' }
  return browser.request(method, path, { body: fields, headers })
}

function describePage({ status, headers, body, setCookies }: Page): string {
  const location = headers.get('location')
  const cookies = setCookies.map((cookie) => (/Expires=Thu, 01 Jan 1970/.test(cookie) ? 'deletes ' : 'sets ') + cookie.split('=')[0])
  return [status, location ?? body, ...cookies].filter((part) => part !== '').join(' ')
}

/** Logs in at the provider: follows redirects between the application and the provider. */
function login(app: string, express?: readonly string[]): Situation {
  return {
    app,
    provider: true,
    ...(express && { express }),
    async run(fixture) {
      const browser = fixture.open()
      await send(fixture, browser, 'GET /')
      const before = browser.cookies.size
      const page = await follow(fixture, browser, await browser.get('/login'))
      fixture.log(`GET /login … → ${page.status} ${page.body}`)
      fixture.log(`cookies ${before} → ${browser.cookies.size}`)
      await send(fixture, browser, 'GET /')
      const other = fixture.open()
      fixture.log(
        `a callback without its session → ${(await other.get('/callback?code=x&state=y')).status >= 300 ? 'refused' : 'accepted'}`,
      )
      await send(fixture, other, 'GET /')
    },
  }
}

/** Follows redirects. The provider is another origin with separate cookies. */
async function follow(fixture: SituationFixture, browser: Browser, first: Page): Promise<Page> {
  let provider: Browser | undefined
  let at = fixture.origin
  let page = first
  for (let hop = 0; hop < 12; hop += 1) {
    const location = page.headers.get('location')
    if (location === null) return page
    const url = new URL(location, at)
    at = url.origin
    if (at !== fixture.origin) provider ??= new Browser(Number(url.port))
    page = await (at === fixture.origin ? browser : (provider as Browser)).get(url.pathname + url.search)
  }
  throw new Error('too many redirects')
}

const twoTabs: Situation = {
  app: 'flash',
  async run(fixture) {
    const browser = fixture.open()
    await send(fixture, browser, 'POST /add/info/zero')
    await Promise.all(['one', 'two', 'three'].map((message) => browser.post(`/add/info/${message}`)))
    const { body } = await browser.get('/messages/info')
    fixture.log(`three tabs at once add a message → ${(JSON.parse(body) as string[]).sort().join(' ')}`)
  },
}

/** Forms with a token: accepted with it, refused without it and in another session. */
function csrf(app: string, header: string): Situation {
  return {
    app,
    async run(fixture) {
      const browser = fixture.open()
      const form = await browser.get('/form')
      const token = form.body
      fixture.log(
        `GET /form → ${form.status} ${form.setCookies
          .map((cookie) => cookie.split('=')[0])
          .sort()
          .join(' ')}`,
      )
      const order = async (name: string, from: Browser, sent: string): Promise<void> => {
        const { status } = await from.request('POST', '/order', { headers: sent === '' ? {} : { [header]: sent } })
        fixture.log(`${name} → ${status}`)
      }
      await order('with the token', browser, token)
      await order('again', browser, token)
      await order('without the token', browser, '')
      const other = fixture.open()
      await other.get('/form')
      await order('in another session', other, token)
    },
  }
}

/** The pages of AdminJS are long, so their titles are logged. */
const admin: Situation = {
  app: 'adminjs',
  async run(fixture) {
    const browser = fixture.open()
    const visit = async (from: Browser, request: string): Promise<void> => {
      const page = await sendRequest(from, request)
      const { body } = page
      const login = /"errorMessage":(null|"\w+")/.exec(body)
      const title = login === null ? `the page of ${/"email":"([^"]*)"/.exec(body)?.[1]}` : `the login page, error ${login[1]}`
      fixture.log(`${request} → ${describePage(body.includes('<title>') ? { ...page, body: title } : page)}`)
    }
    await visit(browser, 'GET /admin')
    await visit(browser, 'GET /admin/login')
    await visit(browser, 'POST /admin/login email=ada@example.com&password=wrong')
    await visit(browser, 'POST /admin/login email=ada@example.com&password=lovelace')
    await visit(browser, 'GET /admin')
    const copy = fixture.open()
    for (const [name, value] of browser.cookies) copy.cookies.set(name, value)
    await visit(browser, 'GET /admin/api/dashboard')
    await visit(browser, 'GET /admin/logout')
    await visit(browser, 'GET /admin')
    await visit(copy, 'GET /admin/api/dashboard')
  },
}

const sockets: Situation = {
  app: 'sockets',
  async run(fixture) {
    const browser = fixture.open()
    await send(fixture, browser, 'POST /login')
    const cookie = [...browser.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const { io } = requireFrom<{ io(url: string, options: object): ClientSocket }>('express-session', 'socket.io-client')
    for (const transport of ['websocket', 'polling']) {
      const socket = io(fixture.origin, { transports: [transport], extraHeaders: { cookie }, reconnection: false })
      const answer = await new Promise((resolve, reject) => {
        socket.on('connect', () => socket.emit('say', transport, resolve))
        socket.on('connect_error', reject)
      })
      fixture.log(`${transport}: say → ${String(answer)}`)
      socket.close()
    }
    await send(fixture, browser, 'GET /said')
  },
}

interface ClientSocket {
  on(event: string, listener: (value: Error) => void): void
  emit(event: string, text: string, done: (answer: unknown) => void): void
  close(): void
}

const supertest: Situation = {
  app: 'plain',
  async run(fixture) {
    const { agent } = requireFrom<{ agent(origin: string): Agent }>('express-session', 'supertest')
    const visitor = agent(fixture.origin)
    for (let count = 1; count <= 3; count += 1) {
      const { status, body, headers } = await visitor.post('/count')
      fixture.log(`POST /count → ${status} ${String(body)} ${headers['set-cookie'] === undefined ? '' : 'sets a cookie'}`)
    }
  },
}

interface Agent {
  post(path: string): Promise<{ readonly status: number; readonly body: unknown; readonly headers: Readonly<Record<string, unknown>> }>
}

const rollingLogin: Situation = {
  app: 'rolling',
  async run(fixture) {
    const browser = fixture.open()
    await send(fixture, browser, 'GET /read')
    await send(fixture, browser, 'POST /count')
    const before = browser.cookies.get('app.sid')
    await send(fixture, browser, 'GET /read')
    fixture.log(`the sid stays: ${browser.cookies.get('app.sid') === before}`)
    await send(fixture, browser, 'POST /unset')
    await send(fixture, browser, 'GET /read')
  },
}

const fixation: Situation = {
  app: 'tutorial',
  async run(fixture) {
    const victim = fixture.open()
    await send(fixture, victim, 'POST /cart/book')
    const planted = fixture.open()
    for (const [name, value] of victim.cookies) planted.cookies.set(name, value)
    await send(fixture, victim, 'POST /login/7')
    await send(fixture, victim, 'GET /')
    await send(fixture, planted, 'GET /', 'with the cookie of before the login: ')
    await send(fixture, victim, 'POST /login/8')
    await send(fixture, victim, 'GET /')
    await send(fixture, victim, 'POST /logout')
    await send(fixture, victim, 'GET /')
  },
}

const ADA = 'username=ada&password=lovelace'

/** The applications and what their visitors do, by name. */
export const SITUATIONS: Readonly<Record<string, Situation>> = {
  'properties: read, write, delete': steps(
    'plain',
    'GET /all',
    'POST /count',
    'POST /count',
    'POST /cart/book',
    'POST /cart/pen',
    'POST /set/user/{"name":"ada"}',
    'POST /set/_csrf/"token"',
    'POST /set/userId/7',
    'POST /set/~x/1',
    'POST /delete/cart',
    'POST /delete/cart',
    'POST /assign color=red&size=9',
    'GET /all',
  ),
  'values become JSON': steps('plain', 'POST /values', 'GET /all'),
  'members of the session and its cookie': steps('plain', 'GET /members', 'GET /cookie', 'POST /count', 'GET /members', 'GET /chain'),
  'a visitor who only looks gets no cookie': steps('plain', 'GET /all', 'GET /cookie', 'GET /all'),
  'the cookie of a remembered visitor': steps('plain', 'POST /remember', 'GET /cookie', 'POST /count'),
  'the sid before and after save': steps('plain', 'POST /id', 'POST /id', 'POST /save-twice', 'GET /all'),
  reload: steps('plain', 'POST /reload', 'POST /count', 'POST /reload', 'GET /all'),
  regenerate: steps('plain', 'POST /count', 'POST /regenerate', 'GET /all'),
  destroy: steps('plain', 'POST /count', 'POST /destroy', 'GET /all'),
  'req.session = null': steps('plain', 'POST /count', 'POST /null', 'GET /all'),
  'changes while a response streams': steps('plain', 'POST /count', 'GET /stream', 'GET /all'),
  'changes of a request that fails': steps('plain', 'POST /throw', 'GET /all'),
  'rolling, unset and a lifetime': rollingLogin,
  'uninitialized sessions and genid': steps('uninitialized', 'GET /id', 'GET /id'),
  'login of tutorials': fixation,
  'passport-local': steps(
    'passport',
    'GET /account',
    'POST /login username=ada&password=wrong',
    'GET /login',
    'POST /cart/book',
    `POST /login ${ADA}`,
    'GET /',
    'GET /account',
    'GET /session',
    'POST /logout',
    'GET /',
    'GET /session',
  ),
  'passport-local with keepSessionInfo': steps(
    'passport',
    'GET /account',
    'POST /cart/book',
    `POST /login-keep ${ADA}`,
    'GET /session',
    'POST /logout-keep',
    'GET /session',
    'GET /account',
  ),
  'passport: req.login': steps(
    'passport',
    'POST /cart/book',
    `POST /login-by-hand ${ADA}`,
    'GET /',
    'POST /login username=eve&password=apple',
    'GET /',
  ),
  'connect-flash': steps(
    'flash',
    'POST /add/info/one',
    'POST /add/info/two',
    'POST /add/error/three',
    'GET /messages/info',
    'GET /messages',
    'GET /messages',
  ),
  'connect-flash in three tabs': twoTabs,
  csurf: csrf('csurf', 'csrf-token'),
  'csrf-sync': csrf('csrfSync', 'x-csrf-token'),
  'csrf-csrf': csrf('csrfCsrf', 'x-csrf-token'),
  'keycloak-connect: its store': steps('keycloak', 'GET /token', 'POST /login', 'GET /token', 'POST /k_logout', 'GET /token'),
  AdminJS: admin,
  'passport-oauth2': login('oauth2'),
  'passport-openidconnect': login('openidconnect'),
  'openid-client': login('openidClient'),
  grant: login('grant'),
  'express-openid-connect with a store': login('expressOpenidConnect'),
  'socket.io': sockets,
  supertest,
  'NestJS with @nestjs/passport': {
    ...steps('nest', 'GET /', `POST /login ${ADA}`, 'GET /', 'POST /logout', 'GET /'),
    express: ['express'],
  },
}

interface Improvement {
  readonly because: string
  /** The lines of the transcript that differ, by their index. */
  readonly steps: Readonly<Record<number, string>>
}

/** Where the drop-in behaves differently on purpose. */
export const IMPROVEMENTS: Readonly<Record<string, Improvement>> = {
  'properties: read, write, delete': {
    because: 'A user id in req.session.userId is a login, so the session gets a new sid.',
    steps: { 7: 'POST /set/userId/7 → 200 ["_csrf","cart","cookie","user","userId","views"] sets connect.sid' },
  },
  'login of tutorials': {
    because: 'A login by assignment gives the session a new sid, so the cookie from before the login is no longer valid.',
    steps: {
      1: 'POST /login/7 → 302 / sets connect.sid',
      3: 'with the cookie of before the login: GET / → 200 [null,[]]',
      4: 'POST /login/8 → 302 / sets connect.sid',
    },
  },
  destroy: {
    because: 'The response deletes the cookie of a session that was destroyed.',
    steps: { 1: 'POST /destroy → 200 ["undefined"] deletes connect.sid' },
  },
  'rolling, unset and a lifetime': {
    because: 'The response deletes the cookie of a session that was destroyed.',
    steps: { 4: 'POST /unset → 200 deletes app.sid' },
  },
  AdminJS: {
    because: 'The response deletes the cookie of a session that was destroyed.',
    steps: { 6: 'GET /admin/logout → 302 /admin/login deletes adminjs' },
  },
}
