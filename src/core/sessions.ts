import { jsonCodec } from '../codecs/json.ts'
import { isLoopback } from '../wire/loopback.ts'
import { type Cookie, type CookieRules, cookieRules } from './cookie-rules.ts'
import { Draft } from './draft.ts'
import { milliseconds } from './duration.ts'
import type { Engine } from './engine.ts'
import { ConfigError, SessionError, StoreError } from './errors.ts'
import { guarded } from './events.ts'
import { endsWithBrowser, type Lifetime } from './expiry.ts'
import { type Draw, drawFrom, parseId, type Random, systemDraw } from './id.ts'
import type { Keeper } from './keeper.ts'
import { findId, openFrom } from './opening.ts'
import { checkOptions } from './options.ts'
import { Performer } from './performer.ts'
import type { Described, Schemas } from './schema.ts'
import { draftOf, Session } from './session.ts'
import type { Default } from './session-data.ts'
import type { SessionOptions } from './settings.ts'
import type { Store } from './store.ts'
import { TimedStore } from './timed-store.ts'
import { Users } from './users.ts'
import { Values } from './values.ts'

/** What an adapter knows of a request. */
export interface Incoming {
  /** The `Cookie` header. */
  readonly cookie: string | undefined
  /** It came over HTTPS. */
  readonly secure: boolean
  /** It never left this machine. */
  readonly loopback: boolean
  /** What to tell the framework when HTTPS is not seen, such as `app.set('trust proxy', 1)`. */
  readonly remedy?: string | undefined
}

type Bound<Data> = Record<symbol, Session<Data> | undefined>

/**
 * Opens and commits the sessions of an application. One for each cookie; adapters make one of their options, or take yours.
 */
export class Sessions<Data = Default> {
  /** Ends and lists the sessions of a user. */
  readonly users: Users
  /** Under which name adapters put the session on the request (option `as`). */
  readonly name: string
  readonly lazy: boolean
  readonly #store: Store
  readonly #engine: Engine
  readonly #cookies: CookieRules
  readonly #performer: Performer
  readonly #keeper: Keeper
  readonly #saveOnError: boolean
  /** Under which a request holds its session for `of`. A property: a WeakMap that gains an entry with every request costs more than the rest. */
  readonly #bound: symbol = Symbol('sojourn session')

