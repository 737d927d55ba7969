import type { Store } from '../../../src/core/store/store.ts'
import { createSessions, type Session, type SessionEvent, type SessionOptions, type Sessions } from '../../../src/index.ts'
import { CookieStore, type CookieStoreOptions } from '../../../src/stores/cookie.ts'
import { Clock } from '../../core/fixture.ts'
import { incoming } from '../../helpers/incoming.ts'
import { SECRET } from './cookie-secret.ts'

/** The cookies of one browser. */
export class Jar {
  readonly cookies: Map<string, string>

  constructor(cookies: Iterable<readonly [string, string]> = []) {
    this.cookies = new Map(cookies)
  }

  get header(): string | undefined {
    return this.cookies.size === 0 ? undefined : [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  }

  get size(): number {
    return [...this.cookies.values()].join('').length
  }

  apply(setCookies: readonly string[]): void {
    for (const each of setCookies) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(each) ?? []
      if (/Expires=Thu, 01 Jan 1970/i.test(each)) this.cookies.delete(name)
      else this.cookies.set(name, value)
    }
  }

  /** Another tab or an attacker with the current cookies of this browser. */
  copy(): Jar {
    return new Jar(this.cookies)
  }
}

/** A request whose session is open and not yet committed. */
export interface OpenRequest {
  readonly session: Session<any>
  /** Commits, applies the cookies to `jar`, and returns them. */
  finish(jar?: Jar): Promise<readonly string[]>
}

/** A manager with a `CookieStore`, with a clock that tests control, and its events. */
export class CookieFixture {
  readonly clock: Clock = new Clock()
  readonly events: SessionEvent[] = []
  readonly jar: Jar = new Jar()
  readonly sessions: Sessions<any>

  constructor(store: Partial<CookieStoreOptions> = {}, options: Partial<SessionOptions> = {}) {
    this.sessions = this.newManager(store, options)
  }

  /** Another manager, as in another process or application. */
  newManager(store: Partial<CookieStoreOptions> = {}, options: Partial<SessionOptions> = {}): Sessions<any> {
    const onEvent = (event: SessionEvent): void => void this.events.push(event)
    return createSessions<any>({ store: new CookieStore({ secrets: SECRET, ...store }), clock: this.clock.read, onEvent, ...options })
  }

  async openRequest(jar: Jar = this.jar, sessions: Sessions<any> = this.sessions): Promise<OpenRequest> {
    const session = await sessions.open(incoming(jar.header))
    const finish = async (browser: Jar = jar): Promise<readonly string[]> => {
      const setCookies = (await sessions.commit(session, { status: 200 })).getSetCookie()
      browser.apply(setCookies)
      return setCookies
    }
    return { session, finish }
  }

  /** Runs a whole request and returns the cookies it set. */
  async request(
    handler: (session: Session<any>) => unknown,
    jar: Jar = this.jar,
    sessions: Sessions<any> = this.sessions,
  ): Promise<readonly string[]> {
    const { session, finish } = await this.openRequest(jar, sessions)
    await handler(session)
    return finish()
  }

  /** Returns what another request reads. */
  async read(jar: Jar = this.jar, sessions: Sessions<any> = this.sessions): Promise<Record<string, unknown>> {
    return (await this.openRequest(jar, sessions)).session.toObject() as Record<string, unknown>
  }
}

/** Returns the number of rows of a store, including expired ones. */
export async function countRows(store: Store): Promise<number> {
  return (await store.list?.({ now: 0, limit: 1000 }))?.entries.length ?? 0
}
