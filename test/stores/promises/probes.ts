// What a store carries: one small program per promise, which runs on every store. A store that cannot
// keep a promise refuses the program with a typed error, or the program finds that it does not hold.
import { csrfToken, verifyCsrfToken } from '../../../src/csrf/csrf.ts'
import type { IncomingRequest, Session, SessionOptions, Sessions } from '../../../src/index.ts'
import { Clock } from '../../core/fixture.ts'
import { incoming } from '../../helpers/incoming.ts'

/** A request that presents an id as a bearer token. */
function bearing(token: string | undefined): IncomingRequest {
  return {
    secure: true,
    loopback: false,
    header: (name) => (name === 'authorization' && token !== undefined ? `Bearer ${token}` : undefined),
  }
}

interface LoginFacts {
  readonly level: number
  readonly device: string
}

/** Makes managers on the rows of one store. */
export interface Rows {
  manager(options: Omit<SessionOptions, 'store'>): Sessions<any>
  /** A manager on the same rows, which a `SealedStore` seals. Without it the store is not public. */
  sealed?(options: Omit<SessionOptions, 'store'>): Sessions<any>
  /** Closes the store. */
  close?(): Promise<unknown>
  /** Where a login needs more than `session.login`. */
  login?(session: Session<any>, user: string, facts?: LoginFacts): void
}

const MINUTE = 60_000
const DAY = 1440 * MINUTE

/** The cookies of one browser. */
export class Browser {
  readonly #cookies: Map<string, string>

  constructor(cookies: Iterable<readonly [string, string]> = []) {
    this.#cookies = new Map(cookies)
  }