  constructor(options: SessionOptions) {
    checkOptions(options)
    const { store, lazy = false, as: name = 'session', saveOnError = false, onGone = 'error', cookie = {} } = options
    this.name = name
    this.lazy = lazy
    this.#store = store
    this.#saveOnError = saveOnError
    this.#engine = engineOf(options)
    this.#cookies = cookieRules(cookie)
    this.#performer = new Performer(this.#engine, onGone)
    this.#keeper = this.#keep()
    this.users = new Users(this.#engine)
  }

  /**
   * The session of a request: the one its cookie names, or a new and empty one that costs nothing until something is set. Never rejects
   * because of the store: a load that failed is raised when the session is first used.
   */
  async open(source: Request | Incoming): Promise<Session<Data>> {
    const incoming = 'headers' in source ? arrived(source) : source
    const cookie = this.#cookies.over(incoming)
    const { identity, absence, hasCookie } = cookie === undefined ? INSECURE : findId(incoming.cookie, cookie.name)
    const draft = new Draft(this.#engine, { cookie, hasCookie, insecure: cookie === undefined ? refusal(incoming.remedy) : undefined })
    if (absence !== undefined) this.#engine.emit({ type: 'absent', reason: absence })
    draft.identity = identity
    if (identity !== undefined) await this.#begin(draft)
    return new Session<Data>(draft, this.#keeper)
  }

  /**
   * Carries out what the request did with its session; from here on the session can only be read. Of a response of 500 and above only a
   * flush is performed. Answers the headers the session owes to the response. Rejects with `GoneError`, `ConflictError`, `CodecError`,
   * `StoreError`, `CommitUnknownError`, or what a function of `update` threw; then too `headers` tells what is owed.
   */
  async commit(session: Session<Data>, response: { readonly status: number }): Promise<Headers> {
    const draft = this.#draftOf(session)
    if (!draft.sealed) {
      draft.sealed = true
      await this.#performer.perform(draft, response.status >= 500 && !this.#saveOnError)
    }
    return this.headers(session)
  }

  /**
   * What the session owes to whatever response follows: `Set-Cookie` for an id that was born and committed, or to delete the cookie of a
   * session that was flushed; `Vary: Cookie` when it was looked at.
   */
  headers(session: Session<Data>): Headers {
    const draft = this.#draftOf(session)
    const headers = new Headers()
    const setCookie = draft.cookie === undefined ? undefined : this.#owed(draft, draft.cookie)
    if (setCookie !== undefined) {
      headers.append('Set-Cookie', setCookie)
      this.#announce(draft)
    }
    if (draft.accessed || setCookie !== undefined) headers.append('Vary', 'Cookie')
    return headers
  }

  /** A new session outside of requests; `save()` gives it a row and an `id`. */
  create(): Session<Data> {
    return new Session<Data>(new Draft(this.#engine), this.#keeper)
  }

  /**
   * The session of an id, outside of requests: for a job, a socket, a long stream. An unknown id gives a new, empty session. Save by
   * hand. Rejects with `StoreError`.
   */
  async load(id: string): Promise<Session<Data>> {
    const draft = new Draft(this.#engine)
    draft.identity = parseId(id)
    if (draft.identity !== undefined) draft.standing = 'unloaded'
    await openFrom(this.#engine, draft)
    return new Session<Data>(draft, this.#keeper)
  }

  /** The session of a request in any framework: of its request, its context, or whatever the adapter put it on. */
  of(request: object): Session<Data> {
    const session = (request as Bound<Data>)[this.#bound]
    if (session === undefined)
      throw new ConfigError(
        'This request has no session of this manager: put its middleware, app.use(session(sessions)), before the route.',
      )
    return session
  }

  /** Lets `of` find the session by this object. For adapters. */
  bind(request: object, session: Session<Data>): void {
    ;(request as Bound<Data>)[this.#bound] = session
  }

  /** Ends one session by its handle, wherever it is used. `false` when there was none. Rejects with `StoreError`. */
  async revoke(handle: string): Promise<boolean> {
    const ended = await this.#engine.store.delete(handle)
    if (ended) this.#engine.emit({ type: 'deleted', reason: 'revoked', handle })
    return ended
  }

  /**
   * Deletes expired sessions in batches and answers how many. They are dead without it; this gives their room back. Run it now and then,
   * anywhere, any number of times at once.
   */
  async clearExpired(
    options: { readonly batch?: number; readonly signal?: AbortSignal; readonly onProgress?: (deleted: number) => void } = {},
  ): Promise<number> {
    const { onProgress, ...rest } = options
    if (this.#store.clearExpired === undefined)
      throw new ConfigError('This store expires its sessions by itself; there is nothing to clear.')
    let total = 0
    for await (const { deleted } of this.#store.clearExpired({ ...rest, now: this.#engine.now() })) {
      total = deleted
      onProgress?.(deleted)
    }
    return total
  }

  /** Closes what the store opened. */
  async close(): Promise<void> {
    await this.#store.close?.()
  }

  async #begin(draft: Draft): Promise<void> {
    draft.standing = 'unloaded'
    if (this.lazy) return
    try {
      await openFrom(this.#engine, draft)
    } catch (error) {
      draft.fail(asSessionError(error))
    }
  }

  #draftOf(session: Session<Data>): Draft {
    const draft = draftOf(session)
    if (!draft.isOf(this.#engine)) throw new ConfigError('This session belongs to another manager.')
    return draft
  }

  #owed({ owedId, owesDeletion, flushed, entry, known }: Draft, cookie: Cookie): string | undefined {
    if (owedId === undefined || entry === undefined) return owesDeletion && flushed.length === 0 ? cookie.delete() : undefined
    const { lifetime, parse, now } = this.#engine
    const left = entry.createdAt + lifetime.absolute - now()
    return cookie.set(owedId.id, endsWithBrowser(known, lifetime, parse) ? undefined : left)
  }

  /** Told once for each cookie, however often an adapter asks what is owed. */
  #announce(draft: Draft): void {
    const { owedId } = draft
    const reason = owedId === undefined ? 'flush' : 'new-id'
    const announced = owedId?.id ?? reason
    if (draft.announced === announced) return
    draft.announced = announced
    this.#engine.emit({ type: 'cookie', reason, ...(owedId === undefined ? {} : { handle: owedId.key }) })
  }

  #keep(): Keeper {
    const { values, lifetime, now } = this.#engine
    return {
      values,
      lifetime,
      now,
      claim: (draft, name) => this.#performer.claim(draft, name),
      save: (draft) => this.#performer.perform(draft, false),
      load: (draft) => this.#performer.load(draft),
      reload: (draft) => this.#performer.reload(draft),
    }
  }
}

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

const DAY = 86_400_000
const MANAGER_LENGTH = 8
const INSECURE = { hasCookie: false, absence: 'insecure', identity: undefined } as const

function engineOf(options: SessionOptions): Engine {
  const { clock = Date.now, random, on, codec = jsonCodec, schema = {}, timeout = {}, maxSize = 1 << 20 } = options
  const emit = guarded(on)
  const values = new Values(codec, schema, emit)
  const draw = random === undefined ? systemDraw() : checkedDraw(random)
  return {
    emit,
    values,
    draw,
    maxSize,
    now: clock,
    store: new TimedStore(options.store, milliseconds(timeout.operation) ?? 2000),
    parse: values.plain,
    lifetime: lifetimeOf(options),
    manager: draw(MANAGER_LENGTH),
    patience: milliseconds(timeout.request) ?? 5000,
    merging: !isWorkers(),
  }
}

function checkedDraw(random: Random): Draw {
  try {
    return drawFrom(random)
  } catch (cause) {
    throw new ConfigError(`Option \`random\`: ${(cause as Error).message}; it has to be a cryptographically secure generator.`, { cause })
  }
}

function lifetimeOf({ idle, absolute, browserSession = false }: SessionOptions): Lifetime {
  return { idle: milliseconds(idle) ?? 14 * DAY, absolute: milliseconds(absolute) ?? 30 * DAY, browserSession }
}

/** On Workers a request cannot wait for the I/O of another. */
function isWorkers(): boolean {
  return globalThis.navigator?.userAgent === 'Cloudflare-Workers'
}

function arrived(request: Request): Incoming {
  const { headers, url } = request
  const { protocol, host } = new URL(url)
  const secure = protocol === 'https:'
  return {
    cookie: headers.get('cookie') ?? undefined,
    secure,
    loopback: !secure && isLoopback({ hosts: [host, headers.get('host') ?? host], headers: headers.keys(), environment: environment() }),
  }
}

/** A runtime that keeps its environment to itself tells us nothing. */
function environment(): string | undefined {
  try {
    return globalThis.process?.env?.['NODE_ENV']
  } catch {
    return undefined
  }
}

function refusal(remedy: string | undefined): string {
  const first = remedy === undefined ? '' : `${remedy} if a proxy ends TLS and says so, or `
  return `The session cookie cannot be set: this request came over plain HTTP, and not on localhost. Use HTTPS; ${first}\`cookie: { secure: true }\` behind a proxy that ends TLS.`
}

function asSessionError(error: unknown): SessionError {
  return error instanceof SessionError ? error : new StoreError('load', error)
}
