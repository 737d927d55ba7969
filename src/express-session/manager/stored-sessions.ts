import type { IncomingMessage } from 'node:http'
import { monotonic } from '../../core/base/clock.ts'
import { apply, type Intent, noEffects } from '../../core/changes/intent.ts'
import type { LifecycleContext } from '../../core/config/lifecycle.ts'
import type { Sessions } from '../../core/manager/sessions.ts'
import { draftOf } from '../../core/session/dictionary.ts'
import type { Entry, Store as Rows } from '../../core/store/store.ts'
import type { Settings } from '../config/options.ts'
import { Cookie } from '../cookie/cookie.ts'
import { TrackedCookie } from '../cookie/tracked-cookie.ts'
import { holderOf } from '../request/expose.ts'
import { type LateSessions, RequestSession } from '../request/request-session.ts'
import { Session, type SessionRequest } from '../session/session.ts'
import type { StoredSessions } from '../store/session-store.ts'
import type { StoredSession } from '../store/store.ts'
import { differences, type JsonTexts, plainJsonCodec, printProperty } from '../values/json-texts.ts'
import { propertyTexts, storedName, USER } from '../values/names.ts'
import { userText } from '../values/user.ts'

/** The form of a handle. */
const HANDLE = /^[A-Za-z0-9_-]{43}$/

/** How long the creation of a session under a given sid may take, in milliseconds. */
const CREATE_LIMIT = 5000

/** The sessions of a manager by their sids, for `req.sessionStore`. */
export class ManagerSessions implements StoredSessions, LateSessions {
  readonly #sessions: Sessions<unknown>
  readonly #settings: Settings
  readonly #rows: Rows
  readonly #writer: { readonly context?: LifecycleContext }
  /** What `get` returned, so that `set` writes only what the application changed. */
  readonly #read = new WeakMap<object, JsonTexts>()

  constructor(sessions: Sessions<unknown>, settings: Settings, writer: { readonly context?: LifecycleContext }) {
    this.#sessions = sessions
    this.#writer = writer
    this.#settings = settings
    this.#rows = settings.store
  }

  async get(sid: string): Promise<StoredSession | undefined> {
    const { state, properties } = draftOf(await this.#sessions.load(sid))
    if (state.is === 'live') return this.#shown(properties.texts, state.entry)
    const entry = HANDLE.test(sid) ? await this.#rows.load({ key: sid, now: Date.now() }) : undefined
    return entry && this.#ofEntry(entry)
  }

  /**
   * The user of the session is not changed here, because that would renew the sid of a visitor who
   * has no response now. The next request that changes the session does it.
   */
  async set(sid: string, session: object): Promise<void> {
    const loaded = await this.#sessions.load(sid)
    const draft = draftOf(loaded)
    const read = this.#read.get(session)
    const after = textsOf(session)
    const isLive = draft.state.is === 'live'
    if (!isLive && read !== undefined) return // the session has ended since `get`
    this.#read.set(session, after)
    const cookie = this.#cookieChanges(session, draft.properties.texts)
    if (!isLive) return this.#create(sid, after, cookie)
    const changed = differences(read ?? propertyTexts(draft.properties.texts), after, this.#settings.merged)
    for (const difference of changed) draft.record({ ...difference, name: storedName(difference.name) })
    for (const intent of cookie) draft.record(intent)
    await loaded.save()
  }

  /** Applies changes to a session that has a row. They are dropped if it has ended. */
  async change(sid: string, intents: readonly Intent[]): Promise<void> {
    if (intents.length === 0) return
    const session = await this.#sessions.load(sid)
    const draft = draftOf(session)
    if (draft.state.is !== 'live') return
    for (const intent of intents) draft.record(intent)
    await session.save()
  }

  async destroy(sid: string): Promise<void> {
    if (HANDLE.test(sid) && (await this.#sessions.revoke(sid))) return
    const session = await this.#sessions.load(sid)
    session.flush()
    await session.save()
  }

  async touch(sid: string): Promise<void> {
    await (await this.#sessions.load(sid)).save()
  }

  async all(): Promise<Record<string, StoredSession>> {
    const all: Record<string, StoredSession> = {}
    let cursor: string | undefined
    do {
      const page = await this.#rows.list?.({ now: Date.now(), cursor })
      for (const [handle, entry] of page?.entries ?? []) {
        const session = this.#ofEntry(entry)
        if (session !== undefined) all[handle] = session
      }
      cursor = page?.cursor
    } while (cursor !== undefined)
    return all
  }

  generate(req: SessionRequest): void {
    const holder = holderOf(req)
    if (holder instanceof RequestSession) return holder.generate()
    req.sessionID = draftOf(this.#sessions.create()).reserveIdentity().id
    const session = new Session(req)
    session.cookie = this.#newCookie()
    req.session = session
  }

  #ofEntry(entry: Entry): StoredSession | undefined {
    const texts = entry.proof === '' ? undefined : plainJsonCodec.decode(entry.payload)
    return texts && this.#shown(texts, entry)
  }

  #shown(texts: JsonTexts, { expiresAt }: Entry): StoredSession {
    const { cookie } = new TrackedCookie({ cookie: this.#newCookie() }, texts, this.#settings.lifetime, expiresAt)
    const properties = propertyTexts(texts)
    const session: StoredSession = { cookie: JSON.parse(JSON.stringify(cookie)) }
    for (const [name, text] of properties) session[name] = JSON.parse(text)
    this.#read.set(session, properties)
    return session
  }

  /**
   * Stores a session under a sid that has no row. If the session of the sid has ended, nothing is
   * written.
   */
  async #create(sid: string, properties: JsonTexts, cookie: readonly Intent[]): Promise<void> {
    const { context } = draftOf(this.#sessions.create())
    const identity = context.ids.parse(sid)
    const user = userText(this.#settings.userOf, properties)
    const texts = new Map([...properties].map(([name, text]) => [storedName(name), text] as const))
    if (user !== undefined) texts.set(USER, user)
    for (const intent of cookie) apply(texts, intent, noEffects(), context)
    if (identity !== undefined) await this.#writer.context?.create(identity, texts, monotonic() + CREATE_LIMIT)
  }

  #cookieChanges(session: object, stored: JsonTexts): Intent[] {
    const { originalMaxAge } = (session as StoredSession).cookie ?? {}
    if (originalMaxAge === undefined) return []
    const tracked = new TrackedCookie({ cookie: this.#newCookie() }, stored, this.#settings.lifetime)
    tracked.cookie.originalMaxAge = originalMaxAge
    return tracked.take()
  }

  /** A cookie of no request. */
  #newCookie(): Cookie {
    const options = this.#settings.cookieOf({ headers: {}, url: '/' } as IncomingMessage)
    return new Cookie({ ...options, secure: options.secure === 'auto' ? false : options.secure })
  }
}

function textsOf(session: object): Map<string, string> {
  const texts = new Map<string, string>()
  for (const [name, value] of Object.entries(session)) {
    const text = name === 'cookie' ? undefined : printProperty(name, value)
    if (text !== undefined) texts.set(name, text)
  }
  return texts
}
