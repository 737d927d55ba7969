import { nextTurn } from '../core/base/clock.ts'
import type { Texts } from '../core/config/profile.ts'
import type { Entry, Page } from '../core/store/store.ts'
import { type AdminContext, type Row, toRow } from './admin-engine.ts'
import type { Condition } from './session-filter.ts'

/** A row with its properties; `undefined` if they cannot be read. */
export interface ReadRow extends Row {
  readonly texts: Texts | undefined
}

/** Options of a run through all sessions. */
export interface RunOptions {
  /** Called after each page with the number of rows that were read so far. */
  readonly onProgress?: ((rows: number) => void) | undefined
  /** Ends the run after the current page, without an error. */
  readonly signal?: AbortSignal | undefined
}

/** The first page is small, because the size of the rows is not known yet. */
export const FIRST_PAGE = 10
export const MAX_PAGE = 500
const MAX_GROWTH = 10
/**
 * Later pages have about this many characters of payloads. Decoding that takes about 3 ms (Node
 * 24), so neither a table of large sessions nor one of many keeps the event loop busy.
 */
const PAGE_SIZE = 1 << 19

/**
 * How many more bytes a payload may have than `maxSize` before it is not decoded, as for a request.
 */
const OVERSIZE = 4

/**
 * Yields all rows of the store, expired or not, in pages. Only one page is in memory, and other
 * work of the process runs after each.
 */
export async function* scan(
  { engine }: AdminContext,
  { query, matches }: Condition,
  { onProgress, signal }: RunOptions = {},
): AsyncGenerator<ReadRow[], void, undefined> {
  let cursor: string | undefined
  let limit = FIRST_PAGE
  let rows = 0
  do {
    if (signal?.aborted === true) return
    // Expired rows are read too: a store that has to search for unexpired ones among millions of
    // expired ones would read all of them in one step.
    const page = await engine.store.list({ now: 0, ...query, limit, cursor })
    rows += page.entries.length
    yield toReadRows(engine, page.entries).filter(({ entry, texts }) => matches(entry, texts))
    onProgress?.(rows)
    limit = nextLimit(limit, page)
    cursor = page.cursor
    await nextTurn()
  } while (cursor !== undefined)
}

/** The sessions among rows of the store, with their properties. */
export function toReadRows(engine: AdminContext['engine'], entries: readonly (readonly [key: string, entry: Entry])[]): ReadRow[] {
  return entries.flatMap(([key, entry]) => {
    const row = toRow(engine, key, entry)
    return row === undefined ? [] : [withTexts(engine, row)]
  })
}

export function withTexts({ values, maxSize }: AdminContext['engine'], row: Row): ReadRow {
  const { payload } = row.entry
  return { ...row, texts: payload.length > OVERSIZE * maxSize ? undefined : values.decode(payload) }
}

/** The number of rows of the page after one with these entries. */
export function nextLimit(limit: number, { entries }: Page): number {
  const size = entries.reduce((sum, [, { payload }]) => sum + payload.length, 0)
  const mean = Math.max(1, size / Math.max(1, entries.length))
  return Math.max(1, Math.min(MAX_PAGE, limit * MAX_GROWTH, Math.floor(PAGE_SIZE / mean)))
}
