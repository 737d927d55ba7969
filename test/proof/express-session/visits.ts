import { sha256 } from '../../../src/core/store/id.ts'
import type { Exchange } from '../checks/history.ts'
import type { Report, Unit } from './handler.ts'
import type { Place } from './script.ts'

/** A request, with the report of its handler. */
export interface Visit {
  readonly exchange: Exchange
  readonly report: Report | undefined
  /** Whether express-session served it. */
  readonly isOld: boolean
  /** Whether an instance that also writes the store of express-session served it. */
  readonly writesOldStore: boolean
}

/** One change of one place in one session. */
export interface Write {
  readonly place: Place
  readonly value: string | undefined
  readonly outcome: Unit['outcome']
  readonly visit: Visit
  readonly exchange: Exchange
  readonly family: string | undefined
}

/** The sid in the value of a signed cookie. */
export function sidOf(cookie: string): string {
  const text = decodeURIComponent(cookie)
  return text.slice(2, text.lastIndexOf('.'))
}

/** The part of a sid that stays the same when a login replaces it; for one of express-session its hash. */
export function familyOf(cookie: string): string {
  const sid = sidOf(cookie)
  return sid.startsWith('~') ? sid.slice(0, 17) : `~${sha256(`family ${sid}`).slice(0, 16)}`
}
