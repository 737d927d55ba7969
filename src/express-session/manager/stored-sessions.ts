import type { IncomingMessage } from 'node:http'
import type { Intent } from '../../core/changes/intent.ts'
import type { Sessions } from '../../core/manager/sessions.ts'
import { draftOf } from '../../core/session/dictionary.ts'
import type { Session as CoreSession } from '../../core/session/session.ts'
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
import { propertyTexts, storedName } from '../values/names.ts'
import { userChange } from '../values/user.ts'

/** The form of a handle. */
const HANDLE = /^[A-Za-z0-9_-]{43}$/

/** The sessions of a manager by their sids, for `req.sessionStore`. */
export class ManagerSessions implements StoredSessions, LateSessions {
  readonly #sessions: Sessions<unknown>
  readonly #settings: Settings
  readonly #rows: Rows
  /** What `get` returned, so that `set` writes only what the application changed. */
  readonly #read = new WeakMap<object, JsonTexts>()

  constructor(sessions: Sessions<unknown>, settings: Settings) {
    this.#sessions = sessions
    this.#settings = settings
    this.#rows = settings.store
  }

  async get(sid: string): Promise<StoredSession | undefined> {
    const { state, properties } = draftOf(await this.#sessions.load(sid))
    if (state.is === 'live') return this.#shown(properties.texts, state.entry)
    const entry = HANDLE.test(sid) ? await this.#rows.load({ key: sid, now: Date.now() }) : undefined
    return entry && this.#ofEntry(entry)
  }

  async set(sid: string, session: object): Promise<void> {
    const found = await this.#sessions.load(sid)
    const isLive = draftOf(found).state.is === 'live'
    const read = this.#read.get(session)
    if (!isLive && read !== undefined) return // the session has ended since `get`
    const target = isLive ? found : this.#create(sid)
    const draft = draftOf(target)
    const stored = propertyTexts(draft.properties.texts)
    const [before, after] = [read ?? stored, textsOf(session)]
    const changed = differences(before, after, this.#settings.merged)
    const changes: Intent[] = changed.map((difference) => ({ ...difference, name: storedName(difference.name) }))
    const user = userChange(this.#settings.userOf, before, after, changed)
    const intents = [...(user === undefined ? [] : [user]), ...changes, ...this.#cookieChanges(session, draft.properties.texts)]
    for (const intent of intents) draft.record(intent)
    if (!isLive) draft.record({ kind: 'save' })
    this.#read.set(session, after)
    await target.save()
  }

  /** Applies changes to a session that has a row. They are dropped if it has ended. */
  async change(sid: string, intents: readonly Intent[]): Promise<void> {
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
    const { cookie } = new TrackedCookie(this.#newCookie(), texts, this.#settings.lifetime, expiresAt)
    const properties = propertyTexts(texts)
    const session: StoredSession = { cookie: JSON.parse(JSON.stringify(cookie)) }
    for (const [name, text] of properties) session[name] = JSON.parse(text)
    this.#read.set(session, properties)
    return session
  }

  /** A session that will be stored under this sid. */
  #create(sid: string): CoreSession<unknown> {
    const session = this.#sessions.create()
    const draft = draftOf(session)
    draft.reserveIdentity(draft.context.ids.parse(sid))
    return session
  }

  #cookieChanges(session: object, stored: JsonTexts): Intent[] {
    const { originalMaxAge } = (session as StoredSession).cookie ?? {}
    if (originalMaxAge === undefined) return []
    const tracked = new TrackedCookie(this.#newCookie(), stored, this.#settings.lifetime)
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
