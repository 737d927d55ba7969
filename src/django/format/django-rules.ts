import { isDate } from '../../core/base/realms.ts'
import { hasUnderscore, LAST_USER } from '../../core/base/reserved.ts'
import { futureTimestamp, slidingTime } from '../../core/config/expiry.ts'
import type { Expiry, Lifetime, RuleContext, SessionProfile } from '../../core/config/profile.ts'
import { type LocalTime, MAX_TIMESTAMP } from './local-time.ts'

/**
 * Django's property for the expiry of one session: seconds after the last save, 0 for the end of
 * the browser session, or an ISO 8601 date.
 */
const SESSION_EXPIRY = '_session_expiry'

/** The rules of a profile that define the meaning of the stored properties. */
type Rules = Pick<
  SessionProfile,
  'names' | 'loginRemedy' | 'endsWithBrowser' | 'endOf' | 'expiryOf' | 'touchOf' | 'expiryProperties' | 'requiresNewId' | 'issues'
>

export interface DjangoRulesOptions {
  /** Django's `SESSION_SAVE_EVERY_REQUEST`. */
  readonly saveEveryRequest: boolean
  /** Whether the Django of this site can read dates: from 4.1 on. */
  readonly isoExpiry: boolean
  /** Converts dates without an offset. */
  readonly localTime: LocalTime
}

/** The meaning of Django's reserved properties. */
export function djangoRules({ saveEveryRequest, isoExpiry, localTime }: DjangoRulesOptions): Rules {
  const dateFormat = isoExpiry ? localTime : undefined
  const endsWithBrowser: Rules['endsWithBrowser'] = (texts, context) => {
    const stored = storedExpiry(texts, context)
    return stored === undefined ? context.lifetime.browserSession : stored === 0
  }
  const expiryOf: Rules['expiryOf'] = (texts, createdAt, now, context) => {
    const stored = storedExpiry(texts, context)
    const date = typeof stored === 'string' ? fromIso(stored, localTime) : undefined
    const expiresAt = date ?? now + idleTimeOf(stored, context.lifetime)
    return Math.max(0, Math.min(Math.floor(expiresAt), createdAt + context.lifetime.absolute, MAX_TIMESTAMP))
  }
  return {
    names: { user: '_auth_user_id', lastUser: LAST_USER, isReserved: hasUnderscore },
    loginRemedy: 'A Django login needs more than a user id: call djangoLogin(session, user) of sojourn/django.',
    endsWithBrowser,
    endOf: ({ expiresAt }) => expiresAt, // as Django: the stored expiry
    expiryOf,
    // Django extends a session only when it is saved.
    touchOf: (entry, texts, now, context) => {
      if (!saveEveryRequest) return undefined
      const expiresAt = expiryOf(texts, entry.createdAt, now, context)
      return expiresAt < entry.expiresAt ? undefined : expiresAt
    },
    requiresNewId: () => false,
    // Every save sends the cookie again, because its lifetime is that of the session and slides.
    issues({ change, entry, now, texts }, context) {
      if (entry === undefined || change === 'unchanged') return undefined
      return { lifetime: endsWithBrowser(texts(), context) ? undefined : entry.expiresAt - now }
    },
    expiryProperties: (expiry, createdAt, now, lifetime) => [[SESSION_EXPIRY, toStored(expiry, createdAt, now, lifetime, dateFormat)]],
  }
}

/** How long after a save a session without a date expires, in milliseconds. */
function idleTimeOf(stored: number | string | undefined, { idle }: Lifetime): number {
  return typeof stored === 'number' && stored !== 0 ? stored * 1000 : idle
}

/**
 * How long after a save a session with these properties expires, in milliseconds. Where no column
 * contains the expiry, it is computed from the time of the last save. A date is ignored here.
 */
export function lifetimeAfterSave(texts: ReadonlyMap<string, string>, context: RuleContext): number {
  return idleTimeOf(storedExpiry(texts, context), context.lifetime)
}

/** Returns seconds or an ISO date; `undefined` when the property is absent or not usable. */
function storedExpiry(texts: ReadonlyMap<string, string>, { parse }: RuleContext): number | string | undefined {
  const text = texts.get(SESSION_EXPIRY)
  const value: unknown = text === undefined || text.startsWith('{') || text.startsWith('[') ? undefined : parse(text)
  if (typeof value === 'boolean') return Number(value)
  if (typeof value === 'string') return value
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}

function toStored(
  expiry: Expiry,
  createdAt: number,
  now: number,
  lifetime: Lifetime,
  dateFormat: LocalTime | undefined,
): number | string | undefined {
  if (expiry === undefined) return undefined
  if (expiry === 'browser') return 0
  if (!isDate(expiry)) return slidingTime(expiry, lifetime) / 1000
  const at = futureTimestamp(expiry, createdAt, now, lifetime)
  if (dateFormat !== undefined) return toIso(at, dateFormat)
  throw new RangeError('setExpiry: the option `isoExpiry` is false, because Django before 4.1 cannot read a date. Give a duration.')
}

/**
 * Formats a date as Python's `isoformat` does. Never with `Z`, which Python reads only from 3.11
 * on.
 */
function toIso(timestamp: number, localTime: LocalTime): string {
  return new Date(localTime.toLocal(timestamp)).toISOString().replace(/(?:\.000)?Z$/, localTime.offset)
}

const ISO = /^(\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2})(?:\.(\d{3})\d{0,3})?(Z|[+-]\d{2}:\d{2})?(?::\d{2})?$/

/**
 * Reads a date that `isoformat` printed, in whole milliseconds. Without an offset it is a local
 * time of the site.
 */
function fromIso(date: string, localTime: LocalTime): number | undefined {
  const [, time, fraction = '000', offset] = ISO.exec(date) ?? []
  if (time === undefined) return undefined
  const timestamp = Date.parse(`${time.replace(' ', 'T')}.${fraction}${offset ?? 'Z'}`)
  if (Number.isNaN(timestamp)) return undefined
  return offset === undefined ? localTime.toTimestamp(timestamp) : timestamp
}
