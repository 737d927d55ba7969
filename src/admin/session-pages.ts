import { nextTurn } from '../core/base/clock.ts'
import { type AdminContext, isAlive } from './admin-engine.ts'
import { Cursors, type Position } from './cursors.ts'
import { FIRST_PAGE, nextLimit, type ReadRow, toReadRows } from './scan.ts'
import type { Condition } from './session-filter.ts'
import { type SessionInfo, sessionInfo } from './session-info.ts'

/** One page of a list of sessions. */
export interface SessionPage {
  /** The sessions, in the order of the store. */
  readonly sessions: readonly SessionInfo[]
  /** Leads to the next page. The last page has none. */
  readonly cursor: string | undefined
}

/**
 * A page ends after this many rows, so that a condition that few sessions fulfil takes no minute.
 */
const MAX_ROWS = 20_000

/**
 * The maximum number of rows of one operation of the store. A page of the list that ends within
 * them reads them again for the next one.
 */
const ROWS = 100

const FIRST: Position = { page: undefined, rows: FIRST_PAGE, after: undefined }

/** Lists sessions in pages of a given size. */
export class SessionPages {
  readonly #context: AdminContext
  readonly #cursors: Cursors

  constructor(context: AdminContext) {
    this.#context = context
    this.#cursors = new Cursors(context.engine.capabilities.renames === true)
  }

  async read({ query, matches }: Condition, limit: number, cursor: string | undefined): Promise<SessionPage> {
    const { engine } = this.#context
    const sessions: SessionInfo[] = []
    let position: Position = cursor === undefined ? FIRST : this.#cursors.parse(cursor)
    for (let rows = 0; rows < MAX_ROWS; ) {
      const page = await engine.store.list({ now: 0, ...query, limit: position.rows, cursor: position.page })
      rows += position.rows
      const unread = after(toReadRows(engine, page.entries), position.after)
      for (const [index, row] of unread.entries()) {
        if (!isAlive(engine, row.entry, row.texts) || !matches(row.entry, row.texts)) continue
        sessions.push(sessionInfo(engine, row))
        if (sessions.length < limit) continue
        const isLast = index === unread.length - 1 && page.cursor === undefined
        return { sessions, cursor: isLast ? undefined : this.#cursors.print({ ...position, after: row.identity.handle }) }
      }
      if (page.cursor === undefined) return { sessions, cursor: undefined }
      position = { page: page.cursor, rows: Math.min(ROWS, nextLimit(position.rows, page)), after: undefined }
      await nextTurn()
    }
    return { sessions, cursor: this.#cursors.print(position) }
  }
}

/** The rows after the one with this handle; all, if it has ended. */
function after(rows: readonly ReadRow[], handle: string | undefined): readonly ReadRow[] {
  return handle === undefined ? rows : rows.slice(rows.findIndex(({ identity }) => identity.handle === handle) + 1)
}
