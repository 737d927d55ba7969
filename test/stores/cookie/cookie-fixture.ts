import type { Store } from '../../../src/core/store/store.ts'
import { createSessions, type Session, type SessionEvent, type SessionOptions, type Sessions } from '../../../src/index.ts'
import { CookieStore, type CookieStoreOptions } from '../../../src/stores/cookie.ts'
import { Clock } from '../../core/fixture.ts'
import { incoming } from '../../incoming.ts'
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

  obey(setCookies: readonly string[]): void {
    for (const each of setCookies) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(each) ?? []
      if (/Expires=Thu, 01 Jan 1970/i.test(each)) this.cookies.delete(name)
      else this.cookies.set(name, value)
    }
  }

  /** Another tab, or a thief, with what this browser has now. */
  copy(): Jar {
    return new Jar(this.cookies)
  }
}

/** A request that has opened its session and not yet committed it. */
export interface UnderWay {
  readonly session: Session<any>
  /** Commits; the browser does as it is told, unless its answer got lost. */
  finish(jar?: Jar): Promise<readonly string[]>
}

/** A manager whose sessions live in cookies, with a clock that tests control, and all it told about itself. */
export class CookieWorld {
  readonly clock: Clock = new Clock()
  readonly events: SessionEvent[] = []
  readonly jar: Jar = new Jar()
  readonly sessions: Sessions<any>

  constructor(store: Partial<CookieStoreOptions> = {}, options: Partial<SessionOptions> = {}) {
    this.sessions = this.manager(store, options)
  }

  /** A further manager, as in another process or application. */
  manager(store: Partial<CookieStoreOptions> = {}, options: Partial<SessionOptions> = {}): Sessions<any> {
    const onEvent = (event: SessionEvent): void => void this.events.push(event)
    return createSessions<any>({ store: new CookieStore({ secrets: SECRET, ...store }), clock: this.clock.read, onEvent, ...options })
  }

  async begin(jar: Jar = this.jar, sessions: Sessions<any> = this.sessions): Promise<UnderWay> {
    const session = await sessions.open(incoming(jar.header))
    const finish = async (browser: Jar = jar): Promise<readonly string[]> => {
      const setCookies = (await sessions.commit(session, { status: 200 })).getSetCookie()
      browser.obey(setCookies)
      return setCookies
    }
    return { session, finish }
  }

  /** A whole request; what it set. */
  async visit(
    handler: (session: Session<any>) => unknown,
    jar: Jar = this.jar,
    sessions: Sessions<any> = this.sessions,
  ): Promise<readonly string[]> {
    const { session, finish } = await this.begin(jar, sessions)
    await handler(session)
    return finish()
  }

  /** What a further request reads. */
  async read(jar: Jar = this.jar, sessions: Sessions<any> = this.sessions): Promise<Record<string, unknown>> {
    return (await this.begin(jar, sessions)).session.toObject() as Record<string, unknown>
  }
}

/** How many rows a store has, expired ones included. */
export async function rowsOf(store: Store): Promise<number> {
  return (await store.list?.({ now: 0, limit: 1000 }))?.entries.length ?? 0
}