  get header(): string | undefined {
    return this.#cookies.size === 0 ? undefined : [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  }

  apply(headers: Headers): void {
    for (const line of headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (value === '') this.#cookies.delete(name)
      else this.#cookies.set(name, value)
    }
  }

  /** Another browser with the same cookies, such as that of a thief. */
  copy(): Browser {
    return new Browser(this.#cookies)
  }
}

/** Managers on one store, and the requests of browsers. */
export class Site {
  readonly clock: Clock = new Clock()
  readonly #rows: Rows

  constructor(rows: Rows) {
    this.#rows = rows
  }

  /** Another manager, as in another process. */
  manager(options: Partial<SessionOptions> = {}): Sessions<any> {
    return this.#rows.manager({ clock: this.clock.read, ...options })
  }

  /** A manager whose rows are sealed; `undefined` where no `SealedStore` can be. */
  sealed(): Sessions<any> | undefined {
    return this.#rows.sealed?.({ clock: this.clock.read })
  }

  async request(browser: Browser, handler: (session: Session<any>) => unknown, sessions: Sessions<any> = this.manager()): Promise<void> {
    const session = await sessions.open(incoming(browser.header))
    await handler(session)
    browser.apply(await sessions.commit(session, { status: 200 }))
  }

  async cart(browser: Browser): Promise<unknown> {
    return (await this.manager().open(incoming(browser.header))).get('cart')
  }

  async user(browser: Browser, sessions: Sessions<any> = this.manager()): Promise<unknown> {
    return (await sessions.open(incoming(browser.header))).userId
  }

  login(session: Session<any>, user: string, facts?: LoginFacts): void {
    if (this.#rows.login === undefined) session.login(user, facts)
    else this.#rows.login(session, user, facts)
  }

  /** A browser whose user is logged in. */
  async loggedIn(user = 'ada', options: Partial<SessionOptions> = {}): Promise<Browser> {
    const browser = new Browser()
    await this.request(browser, (session) => this.login(session, user), this.manager(options))
    this.clock.advance(1)
    return browser
  }
}

/** Resolves to whether the promise holds. A refusal is an error. */
export type Probe = (site: Site) => Promise<boolean>

export const PROBES: Readonly<Record<string, Probe>> = {
  'overlapping requests lose no update': async (site) => {
    const browser = new Browser()
    await site.request(browser, (session) => session.set('count', 0))
    const sessions = [site.manager(), site.manager()]
    const opened = await Promise.all(sessions.map((manager) => manager.open(incoming(browser.header))))
    for (const session of opened) session.increment('count')
    for (const [index, session] of opened.entries())
      browser.apply((await sessions[index]?.commit(session, { status: 200 })) ?? new Headers())
    return (await site.manager().open(incoming(browser.header))).get('count') === 2
  },
  '`claim`': async (site) => {
    const browser = new Browser()
    await site.request(browser, (session) => session.set('ticket', 1))
    const opened = await Promise.all([site.manager(), site.manager()].map((manager) => manager.open(incoming(browser.header))))
    const taken = await Promise.all(opened.map((session) => session.claim('ticket')))
    return taken.filter((value) => value === 1).length === 1
  },
  '`logout` is final': async (site) => {
    const browser = new Browser()
    await site.request(browser, (session) => session.set('cart', 1))
    const thief = browser.copy()
    await site.request(browser, (session) => session.logout())
    return (await site.cart(thief)) === undefined
  },
  '`cycleId()` ends the id before': async (site) => {
    const browser = new Browser()
    await site.request(browser, (session) => session.set('cart', 1))
    const thief = browser.copy()
    await site.request(browser, (session) => session.cycleId())
    return (await site.cart(browser)) === 1 && (await site.cart(thief)) === undefined
  },
  'login facts: `authentication` with level and device': async (site) => {
    const browser = new Browser()
    await site.request(browser, (session) => site.login(session, 'ada', { level: 2, device: 'phone' }))
    const { authentication } = await site.manager().open(incoming(browser.header))
    return authentication?.level === 2 && authentication.device === 'phone'
  },
  '`requireUser({ within })` and `reauthenticate`': async (site) => {
    const browser = await site.loggedIn()
    const isFresh = async (): Promise<boolean> => {
      const session = await site.manager().open(incoming(browser.header))
      return session.requireUser({ within: '10m' }).then(
        () => true,
        () => false,
      )
    }
    site.clock.advance(11 * MINUTE)
    const before = await isFresh()
    await site.request(browser, (session) => session.reauthenticate())
    return !before && (await isFresh())
  },
  '`reauthenticate` ends the id before': async (site) => {
    const browser = await site.loggedIn()
    const thief = browser.copy()
    await site.request(browser, (session) => session.reauthenticate())
    return (await site.user(thief)) === undefined
  },
  'requests that are not activity: `touch: false`': async (site) => {
    const browser = await site.loggedIn()
    site.clock.advance(13 * DAY)
    const sessions = site.manager()
    const session = await sessions.open(incoming(browser.header), { touch: false })
    const before = session.userId
    browser.apply(await sessions.commit(session, { status: 200 }))
    site.clock.advance(2 * DAY)
    return before === 'ada' && (await site.user(browser)) === undefined
  },
  '`users.list` with devices': async (site) => {
    const browser = new Browser()
    await site.request(browser, (session) => site.login(session, 'ada', { level: 2, device: 'phone' }))
    await site.loggedIn()
    const current = await site.manager().open(incoming(browser.header))
    const devices = await site.manager().users.list('ada', { current })
    return devices.length === 2 && devices.some((each) => each.device === 'phone' && each.current && each.level === 2)
  },
  '`users.revoke`': async (site) => {
    const browser = await site.loggedIn()
    await site.manager().users.revoke('ada')
    return (await site.user(browser)) === undefined
  },
  '`users.revoke` with `except`': async (site) => {
    const [browser, other] = [await site.loggedIn(), await site.loggedIn()]
    const except = await site.manager().open(incoming(browser.header))
    await site.manager().users.revoke('ada', { except })
    return (await site.user(browser)) === 'ada' && (await site.user(other)) === undefined
  },
  'no login that was opened before survives a revocation': async (site) => {
    const late = await site.manager().open(incoming(undefined))
    site.clock.advance(1)
    await site.manager().users.revoke('ada')
    site.clock.advance(1)
    site.login(late, 'ada')
    return late.save().then(
      () => false,
      () => true,
    )
  },
  '`revokeAll`': async (site) => {
    const browser = await site.loggedIn()
    await site.manager().revokeAll()
    return (await site.user(browser)) === undefined
  },
  '`revokeOthers`': async (site) => {
    const browser = await site.loggedIn()
    const other = await site.loggedIn()
    await site.request(browser, (session) => session.reauthenticate({ revokeOthers: true }))
    return (await site.user(browser)) === 'ada' && (await site.user(other)) === undefined
  },
  '`maxPerUser`': async (site) => {
    const [oldest, newest] = [await site.loggedIn('ada', { maxPerUser: 1 }), await site.loggedIn('ada', { maxPerUser: 1 })]
    return (await site.user(oldest)) === undefined && (await site.user(newest)) === 'ada'
  },
  '`revokedBefore`': async (site) => {
    const browser = await site.loggedIn()
    const strict = site.manager({ revokedBefore: new Date(site.clock.at) })
    return (await site.user(browser, strict)) === undefined
  },
  'two logins at once keep the data': async (site) => {
    const browser = new Browser()
    await site.request(browser, (session) => session.set('cart', 1))
    const second = browser.copy()
    for (const each of [browser, second]) await site.request(each, (session) => site.login(session, 'ada'))
    return (await site.cart(browser)) === 1 && (await site.cart(second)) === 1 && (await site.user(browser)) === 'ada'
  },
  '`replaced` reports an id that was replaced a moment ago': async (site) => {
    const browser = await site.loggedIn()
    const before = browser.copy()
    await site.request(browser, (session) => session.cycleId())
    const session = await site.manager().open(incoming(before.header))
    return session.replaced && session.userId === undefined
  },
  'renewal: option `cycleId`': async (site) => {
    const options = { cycleId: '15m' } as const
    const browser = await site.loggedIn('ada', options)
    const before = browser.copy()
    site.clock.advance(16 * MINUTE)
    await site.request(browser, (session) => session.get('cart'), site.manager(options))
    return browser.header !== before.header && (await site.user(browser)) === 'ada' && (await site.user(before)) === 'ada'
  },
  "`transport: 'bearer'`": async (site) => {
    const sessions = site.manager({ transport: 'bearer' })
    const session = await sessions.open(bearing(undefined))
    session.set('cart', 1)
    const token = (await sessions.commit(session, { status: 200 })).get('session-id')
    return (await sessions.open(bearing(token ?? undefined))).get('cart') === 1
  },
  'end notifications: `watch`': async (site) => {
    const browser = await site.loggedIn()
    const sessions = site.manager()
    const session = await sessions.open(incoming(browser.header))
    await site.request(browser, (other) => other.logout())
    // The check after the registration reports the end, or nothing does.
    const reason = await new Promise<string>((resolve) => {
      sessions.watch(session, resolve)
      setTimeout(resolve, 2000, 'still watching')
    })
    await sessions.close()
    return reason === 'ended'
  },
  'a request of another origin has no session': async (site) => {
    const browser = await site.loggedIn()
    const headers = { cookie: browser.header ?? '', origin: 'https://evil.example' }
    const session = await site.manager().open(new Request('https://shop.example/', { method: 'POST', headers }))
    if (session.userId !== undefined) return false
    try {
      session.set('cart', 1)
      return false
    } catch (error) {
      return (error as { readonly code?: unknown }).code === 'ERR_SESSION_CSRF'
    }
  },
  'tokens of `sojourn/csrf`': async (site) => {
    const browser = new Browser()
    await site.request(browser, (session) => session.set('cart', 1))
    const token = csrfToken(await site.manager().open(incoming(browser.header)))
    verifyCsrfToken(await site.manager().open(incoming(browser.header)), token)
    return true
  },
  'sealed rows: `SealedStore` over it': async (site) => {
    const sessions = site.sealed()
    if (sessions === undefined) return false
    const browser = new Browser()
    await site.request(browser, (session) => session.login('ada'), sessions)
    return (await site.user(browser, sessions)) === 'ada' && (await site.user(browser)) === undefined
  },
}
