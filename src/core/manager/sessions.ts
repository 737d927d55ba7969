import { type Duration, milliseconds } from '../base/duration.ts'
import { ConfigError } from '../base/errors.ts'
import type { Listener, SessionEvent } from '../base/events.ts'
import type { Opened } from '../changes/state.ts'
import { Committer } from '../commit/committer.ts'
import { checkOptions } from '../config/check-options.ts'
import { type Engine, makeEngine } from '../config/engine.ts'
import type { SessionOptions } from '../config/options.ts'
import { ownProfile, type SessionProfile } from '../config/profile.ts'
import type { CookieMatch, CookieRules } from '../cookie/cookie-rules.ts'
import { type IncomingRequest, WebRequest } from '../cookie/incoming-request.ts'
import { Draft } from '../draft/draft.ts'
import { failed, loadInto, openToken, parseSessionCookie } from '../draft/opening.ts'
import type { SessionHeaders } from '../draft/owed.ts'
import type { Origin, Refusal } from '../draft/pending-cookies.ts'
import { draftOf } from '../session/dictionary.ts'
import { Session } from '../session/session.ts'
import { Clearer } from '../store/clearer.ts'
import type { Described, Schemas } from '../values/schema.ts'
import type { Default } from '../values/session-data.ts'
import { Users } from './users.ts'

type Bound<Data> = Record<symbol, Session<Data> | undefined>

/**
 * Opens and commits the sessions of an application. One for each cookie; adapters make one of their options, or take yours.
 */
export class Sessions<Data = Default> {
  /** Ends and lists the sessions of a user. */
  readonly users: Users
  /** Under which name adapters put the session on the request (option `as`). */
  readonly name: string
  /** Whether sessions are read only when `await session.load()` asks for it (option `lazy`). */
  readonly lazy: boolean
  readonly #engine: Engine
  readonly #cookies: CookieRules
  readonly #performer: Committer
  readonly #saveOnError: boolean
  readonly #clearer: Clearer | undefined
  readonly #release: () => Promise<void>
  /**
   * The name of the property `bind` makes, one for each cookie. Not a WeakMap: one that gains an entry with every request costs more than
   * all the rest.
   */
  readonly #bound: symbol

