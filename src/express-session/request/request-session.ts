import { ConfigError, HeadersSentError } from '../../core/base/errors.ts'
import { formatValue } from '../../core/base/format.ts'
import type { Intent } from '../../core/changes/intent.ts'
import type { CookieToSet, Delivery } from '../../core/cookie/transport.ts'
import type { ChangeRecorder, ChangeSource } from '../../core/draft/change-sources.ts'
import type { Draft } from '../../core/draft/draft.ts'
import type { StartedResponse } from '../../core/draft/started-response.ts'
import type { Exchange } from '../../core/manager/adapter-port.ts'
import { draftOf } from '../../core/session/dictionary.ts'
import type { Settings } from '../config/options.ts'
import { attributesOf } from '../cookie/cookie.ts'
import { checkGenerated } from '../cookie/sids.ts'
import { sign } from '../cookie/signed.ts'
import { TrackedCookie } from '../cookie/tracked-cookie.ts'
import { notFound, Session, type SessionOwner, setOwner } from '../session/session.ts'
import { differences } from '../values/json-texts.ts'
import { propertyTexts, storedName, USER } from '../values/names.ts'
import { SessionProperties } from '../values/session-properties.ts'
import { userChange } from '../values/user.ts'
import { expose, replacement, type SessionHolder } from './expose.ts'
import type { ExpressMessage, ExpressRequest } from './express-request.ts'
import { Turns } from './turns.ts'

/** What a request uses of the manager of its session. */
export interface Manager {
  readonly settings: Settings
  readonly stored: LateSessions
}

/** Changes sessions by their sids, for methods that are called after the response has started. */
export interface LateSessions {
  change(sid: string, intents: readonly Intent[]): Promise<void>
  destroy(sid: string): Promise<void>
}

/** A session object, with what it is compared with. */
interface Shown {
  readonly object: Session
  readonly properties: SessionProperties
  readonly cookie: TrackedCookie
}

/**
 * `req.session` of one request: makes the object when it is first read, and records what the
 * application changed in it before every commit.
 */
export class RequestSession implements SessionOwner, SessionHolder, ChangeSource {
  readonly #req: ExpressMessage
  readonly #incoming: ExpressRequest
  readonly #exchange: Exchange<unknown>
  readonly #settings: Settings
  readonly #stored: LateSessions
  readonly #draft: Draft
  readonly #turns: Turns = new Turns()
  #generation = -1
  #sid = ''
  #shown: Shown | undefined
  /** What the application assigned to `req.session`; `undefined` if it did not. */
  #assigned: { readonly value: unknown } | undefined
  /**
   * What the changes are collected for: `save`, which writes an empty session too, or the response.
   */
  #commits: 'none' | 'save' | 'response' = 'none'
  /** Whether changes are not collected, because they belong to the next commit. */
  #isPaused = false
  #isRegenerated = false
  #isTouched = false
  /** Whether the application also uses the session with the verbs of the manager. */
  #isShared = false
  #expired: CookieToSet | undefined

  constructor(req: ExpressMessage, incoming: ExpressRequest, exchange: Exchange<unknown>, { settings, stored }: Manager) {
    this.#req = req
    this.#incoming = incoming
    this.#exchange = exchange
    this.#settings = settings
    this.#stored = stored
    this.#draft = draftOf(exchange.session)
    this.#begin()
  }

