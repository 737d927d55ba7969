import type { SessionLike, Subject } from '../simulation/subject.ts'
import { endSession, type IdRules, idsAfter, isIdTooOld, isOverlapOver, isValid } from './small-ids.ts'
import type { Row, SmallRows } from './small-rows.ts'
import { type Data, parseRow, printData, SessionEndedError, SmallSession } from './small-session.ts'
import { checkMarks, endOldest, newerThanAll, revoke } from './small-users.ts'

/** The flaws of the small library, one at a time. */
export type Flaw =
  | 'none'
  | 'whole snapshot'
  | 'deep merge'
  | 'two-step claim'
  | 'copy, then delete'
  | 'flush misses a concurrently renewed id'
  | 'read that writes'
  | 'cookie from an uncommitted cycle'
  | 'expiry not checked'
  | 'login that joins with any old id'
  | 'login that joins the session of another user'
  | 'login that joins and replaces data it did not see'
  | 'login that joins and ends the other id'
  | 'cycleId that keeps the ids of parallel logins'
  | 'ids of parallel logins that stay valid'
  | 'late commit that creates'
  | 'revocation without marks'
  | 'revocation that spares no session'
  | 'limit counted before the write'
  | 'limit that leaves one session'
  | 'reauthentication of any user'
  | 'reauthentication that keeps the ids of parallel logins'
  | 'renewal that ends the id before'
  | 'renewal that keeps the id before'
  | 'renewal that keeps all ids'
  | 'renewal by the age of the presented id alone'
  | 'renewal of a young id'
  | 'renewal that is not sent'
  | 'login that keeps the id before a renewal'
  | 'revocation that leaves the id before a renewal'
  | 'flush that leaves the id before a renewal'

export interface SmallOptions extends IdRules {
  readonly rows: SmallRows
  readonly idle: number
  readonly absolute: number
  /** The maximum number of sessions of a user. */
  readonly limit: number | undefined
  readonly randomText: () => string
}

/**
 * A small session library with the same verbs. Without a flaw it keeps the guarantee as long as its
 * store does not fail.
 */
export function smallLibrary(options: SmallOptions): Subject {
  const library = new SmallLibrary(options)
  return {
    open: (cookie) => library.open(cookie),
    start: (session) => library.start(session as SmallSession),
    commit: (session, status) => library.commit(session as SmallSession, status),
    setCookies: (session) => library.setCookies(session as SmallSession),
    revoke: (user, except) => library.revoke(user, except as SmallSession | undefined),
  }
}

/** A session without pending changes. */
const UNCHANGED = { user: undefined, cycled: false, renewsId: false } as const

class SmallLibrary {
  readonly #options: SmallOptions
  readonly #cookies = new WeakMap<SessionLike, string | undefined>()

  constructor(options: SmallOptions) {
    this.#options = options
  }

