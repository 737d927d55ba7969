import type { SessionOptions } from '../../src/index.ts'
import { type Inspector, type InspectorOptions, inspector, type Operator } from '../../src/inspector/inspector.ts'
import { appWith, type TestApp } from '../core/fixture.ts'

export const URL_OF_INSPECTOR = 'https://shop.example.com/admin/sessions'

/** An operator who may do everything. */
export const ADA: Operator = { name: 'ada', values: true, changes: true }

/** An application with one session, its inspector, and the browser of an operator. */
export class InspectedApp {
  readonly app: TestApp
  readonly handler: Inspector
  /** The handle of the session. */
  readonly handle: string
  #cookie = ''

  private constructor(app: TestApp, handler: Inspector, handle: string) {
    this.app = app
    this.handler = handler
    this.handle = handle
  }

  static async create(
    properties: Record<string, unknown>,
    { operator = ADA, history, ...options }: Partial<SessionOptions> & { operator?: Operator; history?: number } = {},
  ): Promise<InspectedApp> {
    const app = await appWith(properties, { properties: { otp: { secret: true } }, ...options })
    const inspectorOptions: InspectorOptions<any> = { sessions: app.sessions, authorize: () => operator, clock: app.clock.read }
    const handler = inspector(history === undefined ? inspectorOptions : { ...inspectorOptions, history })
    return new InspectedApp(app, handler, (await app.open()).handle ?? '')
  }

  async get(query: string | Record<string, string> = ''): Promise<{ readonly response: Response; readonly text: string }> {
    return this.#send(new Request(urlOf(query), { headers: { cookie: this.#cookie } }))
  }

  /** Opens the page that asks for confirmation, and posts its form. */
  async confirm(query: Record<string, string>, headers: Record<string, string> = {}): Promise<Response> {
    const { text } = await this.get(query)
    const token = /name="token" value="([^"]*)"/.exec(text)?.[1] ?? ''
    return this.post(query, `token=${token}`, headers)
  }

  async post(query: Record<string, string>, body: string, headers: Record<string, string> = {}): Promise<Response> {
    const all = { cookie: this.#cookie, 'sec-fetch-site': 'same-origin', 'content-type': 'application/x-www-form-urlencoded', ...headers }
    return (await this.#send(new Request(urlOf(query), { method: 'POST', headers: all, body }))).response
  }

  async #send(request: Request): Promise<{ readonly response: Response; readonly text: string }> {
    const response = await this.handler(request)
    const [cookie] = response.headers.getSetCookie()
    if (cookie !== undefined) this.#cookie = cookie.split(';')[0] ?? ''
    return { response, text: await response.clone().text() }
  }
}

function urlOf(query: string | Record<string, string>): string {
  return `${URL_OF_INSPECTOR}?${new URLSearchParams(query)}`
}
