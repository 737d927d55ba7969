import type { SessionLike, Subject } from '../simulation/subject.ts'
import type { Row, SmallRows } from './small-rows.ts'
import { type Data, parseRow, printData, SmallSession } from './small-session.ts'

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

export interface SmallOptions {
  readonly rows: SmallRows
  readonly flaw: Flaw
  readonly idle: number
  readonly absolute: number
  readonly now: () => number
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
    commit: (session, status) => library.commit(session as SmallSession, status),
    setCookies: (session) => library.setCookies(session as SmallSession),
  }
}

class SessionEndedError extends Error {
  readonly code = 'ERR_SESSION_ENDED'
}

class SmallLibrary {
  readonly #options: SmallOptions
  readonly #cookies = new WeakMap<SessionLike, string | undefined>()

  constructor(options: SmallOptions) {
    this.#options = options
  }

  async open(cookie: string | undefined): Promise<SmallSession> {
    const row = cookie === undefined ? undefined : await this.#options.rows.run((rows) => this.#current(rows, cookie))
    const session = new SmallSession(row, { claim: (current, key) => this.#claim(current, key), save: (current) => this.#save(current) })
    this.#cookies.set(session, cookie)
    return session
  }

  async commit(session: SmallSession, status: number): Promise<void> {
    if (status < 500) await this.#save(session)
    else if (session.flushed) await this.#flush(session)
  }

  setCookies(session: SmallSession): string[] {
    if (session.issuedId !== undefined) return [`sid=${session.issuedId}; Path=/`]
    return session.flushed && this.#cookies.get(session) !== undefined ? ['sid=; Path=/'] : []
  }

  async #flush(session: SmallSession): Promise<void> {
    const cookie = this.#cookies.get(session)
    if (cookie !== undefined) await this.#options.rows.run((rows) => rows.delete(this.#keyOf(cookie)))
  }

  async #save(session: SmallSession): Promise<void> {
    const { rows, flaw } = this.#options
    if (session.flushed && session.row === undefined) await this.#flush(session)
    session.detectMutations()
    if (session.changes.length === 0) return flaw === 'read that writes' ? this.#reprint(session) : this.#touch(session)
    if (session.row === undefined) return this.#create(session)
    if (session.renewsId && flaw === 'copy, then delete') return this.#copy(session)
    const id = this.#idOf(session)
    for (;;) {
      const current = await rows.run((all) => this.#current(all, id))
      if (current === undefined) throw new SessionEndedError()
      const data = this.#merged(session, current)
      if (await this.#swap(session, id, current, data)) return
    }
  }

  /** Returns the newest state with the changes applied, or the wrong result of a flaw. */
  #merged({ changes, data }: SmallSession, current: Row): Data {
    const newest = parseRow(current)
    if (this.#options.flaw === 'whole snapshot') return data
    if (this.#options.flaw === 'deep merge') return { ...newest, ...data }
    for (const change of changes) change(newest)
    return newest
  }

  async #swap(session: SmallSession, id: string, current: Row, data: Data): Promise<boolean> {
    const newId = session.renewsId ? this.#renewId(id) : id
    if (this.#options.flaw === 'cookie from an uncommitted cycle' && session.renewsId) session.issuedId = newId
    const row = this.#row(data, newId, current, 'userId' in data && session.renewsId)
    const written = await this.#options.rows.run((rows) => {
      if (rows.get(this.#keyOf(id))?.version !== current.version) return false
      rows.delete(this.#keyOf(id))
      rows.set(this.#keyOf(newId), row)
      return true
    })
    if (written) this.#committed(session, row, newId, newId !== id)
    return written
  }

  #committed(session: SmallSession, row: Row, id: string, isNewId: boolean): void {
    if (isNewId) session.issuedId = id
    if (session.renewsId || isNewId) this.#cookies.set(session, id)
    // Reads keep the data they saw; the next commit starts without changes.
    Object.assign(session, { row, renews: false, changes: [], base: structuredClone(session.data) })
  }

  async #create(session: SmallSession): Promise<void> {
    if (!session.isNew && !session.flushed) throw new SessionEndedError()
    const id = `${this.#options.randomText()}.${this.#options.randomText()}`
    const data = structuredClone(session.data)
    const row = this.#row(data, id, undefined, true)
    await this.#options.rows.run((rows) => rows.set(this.#keyOf(id), row))
    this.#committed(session, row, id, true)
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
      if (removing && value !== undefined) all.set(this.#keyOf(id), { ...this.#row(rest, id, current, false) })
      return value
    }
    delete session.data[key]
    delete session.base[key]
    const value = await rows.run((all) => take(all, flaw !== 'two-step claim'))
    if (flaw === 'two-step claim') await rows.run((all) => take(all, true))
    return value
  }

  async #touch({ row, ...session }: SmallSession): Promise<void> {
    const { rows, now, idle, absolute } = this.#options
    if (row === undefined || session.flushed || row.expiresAt - now() > idle * 0.9) return
    const id = `${row.secret}`
    await rows.run((all) => {
      const current = this.#current(all, id)
      if (current === undefined) return
      const expiresAt = Math.max(current.expiresAt, Math.min(now() + idle, current.createdAt + absolute))
      all.set(this.#keyOf(id), { ...current, expiresAt })
    })
  }

  /**
   * The flaw: rows that another program printed are printed again in this library's style, although
   * no property changed.
   */
  async #reprint({ row }: SmallSession): Promise<void> {
    if (row === undefined) return
    const id = row.secret
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
    if (row === undefined || row.secret !== id) return undefined
    return row.expiresAt > this.#options.now() || this.#options.flaw === 'expiry not checked' ? row : undefined
  }

  #row(data: Data, id: string, before: Row | undefined, restartsLifetime: boolean): Row {
    const { now, idle, absolute } = this.#options
    const createdAt = before === undefined || restartsLifetime ? now() : before.createdAt
    const texts = new Map([...printData(data)].map(([name, text]) => [name, name === 'box' ? text.replace(':', ': ') : text]))
    return { texts, secret: id, version: (before?.version ?? 0) + 1, createdAt, expiresAt: Math.min(now() + idle, createdAt + absolute) }
  }

  #idOf({ row }: SmallSession): string {
    return (row as Row).secret
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
