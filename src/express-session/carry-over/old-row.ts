/** Hashes of the properties of a row, by name. */
export type Hashes = Readonly<Record<string, string>>

/**
 * The property `__sojourn` of a row in the old store. express-session keeps properties that it does
 * not know, so a row that an old instance has changed still has the mark of the row that it read.
 */
export interface Mark {
  /** Differs for every write of the row. */
  readonly id: string
  /** The properties as they were written. */
  readonly hashes: Hashes
}

/**
 * A session in the old store, as express-session stores it: the properties of the session and the
 * object `cookie`.
 */
export interface OldRow {
  readonly cookie: OldCookie
  readonly [property: string]: unknown
}

/** The member `cookie` of a session. Times are milliseconds. */
export interface OldCookie {
  /** `null` for a cookie that ends with the browser. */
  readonly originalMaxAge?: number | null | undefined
  readonly [attribute: string]: unknown
}

/** A row of the old store, without the property that sojourn adds to it. */
export interface OldSession {
  readonly row: OldRow
  /** What the last new instance that wrote the row has noted in it. */
  readonly mark: Mark | undefined
}

/** The property with the mark in a row of the old store. */
const MARK = '__sojourn'

/**
 * The session in what `get` of an old store passed to its callback, as plain JSON data; `undefined`
 * if that is no session. Stores pass texts, prototypes and dates of several kinds.
 */
export function toOldSession(value: unknown): OldSession | undefined {
  const row: unknown = isObject(value) ? JSON.parse(JSON.stringify(value)) : undefined
  if (!isObject(row) || !isObject(row['cookie'])) return undefined
  const { [MARK]: mark, __lastAccess, ...session } = row // session-file-store adds the time of the last access
  return { row: session as OldRow, mark: isMark(mark) ? mark : undefined }
}

/** The members of an object as JSON prints them. */
export function toPlain<T extends object>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T
}

export function withMark(row: OldRow, mark: Mark): OldRow {
  return { ...row, [MARK]: mark }
}

function isMark(value: unknown): value is Mark {
  return isObject(value) && typeof value['id'] === 'string' && isObject(value['hashes']) && areTexts(value['hashes'])
}

function areTexts(record: Readonly<Record<string, unknown>>): record is Hashes {
  return Object.values(record).every((value) => typeof value === 'string')
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