  get value(): unknown {
    if (this.#draft.generation !== this.#generation) this.#begin() // a verb of the manager has flushed the session
    if (this.#assigned !== undefined) return this.#assigned.value
    if (this.#isShared) this.#pull()
    return this.#show().object
  }

  set value(value: unknown) {
    this.#assigned = { value }
  }

  save(session: Session): Promise<void> {
    return this.#turns.run(async () => {
      if (session !== this.#shown?.object) throw new Error(REPLACED)
      if (this.#draft.response.hasStarted && this.#draft.currentIdentity === undefined) throw this.#tooLate()
      if (this.#draft.response.isReadOnly) return this.#stored.change(this.#sid, this.#changes(this.#shown))
      if (this.#endIfOver()) return this.#exchange.session.save()
      await this.#commit('save', () => this.#exchange.session.save())
    })
  }

  reload(): Promise<void> {
    return this.#turns.run(async () => {
      await this.#commit('none', () => this.#exchange.session.reload())
      if (this.#draft.state.is !== 'live') throw notFound()
      this.#begin()
    })
  }

  regenerate(): Promise<void> {
    return this.#turns.run(async () => {
      const ended = this.#end()
      await ended.catch(() => undefined)
      this.#begin()
      this.#isRegenerated = true
      await ended // the callback gets its error when the new session is there
    })
  }

  destroy(session: Session): Promise<void> {
    return this.#turns.run(async () => {
      if (session !== this.#shown?.object) return
      if (this.#draft.response.isReadOnly) return this.#stored.destroy(this.#sid)
      await this.#end()
    })
  }

  touch(): void {
    this.#isTouched = true
  }

  /** Puts a new session on the request, and leaves the one that it had as it is. */
  generate(): void {
    this.#draft.leave()
    this.#begin()
    this.#isRegenerated = true
  }

  /** Called when the application takes the session to use it with the verbs of the manager. */
  share(): void {
    this.#draft.changes.collect()
    this.#isShared = true
  }

  /** Commits the session for a response with this status. */
  commit(status: number, response?: StartedResponse): Promise<Delivery> {
    return this.#turns.run(async () => {
      this.#endIfUnset()
      if (this.#endIfOver()) return this.#withExpired(await this.#exchange.commit(status, response))
      return this.#commit('response', () => this.#exchange.commit(status, response))
    })
  }

  delivery(): Delivery {
    return this.#exchange.delivery()
  }

  get isLate(): boolean {
    return this.#exchange.isLate
  }

  commitLate(): Promise<void> | undefined {
    return this.#exchange.commitLate()
  }

  abandon(): Promise<void> {
    return this.#exchange.abandon()
  }

  collect(recorder: ChangeRecorder): void {
    if (this.#isPaused) return
    const shown = this.#current()
    if (shown === undefined || !this.#mayChange(shown)) return
    if (this.#isShared) shown.properties.pull(propertyTexts(recorder.texts))
    for (const intent of this.#changes(shown)) recorder.record(intent)
    if (shown.cookie.isTooLong) this.#draft.context.warnOnce(TOO_LONG)
    if (this.#needsRow()) recorder.record({ kind: 'save' })
  }

  /** What the application changed in the object since the last call. */
  #changes({ properties, cookie }: Shown): Intent[] {
    const { before, after } = properties.take()
    const found = differences(before, after, this.#settings.merged)
    const stored = this.#draft.properties.texts.get(USER)
    // Once the response has started, it cannot carry the new sid of a login. The next request that
    // changes the session gives it one.
    const user = found.length === 0 || this.#isAfterHead ? undefined : userChange(this.#settings.userOf, before, after, stored)
    const changes = found.map((difference): Intent => ({ ...difference, name: storedName(difference.name) }))
    const ofCookie = found.length === 0 && this.#isUnstarted ? [] : cookie.take()
    // The user is first, because a login can drop the data of another one.
    return [...(user === undefined ? [] : [user]), ...changes, ...ofCookie]
  }

  /** Whether there is no session, and a change of the cookie alone starts none. */
  get #isUnstarted(): boolean {
    const { state, intents } = this.#draft
    return state.is === 'absent' && intents.length === 0 && !this.#needsRow()
  }

  /** Begins with the session of the draft: the stored one, or a new one. */
  #begin(): void {
    const { generation } = this.#draft
    if (generation !== this.#generation) this.#exchange.addSource(this)
    this.#generation = generation
    this.#shown = undefined
    this.#assigned = undefined
    this.#isTouched = false
    this.#setSid(this.#reserve())
    expose(this.#req, this)
  }

  #reserve(): string {
    const { genid } = this.#settings
    const { ids } = this.#draft.context
    if (genid === undefined || this.#draft.currentIdentity !== undefined) return this.#draft.reserveIdentity().id
    const sid = checkGenerated(genid(this.#req))
    return this.#draft.reserveIdentity(ids.parse(sid)).id
  }

  #setSid(sid: string): void {
    this.#sid = sid
    this.#req.sessionID = sid
    if (this.#shown !== undefined) setOwner(this.#shown.object, this, sid)
  }

  #show(): Shown {
    if (this.#shown !== undefined) return this.#shown
    const { properties, state } = this.#draft
    const object = new Session(this.#req)
    const expiresAt = state.is === 'live' ? state.entry.expiresAt : undefined
    object.cookie = this.#incoming.newCookie()
    const cookie = new TrackedCookie(object, properties.texts, this.#settings.lifetime, expiresAt)
    setOwner(object, this, this.#sid)
    this.#shown = { object, cookie, properties: new SessionProperties(object, propertyTexts(properties.texts)) }
    return this.#shown
  }

  /**
   * The session object, if it was made or has to be saved; `undefined` if the application has
   * removed it. Throws `ConfigError` if it has assigned another object.
   */
  #current(): Shown | undefined {
    const replaced = replacement(this.#req) ?? this.#assigned
    if (replaced === undefined) return this.#shown ?? (this.#needsRow() ? this.#show() : undefined)
    if (!replaced.value) return this.#commits === 'save' ? this.#shown : undefined
    if (replaced.value !== this.#shown?.object) throw foreignObject(replaced.value)
    return this.#shown
  }

  #tooLate(): HeadersSentError {
    this.#draft.context.emit({ type: 'cookie-refused', reason: 'headers-sent' })
    return new HeadersSentError(TOO_LATE)
  }

  /** Whether the head of the response is sent, so that it cannot carry a cookie. */
  get #isAfterHead(): boolean {
    return this.#draft.response.hasStarted && this.#commits !== 'response'
  }

  /** Whether the commit writes the session even if it has no changes. */
  #needsRow(): boolean {
    const { is } = this.#draft.state
    if (is === 'live') return this.#isTouched && this.#commits !== 'none'
    if (is !== 'absent') return false
    return this.#commits === 'save' || (this.#commits === 'response' && (this.#settings.savesUninitialized || this.#isRegenerated))
  }

  /** Without a cookie, the row of a new session would never be found again. */
  #mayChange({ cookie: { cookie } }: Shown): boolean {
    if (typeof this.#req.sessionID !== 'string') return false
    if (this.#draft.state.is === 'live') return true
    const { emit, warnOnce } = this.#draft.context
    if (this.#isAfterHead) {
      warnOnce(this.#tooLate().message)
      return false
    }
    if (!cookie.secure || this.#incoming.secure) return true
    if (this.#commits === 'none') return false
    emit({ type: 'cookie-refused', reason: 'insecure' })
    warnOnce(INSECURE)
    return false
  }

  /**
   * Collects the changes for this purpose, while the response can still get a cookie. Changes that
   * are made while `run` runs belong to the next commit.
   */
  async #commit<T>(purpose: 'none' | 'save' | 'response', run: () => Promise<T>): Promise<T> {
    this.#commits = purpose
    try {
      if (purpose !== 'none') this.#draft.changes.collect()
      this.#isPaused = true
      return await run()
    } finally {
      this.#isPaused = false
      this.#commits = 'none'
      this.#isTouched = false
      const { currentIdentity } = this.#draft
      if (currentIdentity !== undefined && currentIdentity.id !== this.#sid) this.#setSid(currentIdentity.id)
    }
  }

  /** Ends the session now. */
  #end(): Promise<void> {
    this.#shown = undefined
    this.#exchange.session.flush()
    return this.#exchange.session.save()
  }

  #endIfUnset(): void {
    const replaced = replacement(this.#req) ?? this.#assigned
    if (replaced !== undefined && !replaced.value && this.#settings.destroysUnset) this.#exchange.session.flush()
  }

  /** Ends the session if its cookie is expired. The cookie is sent nevertheless. */
  #endIfOver(): boolean {
    const cookie = this.#current()?.cookie
    if (cookie?.isOver !== true) return false
    const attributes = attributesOf(cookie.cookie)
    if (!attributes.secure || this.#incoming.secure)
      this.#expired = { name: this.#settings.name, value: encodeURIComponent(sign(this.#sid, this.#incoming.secrets[0])), attributes }
    this.#exchange.session.flush()
    return true
  }

  #withExpired(delivery: Delivery): Delivery {
    return this.#expired === undefined ? delivery : { ...delivery, cookies: [this.#expired] }
  }

  /** Copies what the verbs of the manager changed into the object. */
  #pull(): void {
    this.#draft.changes.collect()
    this.#shown?.properties.pull(propertyTexts(this.#draft.properties.texts))
  }
}

function foreignObject(value: unknown): ConfigError {
  return new ConfigError(
    `req.session was assigned ${formatValue(value)}, which is not a session. Set properties: Object.assign(req.session, { … }). To begin a new session call req.session.regenerate(callback), and to end it req.session.destroy(callback). Nothing of this request was saved.`,
  )
}

const REPLACED =
  'This session was regenerated, reloaded or destroyed in this request, so its changes were not saved. Use req.session, which has the current one.'

const TOO_LATE =
  'A session was not saved, because the response had started before its first property was set, so that the browser cannot get its cookie. Set a property before the first byte of the response.'

const TOO_LONG =
  'req.session.cookie.maxAge is longer than a session can live (option `absolute`, at most 400 days), so the session ends earlier.'

const INSECURE =
  "The session was not saved, because its cookie is Secure and the request came over plain HTTP, so the browser would not get it. Use HTTPS. Behind a proxy that terminates TLS, call app.set('trust proxy', 1), or set `proxy: true`."