  /** `dialect` is for the modules of this package that share sessions with another framework, such as `sojourn/django`. */
  constructor(options: SessionOptions, dialect: SessionProfile = ownProfile) {
    checkOptions(options)
    const { lazy = false, as: name = 'session', saveOnError = false, whenEnded = 'error' } = options
    this.name = name
    this.lazy = lazy
    this.#saveOnError = saveOnError
    this.#engine = makeEngine(options, dialect)
    this.#cookies = dialect.cookies(options)
    this.#bound = Symbol.for(`sojourn session ${dialect.scope(options)}`)
    this.#performer = new Committer(this.#engine, whenEnded)
    this.users = new Users(this.#engine)
    this.#release = this.#engine.store.retain()
    this.#clearer = clearerOf(this, options.clearExpired, this.#engine.emit)
  }

  /**
   * The session of a request: the one its cookie names, or a new and empty one that costs nothing until something is set. Never rejects
   * because of the store: a load that failed is raised when the session is first used.
   *
   * ```ts
   * const session = await sessions.open(request)
   * ```
   */
  async open(source: Request | IncomingRequest): Promise<Session<Data>> {
    const incoming: IncomingRequest = 'headers' in source ? new WebRequest(source) : source
    const cookie = this.#cookies.over(incoming)
    if (cookie === undefined) return this.#absent({ reason: 'insecure' }, { refusal: insecure(incoming.remedy) })
    const carried = cookie.read(incoming.cookie)
    const origin = { cookie, sent: carried.names }
    if (carried.names.length > 0 && this.#engine.ids.decode !== undefined) return this.#brought(carried, origin)
    const { identity, absentReason } = parseSessionCookie(carried, this.#engine.ids)
    if (identity === undefined) return this.#absent({ reason: absentReason ?? 'no-cookie' }, origin)
    const draft = new Draft(this.#engine, this.#performer, { is: 'unloaded', identity }, origin)
    if (!this.lazy) await this.#begin(draft)
    return new Session<Data>(draft)
  }

  /**
   * Carries out what the request did with its session; from here on the session can only be read. Of a response of 500 and above only a
   * flush is performed. Answers the headers the session owes to the response. Rejects with `SessionEndedError`, `BusyError`, `CodecError`,
   * `StoreError`, `CommitUnknownError`, or what a function of `update` threw; then too `headers` tells what is owed. Asked again, it
   * answers the same.
   *
   * ```ts
   * const headers = await sessions.commit(session, { status: response.status })
   * ```
   */
  async commit(session: Session<Data>, response: { readonly status: number }): Promise<Headers> {
    await this.settle(session, response)
    return this.headers(session)
  }

  /** As `commit`, with what is owed as it is. For adapters: to make `Headers` of it costs more than all the rest. */
  async settle(session: Session<Data>, response: { readonly status: number }): Promise<SessionHeaders> {
    const draft = this.#draftOf(session)
    await draft.seal(() => this.#performer.perform(draft, response.status >= 500 && !this.#saveOnError))
    return this.owed(session)
  }

  /**
   * What the session owes to whatever response follows: `Set-Cookie` for an id that was born and committed (with a `CookieStore`, for the
   * session itself, in as many cookies as it takes), or to delete the cookie of a session that was flushed; `Vary: Cookie` when it was looked at.
   */
  headers(session: Session<Data>): Headers {
    const { setCookies, vary } = this.owed(session)
    const headers = new Headers()
    for (const setCookie of setCookies) headers.append('Set-Cookie', setCookie)
    if (vary !== undefined) headers.append('Vary', vary)
    return headers
  }

  /** As `headers`. For adapters. */
  owed(session: Session<Data>): SessionHeaders {
    const draft = this.#draftOf(session)
    const setCookies = draft.flushed.length === 0 ? draft.cookies.setCookies : NONE
    return { setCookies, vary: draft.accessed || setCookies.length > 0 ? 'Cookie' : undefined }
  }

  /** A new session outside of requests; `save()` gives it a row and an `id`. */
  create(): Session<Data> {
    return new Session<Data>(new Draft(this.#engine, this.#performer, { is: 'absent' }))
  }

  /**
   * The session of an id (`session.id`, a secret), outside of requests: for a job, a socket, a long stream. Save by hand. A session that
   * ended meanwhile, or whose id was renewed, looks empty, and to save in it is a `SessionEndedError`. With a `CookieStore` it can only be read.
   * Rejects with `StoreError`.
   *
   * ```ts
   * const session = await sessions.load(id)
   * session.set('report', 'ready')
   * await session.save()
   * ```
   */
  async load(id: string): Promise<Session<Data>> {
    const identity = typeof id === 'string' ? this.#engine.ids.parse(id) : undefined
    const origin = this.#engine.capabilities.carriesData ? { refusal: OUTSIDE } : {}
    const draft = new Draft(this.#engine, this.#performer, identity === undefined ? { is: 'ended' } : { is: 'unloaded', identity }, origin)
    if (identity !== undefined) await loadInto(this.#engine, draft)
    if (draft.state.is === 'absent') draft.end(false)
    return new Session<Data>(draft)
  }

  /**
   * The session of a request in any framework: of its request, its context, or whatever the adapter put it on. Throws `ConfigError` when
   * there is none.
   *
   * ```ts
   * const cart = sessions.of(req).get('cart', [])
   * ```
   */
  of(request: object): Session<Data> {
    const session = this.find(request)
    if (session !== undefined) return session
    throw new ConfigError('This request has no session of this manager: put its middleware, app.use(session(sessions)), before the route.')
  }

  /** As `of`, but `undefined` when there is none. For adapters. */
  find(request: object): Session<Data> | undefined {
    const session = (request as Bound<Data>)[this.#bound]
    return session !== undefined && this.#isOwn(session) ? session : undefined
  }

  /** Lets `of` find the session by this object. Throws `ConfigError` when another manager has the same cookie there. For adapters. */
  bind(request: object, session: Session<Data>): void {
    const other = (request as Bound<Data>)[this.#bound]
    if (other !== undefined && !this.#isOwn(other)) {
      throw new ConfigError(
        "Two managers use the same cookie for one request; give the second names of its own: `as: 'adminSession', cookie: { name: 'admin' }`.",
      )
    }
    ;(request as Bound<Data>)[this.#bound] = session
  }

  /** Ends one session by its handle, wherever it is used. `false` when there was none. Rejects with `StoreError`, and with `ConfigError` when the store cannot. */
  async revoke(handle: string): Promise<boolean> {
    const ended = await this.#engine.store.delete({ key: handle })
    if (ended) this.#engine.emit({ type: 'ended', reason: 'revoked', handle })
    return ended
  }

  /**
   * Deletes expired sessions in batches and answers how many. They are dead without it; this gives their room back. Run it now and then,
   * anywhere, any number of times at once. Rejects with `StoreError`, and with `ConfigError` when the store needs no clearing.
   *
   * ```ts
   * setInterval(() => sessions.clearExpired().catch(report), 3_600_000).unref()
   * ```
   */
  async clearExpired(
    options: { readonly batch?: number; readonly signal?: AbortSignal; readonly onProgress?: (deleted: number) => void } = {},
  ): Promise<number> {
    const { onProgress, ...rest } = options
    let total = 0
    for await (const { deleted } of this.#engine.store.clearExpired({ ...rest, now: this.#engine.now() })) {
      total = deleted
      onProgress?.(deleted)
    }
    return total
  }

  /**
   * Ends the sweeping of option `clearExpired`, and closes the store, which ends what it opened itself. Managers that share a store each let go of
   * it, and the last one closes it. A second call does nothing.
   */
  async close(): Promise<void> {
    await this.#clearer?.close()
    await this.#release()
  }

  #absent({ reason }: Pick<Absent, 'reason'>, origin: Origin): Session<Data> {
    this.#engine.emit({ type: 'absent', reason })
    return new Session<Data>(new Draft(this.#engine, this.#performer, { is: 'absent' }, origin))
  }

  /** Whether there is a session turns out when somebody looks; it is judged by the time at which its request came. */
  #brought(carried: CookieMatch, origin: Origin): Session<Data> {
    const engine = this.#engine
    const now = engine.now()
    const open = (): Opened => {
      const { identity, absentReason = 'no-cookie' } = parseSessionCookie(carried, engine.ids)
      if (identity !== undefined) return this.lazy ? { state: { is: 'unloaded', identity } } : openToken(engine, identity, now)
      engine.emit({ type: 'absent', reason: absentReason })
      return { state: { is: 'absent' } }
    }
    return new Session<Data>(new Draft(engine, this.#performer, { is: 'unopened', open }, origin))
  }

  async #begin(draft: Draft): Promise<void> {
    try {
      await loadInto(this.#engine, draft)
    } catch (error) {
      const { identity } = draft.state
      if (identity !== undefined) draft.open(failed(identity, error))
    }
  }

  #draftOf(session: Session<Data>): Draft {
    if (!this.#isOwn(session)) throw new ConfigError('This session belongs to another manager.')
    return draftOf(session)
  }

  #isOwn(session: Session<Data>): boolean {
    return session instanceof Session && draftOf(session).engine === this.#engine
  }
}

const NONE: readonly string[] = []

type Absent = SessionEvent & { readonly type: 'absent' }

/**
 * Makes the manager of an application's sessions. Everything but `store` has a safe default. Throws `ConfigError`, which names the
 * option, its value and the remedy.
 *
 * ```ts
 * const sessions = createSessions({ store: new SqliteStore('sessions.db'), idle: '7d' })
 * ```
 */
export function createSessions<const S extends Schemas>(options: SessionOptions & { readonly schema: S }): Sessions<Described<S>>
export function createSessions<Data = Default>(options: SessionOptions): Sessions<Data>
// oxlint-disable-next-line typescript/no-explicit-any -- whatever the overloads above say
export function createSessions(options: SessionOptions): Sessions<any> {
  return new Sessions(options)
}

function clearerOf(sessions: Pick<Sessions, 'clearExpired'>, clearExpired: Duration | undefined, emit: Listener): Clearer | undefined {
  const interval = milliseconds(clearExpired)
  return interval === undefined ? undefined : new Clearer((signal) => sessions.clearExpired({ signal }), interval, emit)
}

/** The data is in the browser, and nothing goes there without a response. */
const OUTSIDE: Refusal = {
  reason: 'outside',
  remedy:
    'This session is kept in the cookie of its browser, so that only a request of that browser can change it, before its response starts. Keep what a job or a stream has to write in a database; `sessions.revoke(handle)` ends the session, where the store was given a `revocation`.',
}

function insecure(remedy: string | undefined): Refusal {
  return { reason: 'insecure', remedy: insecureRemedy(remedy) }
}

function insecureRemedy(remedy: string | undefined): string {
  const first = remedy === undefined ? '' : `${remedy} if a proxy ends TLS and says so, or `
  return `The session cookie cannot be set: this request came over plain HTTP, and not surely from this machine to itself (a Host that is localhost, a peer that is, no header of a proxy, NODE_ENV not production). Use HTTPS; ${first}\`cookie: { secure: true }\` behind a proxy that ends TLS. Browsers take that on http://localhost too.`
}
