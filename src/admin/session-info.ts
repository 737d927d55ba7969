import { userOf } from '../core/changes/intent.ts'
import { numberOfWrites } from '../core/commit/receipts.ts'
import type { Engine } from '../core/config/engine.ts'
import type { Texts } from '../core/config/profile.ts'
import type { ReadRow } from './scan.ts'

/** A session in a list. All times are epoch milliseconds. */
export interface SessionInfo {
  /** Names the session. Safe to show and to log, and not valid as a cookie. */
  readonly handle: string
  /** The user who is logged in. `undefined` if there is none, or the property is secret. */
  readonly userId: string | undefined
  /** The start of the absolute lifetime: the start of the session, or its last login. */
  readonly createdAt: number
  /** The last write or touch. The session may have been read since. */
  readonly seenAt: number
  /** When the session expires if it is not used again. */
  readonly expiresAt: number
  /** The size of all properties as they are stored, in UTF-16 code units. */
  readonly size: number
  /** How often the session was written. */
  readonly writes: number
  /** `false` if the codec of the manager cannot decode the properties, or they are too large. */
  readonly isReadable: boolean
}

/** One property of a session. */
export interface PropertyInfo {
  readonly name: string
  /** The size of the value as it is stored, in UTF-16 code units. */
  readonly size: number
  /** The option `properties` of the manager. */
  readonly class: 'secret' | 'client' | undefined
  /** The kind of the value, such as `array` or `Date`. `undefined` for a secret property. */
  readonly kind: string | undefined
  /** The value. Only with the option `values`, and never of a secret property. */
  readonly value?: unknown
}

/** One session. All times are epoch milliseconds. */
export interface SessionDetails extends SessionInfo {
  /** When the current id was created. */
  readonly idCreatedAt: number
  /** Changes with every write. */
  readonly version: string
  /** The number of receipts of writes that the row keeps. */
  readonly receipts: number
  /** Whether the cookie ends with the browser. */
  readonly endsWithBrowser: boolean
  /** The properties of the application, in their order. Empty if they are not readable. */
  readonly properties: readonly PropertyInfo[]
  /**
   * The number of properties that this package keeps for itself, such as messages and the expiry.
   */
  readonly internalProperties: number
}

export function sessionInfo(engine: Engine, { identity, entry, texts }: ReadRow): SessionInfo {
  const { createdAt, seenAt, commits, payload } = entry
  const { profile, values } = engine
  return {
    handle: identity.handle,
    userId: texts === undefined || values.isSecret(profile.names.user) ? undefined : userOf(texts, engine),
    createdAt,
    seenAt,
    expiresAt: texts === undefined ? entry.expiresAt : profile.endOf(entry, texts, engine),
    size: payload.length,
    writes: numberOfWrites(commits),
    isReadable: texts !== undefined,
  }
}

export function sessionDetails(engine: Engine, row: ReadRow, withValues: boolean): SessionDetails {
  const { entry, texts = new Map<string, string>() } = row
  const own = ownNames(engine, texts)
  return {
    ...sessionInfo(engine, row),
    idCreatedAt: entry.idAt,
    version: entry.version,
    receipts: Math.max(0, entry.commits.split(' ').length - 1),
    endsWithBrowser: engine.profile.endsWithBrowser(texts, engine),
    properties: own.map((name) => propertyInfo(engine, name, texts.get(name) ?? '', withValues)),
    internalProperties: texts.size - own.length,
  }
}

function propertyInfo({ values }: Engine, name: string, text: string, withValue: boolean): PropertyInfo {
  const size = text.length
  if (values.isSecret(name)) return { name, size, class: 'secret', kind: undefined }
  const common = { name, size, class: values.isClient(name) ? ('client' as const) : undefined }
  try {
    const value = values.parse(text)
    return { ...common, kind: kindOf(value), ...(withValue && { value }) }
  } catch {
    return { ...common, kind: 'unreadable' }
  }
}

function kindOf(value: unknown): string {
  if (value === null) return 'null'
  if (typeof value !== 'object') return typeof value
  if (Array.isArray(value)) return 'array'
  const kind = Object.prototype.toString.call(value).slice('[object '.length, -1)
  return kind === 'Object' ? 'object' : kind
}

/** The properties of the application that a session has. */
export function ownNames({ profile }: Pick<Engine, 'profile'>, texts: Texts): string[] {
  return [...texts.keys()].filter((name) => !profile.names.isReserved(name))
}
