import { ConfigError } from '../core/base/errors.ts'
import { formatValue } from '../core/base/format.ts'
import { MAX_PAGE } from './scan.ts'

/** Where a list continues. */
export interface Position {
  /** The cursor of the store for the page that is read next; `undefined` for the first. */
  readonly page: string | undefined
  /** The number of rows of that page. */
  readonly rows: number
  /** The handle of the last session of that page that was returned. */
  readonly after: string | undefined
}

/** The maximum number of positions that are remembered. Older ones start at the first page. */
const MAX_REMEMBERED = 1000

/**
 * Positions as texts for the caller. Where keys are ids, a cursor of the store contains an id, so
 * the positions stay in the memory of this process, and the text is only a number.
 */
export class Cursors {
  readonly #remembered: Map<string, Position> | undefined
  #count = 0

  constructor(keysAreIds: boolean) {
    if (keysAreIds) this.#remembered = new Map()
  }

  print(position: Position): string {
    if (this.#remembered === undefined) return JSON.stringify(position)
    this.#count += 1
    const [oldest] = this.#remembered.keys()
    if (this.#remembered.size >= MAX_REMEMBERED && oldest !== undefined) this.#remembered.delete(oldest)
    this.#remembered.set(String(this.#count), position)
    return String(this.#count)
  }

  /** Throws `ConfigError` for a text that `print` did not return. */
  parse(cursor: string): Position {
    const position = this.#remembered === undefined ? parsePosition(cursor) : this.#remembered.get(cursor)
    if (position !== undefined) return position
    throw new ConfigError(
      `list({ cursor }): the cursor is ${formatValue(cursor)}. Pass the \`cursor\` of a page that this admin returned, or none for the first page.`,
    )
  }
}

function parsePosition(cursor: string): Position | undefined {
  try {
    const { page, rows, after } = Object(JSON.parse(cursor)) as Record<string, unknown>
    return isTextOrNone(page) && isTextOrNone(after) && isPageLength(rows) ? { page, rows, after } : undefined
  } catch {
    return undefined
  }
}

function isTextOrNone(value: unknown): value is string | undefined {
  return value === undefined || typeof value === 'string'
}

function isPageLength(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) >= 1 && Number(value) <= MAX_PAGE
}
