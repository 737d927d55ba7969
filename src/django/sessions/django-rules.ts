import { futureTimestamp, slidingTime } from '../../core/config/expiry.ts'
import type { Expiry, Lifetime, RuleContext, SessionProfile } from '../../core/config/profile.ts'
import { LAST_INSTANT, type LocalTime } from '../rows/local-time.ts'

/** Django's property for a session's own expiry: seconds after the last save, 0 for as long as the browser runs, or an ISO 8601 date. */
const SESSION_EXPIRY = '_session_expiry'

/** The expiry of a session by Django's rules, and the name of its user. */
export interface DjangoExpiryOptions {
  /** Every request with a session saves it, as with Django's `SESSION_SAVE_EVERY_REQUEST`. */
  readonly saveEveryRequest: boolean
  /** Whether the Django beside us can read dates: from 4.1 on. */
  readonly isoExpiry: boolean
  /** The clock that dates without an offset go by. */
  readonly localTime: LocalTime
}

/** The rules of a profile that say what the stored properties mean. */
type Rules = Pick<
  SessionProfile,
  'userName' | 'loginRemedy' | 'endsWithBrowser' | 'expiryOf' | 'touchOf' | 'expiryProperties' | 'requiresNewId' | 'issues'
>

/** What Django's reserved properties mean. */
export function djangoRules({ saveEveryRequest, isoExpiry, localTime }: DjangoExpiryOptions): Rules {
  const dates = isoExpiry ? localTime : undefined
  const instantOf = (date: string): number | undefined => fromIso(date, localTime)
  const endsWithBrowser: Rules['endsWithBrowser'] = (texts, context) => {
    const own = storedExpiry(texts, context)
    return own === undefined ? context.lifetime.browserSession : own === 0
  }
  const expiryOf: Rules['expiryOf'] = (texts, createdAt, now, reading) => {
    const own = storedExpiry(texts, reading)
    const date = typeof own === 'string' ? instantOf(own) : undefined
    const at = date ?? now + lifeOf(own, reading.lifetime)
    return Math.max(0, Math.min(Math.floor(at), createdAt + reading.lifetime.absolute, LAST_INSTANT))
  }
  return {
    userName: '_auth_user_id',
    loginRemedy: 'In Django a login is more than a user id: djangoLogin(session, user) of sojourn/django.',
    endsWithBrowser,
    expiryOf,
    // To Django, reading is no activity: a session lives on when it is saved.
    touchOf: (entry, texts, now, reading) => {
      if (!saveEveryRequest) return undefined
      const expiresAt = expiryOf(texts, entry.createdAt, now, reading)
      return expiresAt < entry.expiresAt ? undefined : expiresAt
    },
    requiresNewId: () => false,
    // Every save sends the cookie again, because its lifetime is that of the session and slides.
    issues: ({ entry, now, texts }, context) => ({ lifetime: endsWithBrowser(texts(), context) ? undefined : entry.expiresAt - now }),
    expiryProperties: (expiry, createdAt, now, lifetime) => [[SESSION_EXPIRY, toStored(expiry, createdAt, now, lifetime, dates)]],
  }
}

/** How long a session lives after a save, in milliseconds. */
function lifeOf(own: number | string | undefined, { idle }: Lifetime): number {
  return typeof own === 'number' && own !== 0 ? own * 1000 : idle
}

/** Where no column says when a session expires it is reckoned from the save before: how long before, for a session that ends at no date. */
export function lifeAfterSave(texts: ReadonlyMap<string, string>, reading: RuleContext): number {
  return lifeOf(storedExpiry(texts, reading), reading.lifetime)
}

/** Seconds or an ISO date; `undefined` where nothing, or nothing of use, is stored. */
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
  dates: LocalTime | undefined,
): number | string | undefined {
  if (expiry === undefined) return undefined
  if (expiry === 'browser') return 0
  if (!(expiry instanceof Date)) return slidingTime(expiry, lifetime) / 1000
  const at = futureTimestamp(expiry, createdAt, now, lifetime)
  if (dates !== undefined) return toIso(at, dates)
  throw new RangeError('setExpiry: a Django before 4.1 cannot read a date (option `isoExpiry`); give a duration')
}

/** As Python's `isoformat` has it. Never `Z`, which Python reads from 3.11 on only. */
function toIso(instant: number, localTime: LocalTime): string {
  return new Date(localTime.toLocal(instant)).toISOString().replace(/(?:\.000)?Z$/, localTime.offset)
}

const ISO = /^(\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2})(?:\.(\d{3})\d{0,3})?(Z|[+-]\d{2}:\d{2})?(?::\d{2})?$/

/** The instant of what `isoformat` has written, in whole milliseconds. Without an offset it is the local time of the site. */
function fromIso(date: string, localTime: LocalTime): number | undefined {
  const [, time, fraction = '000', offset] = ISO.exec(date) ?? []
  if (time === undefined) return undefined
  const instant = Date.parse(`${time.replace(' ', 'T')}.${fraction}${offset ?? 'Z'}`)
  if (Number.isNaN(instant)) return undefined
  return offset === undefined ? localTime.toInstant(instant) : instant
}
