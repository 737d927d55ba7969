import { cookies, headers } from 'next/headers.js'
import { after } from 'next/server.js'
import type { Refusal } from '../../core/base/access.ts'
import { ConfigError } from '../../core/base/errors.ts'
import { writeToJar } from '../../core/cookie/cookie-jar.ts'
import type { CookieToSet } from '../../core/cookie/transport.ts'
import type { Exchange, ResponseAbility, SessionAdapter } from '../../core/manager/adapter-port.ts'
import { reportError } from '../shared/error-status.ts'
import { type NextCookies, NextIncoming } from './next-incoming.ts'

/** The error of a change that needs a cookie, in a place where Next cannot set one. */
const OUTSIDE_WRAPPERS: Refusal = {
  reason: 'no-response',
  error: () =>
    new ConfigError(
      'Next cannot set a cookie here, so no session can start or get another id: the code runs in a Server Component, or in a function that is not wrapped. Start a session, and call login(), logout() and cycleId(), in one of three places: a Server Action in `action(…)`, a Route Handler in `route(…)`, or proxy.ts in `proxy(…)`. A Server Component can change the data of a session that exists; `await session.save()` commits it.',
    ),
}

/** Whether cookies can be set now. */
interface Ability extends ResponseAbility {
  issues: boolean
}

/** What an exchange uses of its request. */
interface RequestOfNext {
  readonly incoming: NextIncoming
  readonly cookies: NextCookies
  /** Makes the next use of the request open another exchange. */
  forget(): void
}

/** One request of Next and its session. */
export class NextExchange<Data> {
  readonly exchange: Exchange<Data>
  readonly #ability: Ability
  readonly #cookies: NextCookies
  /** The cookies that were set last. */
  #set: readonly CookieToSet[] | undefined
  #isCommitScheduled = false
  readonly #isQuiet: boolean
  readonly #forget: () => void

  private constructor(exchange: Exchange<Data>, ability: Ability, { cookies, incoming, forget }: RequestOfNext) {
    this.exchange = exchange
    this.#ability = ability
    this.#cookies = cookies
    this.#isQuiet = incoming.isQuiet
    this.#forget = forget
  }

  static async open<Data>(adapter: SessionAdapter<Data>, request: RequestOfNext): Promise<NextExchange<Data>> {
    const ability: Ability = { issues: false, refusal: OUTSIDE_WRAPPERS, late: adapter.saveOnEnd }
    return new NextExchange(await adapter.open(request.incoming, ability), ability, request)
  }

  /** Whether a wrapper is running, which sets cookies. */
  get isWrapped(): boolean {
    return this.#ability.issues
  }

  /**
   * Runs the function of a wrapper, in which a session can start, through `commit`. Inside of
   * another wrapper, that one commits.
   */
  async run<Result>(
    handler: () => Promise<Result>,
    commit: (current: this, handler: () => Promise<Result>) => Promise<Result>,
  ): Promise<Result> {
    if (this.isWrapped) return handler()
    this.#ability.issues = true
    try {
      return await commit(this, handler)
    } finally {
      this.#ability.issues = false
    }
  }

  /**
   * Commits what was changed so far and sets the cookie. The session stays open for the page that
   * Next renders after an action in the same request.
   */
  async save(): Promise<void> {
    const { session } = this.exchange
    try {
      if (session.modified) await session.save()
    } catch (error) {
      await this.fail()
      throw error
    }
    this.setCookies()
  }

  /**
   * Performs a flush, and drops the other changes. The page that Next renders then loads the
   * session again, so that it does not show them, and the commit after it does not save them.
   */
  async fail(): Promise<void> {
    await this.exchange.commit(500).catch(() => undefined)
    this.setCookies()
    this.#forget()
  }

  /**
   * Sets the cookies that are pending, each once, because Next clears the router's cache each time.
   */
  setCookies(): void {
    const pending = this.exchange.delivery().cookies
    if (pending === this.#set) return
    this.#set = pending
    void writeToJar({ read: () => undefined, write: (name, value, options) => this.#cookies.set({ name, value, ...options }) }, pending)
  }

  /**
   * Commits after the response what a component cannot commit itself: that a message was read, and
   * that the session was used.
   */
  commitAfterResponse(): void {
    if (this.#isCommitScheduled || this.#isQuiet) return
    this.#isCommitScheduled = true
    after(() => this.exchange.commit(200).then(() => undefined, reportError))
  }
}

/** The exchanges of one manager. */
export class NextExchanges<Data> {
  readonly #adapter: SessionAdapter<Data>
  /**
   * By the object that `headers()` resolves to: Next keeps it through an action and the page that
   * follows it, and React's `cache()` does not.
   */
  readonly #exchanges: WeakMap<Headers, Promise<NextExchange<Data>>> = new WeakMap()

  constructor(adapter: SessionAdapter<Data>) {
    this.#adapter = adapter
  }

  /**
   * The exchange of the current request, with its method where it is known. Its session is loaded
   * once.
   */
  async current(method?: string): Promise<NextExchange<Data>> {
    const [received, jar] = await Promise.all([headers(), cookies()])
    let found = this.#exchanges.get(received)
    if (found === undefined) {
      const incoming = new NextIncoming(received, jar, method)
      found = NextExchange.open(this.#adapter, { incoming, cookies: jar, forget: () => this.#exchanges.delete(received) })
      this.#exchanges.set(received, found)
    }
    return found
  }
}
