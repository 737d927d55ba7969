import { parseSetCookie } from 'cookie'

/** A command for the session of a request: its name and arguments. Both apps have the same commands. */
export type Command = readonly [name: string, ...args: unknown[]]

/** A running app that executes commands: a Django, or an Express with sojourn. */
export interface App {
  readonly url: string
  close(): Promise<void>
}

/** The two apps of one site. They start in `beforeAll`, after the tests are declared. */
export interface Apps {
  readonly Django: App
  readonly Node: App
}

/** The first app creates a session, the second one uses it. */
export const ORDERS = [
  ['Django', 'Node'],
  ['Node', 'Django'],
] as const

/** The response of an app: the results of the commands where `status` is 200. */
export interface AppResponse {
  readonly status: number
  readonly results: readonly any[]
  readonly setCookies: readonly string[]
}

/** How many seconds the clocks of both apps are ahead of the real time. */
export const time: { ahead: number } = { ahead: 0 }

/** A browser that sends the cookies of one origin to both apps. */
export class Browser {
  readonly cookies: Map<string, string> = new Map()

  /** Executes commands in one request and returns their results. Throws when the status is not 200. */
  async run(app: App, ...commands: readonly Command[]): Promise<readonly any[]> {
    const { status, results } = await this.send(app, ...commands)
    if (status !== 200) throw new Error(`${status}: ${String(results[0])}`)
    return results
  }

  async send(app: App, ...commands: readonly Command[]): Promise<AppResponse> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const headers = { 'content-type': 'application/json', 'x-ahead': String(time.ahead), ...(cookie === '' ? {} : { cookie }) }
    const response = await fetch(app.url, { method: 'POST', headers, body: JSON.stringify(commands) })
    const setCookies = response.headers.getSetCookie()
    for (const setCookie of setCookies) this.#store(setCookie)
    const text = await response.text()
    return { status: response.status, results: text.startsWith('[') ? (JSON.parse(text) as unknown[]) : [text], setCookies }
  }

  /** A second browser with the current cookies of this one, such as a tab or a thief. */
  copy(): Browser {
    const copy = new Browser()
    for (const [name, value] of this.cookies) copy.cookies.set(name, value)
    return copy
  }

  #store(setCookie: string): void {
    const { name, value, maxAge, expires } = parseSetCookie(setCookie)
    if (maxAge === 0 || expires?.getTime() === 0) this.cookies.delete(name)
    else this.cookies.set(name, value ?? '')
  }
}
