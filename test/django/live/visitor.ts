import { parseSetCookie } from 'cookie'
import type { Deed, Side } from './deed.ts'

/** What a side answered: the status, and what the deeds returned where it is 200. */
export interface Answer {
  readonly status: number
  readonly results: readonly any[]
  readonly setCookies: readonly string[]
}

/** Seconds that both sides are ahead of the clock on the wall. */
export const time: { ahead: number } = { ahead: 0 }

/** A browser that visits both sides of one origin: what one has set the other is sent. */
export class Visitor {
  readonly cookies: Map<string, string> = new Map()

  /** What the deeds returned. Throws when the side did not answer with 200. */
  async on(side: Side, ...deeds: readonly Deed[]): Promise<readonly any[]> {
    const { status, results } = await this.ask(side, ...deeds)
    if (status !== 200) throw new Error(`${status}: ${String(results[0])}`)
    return results
  }

  async ask(side: Side, ...deeds: readonly Deed[]): Promise<Answer> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const headers = { 'content-type': 'application/json', 'x-ahead': String(time.ahead), ...(cookie === '' ? {} : { cookie }) }
    const response = await fetch(side.url, { method: 'POST', headers, body: JSON.stringify(deeds) })
    const setCookies = response.headers.getSetCookie()
    for (const each of setCookies) this.#obey(each)
    const text = await response.text()
    return { status: response.status, results: text.startsWith('[') ? (JSON.parse(text) as unknown[]) : [text], setCookies }
  }

  /** Another tab, or a thief, with what this browser has now. */
  copy(): Visitor {
    const other = new Visitor()
    for (const [name, value] of this.cookies) other.cookies.set(name, value)
    return other
  }

  #obey(setCookie: string): void {
    const { name, value, maxAge, expires } = parseSetCookie(setCookie)
    if (maxAge === 0 || expires?.getTime() === 0) this.cookies.delete(name)
    else this.cookies.set(name, value ?? '')
  }
}