  async open(cookie: string | undefined): Promise<SmallSession> {
    const openedAt = this.#options.now()
    const row = cookie === undefined ? undefined : await this.#options.rows.run((rows) => this.#current(rows, cookie))
    const verbs = {
      claim: (current: SmallSession, key: string) => this.#claim(current, key),
      save: (current: SmallSession) => this.#save(current),
    }
    const session = new SmallSession(row, openedAt, verbs, this.#options.flaw === 'reauthentication of any user')
    this.#cookies.set(session, cookie)
    return session
  }

  /** Commits for the start of a stream. Later changes must not need a cookie. */
  async start(session: SmallSession): Promise<string[]> {
    await this.#save(session)
    session.refusesCreation = this.#options.flaw !== 'late commit that creates'
    return this.setCookies(session)
  }

  async commit(session: SmallSession, status: number): Promise<void> {
    if (status < 500) await this.#save(session)
    else if (session.flushed) await this.#flush(session)
    else await this.#endOverlap(session)
  }

  setCookies(session: SmallSession): string[] {
    if (session.issuedId !== undefined) return [`sid=${session.issuedId}; Path=/`]
    return session.flushed && this.#cookies.get(session) !== undefined ? ['sid=; Path=/'] : []
  }

  revoke(user: string, except: SmallSession | undefined): Promise<void> {
    const { rows, now, flaw } = this.#options
    return rows.run(() => revoke(rows, user, except && familyOf(this.#idOf(except)), now(), flaw))
  }

  /** Writes a row, with the checks of a login. `family`: that of the session which the request has. */
  #put(session: SmallSession, key: string, row: Row, family: string | undefined): void {
    const { rows, flaw, limit, now } = this.#options
    const { user, openedAt, revokesOthersOf } = session
    if (user !== undefined) checkMarks(rows, { user, openedAt, family }, flaw)
    rows.rows.set(key, user === undefined ? row : { ...row, createdAt: newerThanAll(rows, user, row.createdAt) })
    if (revokesOthersOf !== undefined) revoke(rows, revokesOthersOf, familyOf(key), now(), flaw)
    if (user !== undefined && flaw !== 'limit counted before the write') endOldest(rows, user, limit, flaw)
  }

  async #flush(session: SmallSession): Promise<void> {
    const cookie = this.#cookies.get(session)
    const leavesOtherId = this.#options.flaw === 'flush that leaves the id before a renewal'
    if (cookie !== undefined) await this.#options.rows.run((rows) => endSession(rows, this.#keyOf(cookie), leavesOtherId))
  }

  async #save(session: SmallSession): Promise<void> {
    const { rows, flaw } = this.#options
    if (session.flushed && session.row === undefined) await this.#flush(session)
    session.detectMutations()
    if (session.changes.length === 0) return flaw === 'read that writes' ? this.#reprint(session) : this.#touch(session)
    if (session.user !== undefined && flaw === 'limit counted before the write') await this.#endOldestFirst(session.user)
    if (session.row === undefined && !(await this.#mayJoin(session))) return this.#create(session)
    if (session.renewsId && flaw === 'copy, then delete') return this.#copy(session)
    const id = this.#idOf(session)
    for (;;) {
      const current = await rows.run((all) => this.#current(all, id) ?? this.#joinable(all, id, session))
      if (current === undefined && session.row === undefined) return this.#create(session)
      if (current === undefined) throw new SessionEndedError()
      const data = this.#merged(session, current)
      if (await this.#swap(session, id, current, data)) return
    }
  }

  /** The flaw: makes room for one more session before it is written. */
  async #endOldestFirst(user: string): Promise<void> {
    const { rows, limit, flaw } = this.#options
    await rows.run(() => endOldest(rows, user, limit && Math.max(1, limit - 1), flaw))
  }

  /** Returns the newest state with the changes applied, or the wrong result of a flaw. */
  #merged({ row, changes: recorded, additive, data }: SmallSession, current: Row): Data {
    const newest = parseRow(current)
    const changes = row === undefined && this.#options.flaw !== 'login that joins and replaces data it did not see' ? additive : recorded
    if (this.#options.flaw === 'whole snapshot') return data
    if (this.#options.flaw === 'deep merge') return { ...newest, ...data }
    for (const change of changes) change(newest)
    return newest
  }

  async #swap(session: SmallSession, id: string, current: Row, data: Data): Promise<boolean> {
    const newId = session.renewsId || isIdTooOld(current, id, this.#options) ? this.#renewId(id) : id
    if (this.#options.flaw === 'cookie from an uncommitted cycle' && session.renewsId) session.issuedId = newId
    const ids = idsAfter({ before: current, id, newId, session }, this.#options)
    const row = { ...this.#row(data, newId, current, 'userId' in data && session.renewsId), ...ids }
    const written = await this.#options.rows.run((rows) => {
      if (rows.get(this.#keyOf(id))?.version !== current.version) return false
      this.#put(session, this.#keyOf(newId), row, isValid(current, id) ? familyOf(id) : undefined)
      if (this.#keyOf(id) !== this.#keyOf(newId)) rows.delete(this.#keyOf(id))
      return true
    })
    if (written) this.#committed(session, row, newId, newId !== id)
    return written
  }

  #committed(session: SmallSession, row: Row, id: string, isNewId: boolean): void {
    const isSent = session.renewsId || session.row === undefined || this.#options.flaw !== 'renewal that is not sent'
    if (isNewId && isSent) session.issuedId = id
    if (session.renewsId || isNewId) this.#cookies.set(session, id)
    // Reads keep the data they saw; the next commit starts without changes.
    Object.assign(session, {
      row,
      renewsId: false,
      cycled: false,
      user: undefined,
      revokesOthersOf: undefined,
      changes: [],
      additive: [],
      base: structuredClone(session.data),
    })
  }

  async #create(session: SmallSession): Promise<void> {
    if (!session.isNew && !session.flushed) throw new SessionEndedError()
    const id = `${this.#options.randomText()}.${this.#options.randomText()}`
    const data = structuredClone(session.data)
    const row = this.#row(data, id, undefined, true)
    await this.#options.rows.run(() => this.#put(session, this.#keyOf(id), row, undefined))
    this.#committed(session, row, id, true)
  }

  async #mayJoin(session: SmallSession): Promise<boolean> {
    const id = this.#cookies.get(session)
    if (id === undefined || session.flushed || session.user === undefined) return false
    return (await this.#options.rows.run((all) => this.#joinable(all, id, session))) !== undefined
  }

  /** The session that a login joins: its id is the one that the session's login replaced a moment ago. */
  #joinable(rows: Map<string, Row>, id: string, { user, cycled }: SmallSession): Row | undefined {
    const { flaw, now } = this.#options
    const row = rows.get(this.#keyOf(id))
    if (row?.from === undefined || user === undefined || cycled || row.expiresAt <= now()) return undefined
    const isOfUser = parseRow(row)['userId'] === user || flaw === 'login that joins the session of another user'
    const isReplaced = row.from[0] === id || flaw === 'login that joins with any old id'
    return isOfUser && isReplaced && now() - row.from[1] < 60_000 ? row : undefined
  }

  /** The flaw: for a moment both ids are current, and commits under the old one are lost. */
  async #copy(session: SmallSession): Promise<void> {
    const { rows } = this.#options
    const id = this.#idOf(session)
    const current = await rows.run((all) => this.#current(all, id))
    if (current === undefined) throw new SessionEndedError()
    const newId = this.#renewId(id)
    const row = this.#row(this.#merged(session, current), newId, current, false)
    await rows.run((all) => all.set(this.#keyOf(newId), row))
    await rows.run((all) => all.delete(this.#keyOf(id)))
    this.#committed(session, row, newId, true)
  }

  async #claim(session: SmallSession, key: string): Promise<unknown> {
    const pending = session.data[key]
    if (session.row === undefined || pending === undefined || pending !== session.base[key])
      return pending === undefined ? undefined : session.pop(key)
    const { rows, flaw } = this.#options
    const id = this.#idOf(session)
    const take = (all: Map<string, Row>, removing: boolean): unknown => {
      const current = this.#current(all, id)
      if (current === undefined) return undefined
      const { [key]: value, ...rest } = parseRow(current)
      if (removing && value !== undefined)
        all.set(this.#keyOf(id), {
          ...this.#row(rest, id, current, false),
          ...idsAfter({ before: current, id, newId: id, session }, this.#options),
        })
      return value
    }
    delete session.data[key]
    delete session.base[key]
    const value = await rows.run((all) => take(all, flaw !== 'two-step claim'))
    if (flaw === 'two-step claim') await rows.run((all) => take(all, true))
    return value
  }

  async #touch(session: SmallSession): Promise<void> {
    const { now, idle } = this.#options
    const { row, flushed } = session
    if (row === undefined || flushed) return
    const isDue = row.expiresAt - now() <= idle * 0.9 || isIdTooOld(row, this.#idOf(session), this.#options)
    return isDue ? this.#rewrite(session, true) : this.#endOverlap(session)
  }

  async #endOverlap(session: SmallSession): Promise<void> {
    if (session.row !== undefined && isOverlapOver(session.row, this.#options)) await this.#rewrite(session, false)
  }

  /** Writes a session whose properties do not change. */
  async #rewrite(session: SmallSession, mayRenewId: boolean): Promise<void> {
    const { rows, now, idle, absolute } = this.#options
    const id = this.#idOf(session)
    const written = await rows.run((all) => {
      const current = this.#current(all, id)
      if (current === undefined) return undefined
      const newId = mayRenewId && isIdTooOld(current, id, this.#options) ? this.#renewId(id) : id
      const expiresAt = Math.max(current.expiresAt, Math.min(now() + idle, current.createdAt + absolute))
      const ids = idsAfter({ before: current, id, newId, session: UNCHANGED }, this.#options)
      const row = { ...current, ...ids, version: current.version + 1, expiresAt }
      all.set(this.#keyOf(id), row)
      return { row, newId }
    })
    if (written !== undefined && written.newId !== id) this.#committed(session, written.row, written.newId, true)
  }

  /**
   * The flaw: rows that another program printed are printed again in this library's style, although
   * no property changed.
   */
  async #reprint(session: SmallSession): Promise<void> {
    const { row } = session
    if (row === undefined) return
    const id = this.#idOf(session)
    const foreign = [...row.texts].some(([, text]) => JSON.stringify(JSON.parse(text)) !== text)
    if (!foreign) return
    const reprinted = this.#row(parseRow(row), id, row, false)
    await this.#options.rows.run((all) => {
      const current = this.#current(all, id)
      if (current !== undefined) all.set(this.#keyOf(id), reprinted)
    })
  }

  #current(rows: Map<string, Row>, id: string): Row | undefined {
    const row = rows.get(this.#keyOf(id))
    if (row === undefined || !isValid(row, id)) return undefined
    return row.expiresAt > this.#options.now() || this.#options.flaw === 'expiry not checked' ? row : undefined
  }

  #row(data: Data, id: string, before: Row | undefined, restartsLifetime: boolean): Row {
    const { now, idle, absolute } = this.#options
    const createdAt = before === undefined || restartsLifetime ? now() : before.createdAt
    const texts = new Map([...printData(data)].map(([name, text]) => [name, name === 'box' ? text.replace(':', ': ') : text]))
    const version = (before?.version ?? 0) + 1
    return { texts, secret: id, idAt: now(), others: [], version, createdAt, expiresAt: Math.min(now() + idle, createdAt + absolute) }
  }

  #idOf(session: SmallSession): string {
    return this.#cookies.get(session) as string
  }

  #renewId(id: string): string {
    return `${id.slice(0, id.indexOf('.'))}.${this.#options.randomText()}`
  }

  /** One row per family; for the flaws of libraries whose key is the id itself, one per id. */
  #keyOf(id: string): string {
    const { flaw } = this.#options
    return flaw === 'copy, then delete' || flaw === 'flush misses a concurrently renewed id' ? id : id.slice(0, id.indexOf('.'))
  }
}

function familyOf(id: string): string {
  return id.split('.')[0] as string
}
