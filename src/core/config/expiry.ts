import { type Duration, durationRemedy, HOUR, milliseconds } from '../base/duration.ts'
import { formatValue } from '../base/format.ts'
import { isDate } from '../base/realms.ts'
import { BROWSER, EXPIRY } from '../base/reserved.ts'
import type { Entry } from '../store/store.ts'
import type { Expiry, Lifetime, Parse, RuleContext, Texts } from './profile.ts'

/** The expiry that was set for one session: a sliding `idle`, or a fixed timestamp. */
type OwnExpiry = { readonly idle: number } | { readonly at: number }

/**
 * Returns the expiry that was set for the session; `undefined` if there is none or the stored value
 * is invalid.
 */
function ownExpiry(texts: Texts, parse: Parse): OwnExpiry | undefined {
  const value = read(texts, EXPIRY, parse)
  if (typeof value !== 'object' || value === null) return undefined
  const { idle, at } = value as { idle?: unknown; at?: unknown }
  if (typeof at === 'number' && Number.isFinite(at)) return { at }
  return typeof idle === 'number' && idle > 0 ? { idle } : undefined
}

export function endsWithBrowser(texts: Texts, { lifetime, parse }: RuleContext): boolean {
  const value = read(texts, BROWSER, parse)
  return typeof value === 'boolean' ? value : lifetime.browserSession
}

/**
 * Returns the expiry: after the idle time or at the timestamp that was set for the session, and
 * never after the absolute lifetime.
 */
export function expiryOf(texts: Texts, createdAt: number, now: number, { lifetime, parse }: RuleContext): number {
  const own = ownExpiry(texts, parse)
  const wanted = own !== undefined && 'at' in own ? own.at : now + (own?.idle ?? lifetime.idle)
  return Math.min(wanted, createdAt + lifetime.absolute)
}

/**
 * Returns when a stored session ends: at its stored expiry, or earlier if the current options are
 * stricter. Shortened lifetimes therefore apply to sessions that are only read. The time is
 * computed from the last write or touch.
 */
export function endOf({ expiresAt, createdAt, seenAt }: Entry, texts: Texts, context: RuleContext): number {
  const { revokedBefore } = context.lifetime
  if (revokedBefore !== undefined && createdAt <= revokedBefore) return 0
  return Math.min(expiresAt, expiryOf(texts, createdAt, seenAt, context))
}

/**
 * Returns the new expiry for a touch. A session is not touched if it was not used, or if its last
 * touch was less than a tenth of its idle time (at most an hour) ago.
 */
export function touchOf(entry: Entry, texts: Texts, now: number, context: RuleContext, accessed: boolean): number | undefined {
  if (!accessed) return undefined
  const own = ownExpiry(texts, context.parse)
  const idle = own !== undefined && 'idle' in own ? own.idle : context.lifetime.idle
  if (now - entry.seenAt < Math.min(idle / 10, HOUR)) return undefined
  // If `idle` was shortened, the stored expiry stays, and only `seenAt` changes.
  return Math.max(entry.expiresAt, expiryOf(texts, entry.createdAt, now, context))
}

function read(texts: Texts, name: string, parse: Parse): unknown {
  const text = texts.get(name)
  if (text === undefined) return undefined
  try {
    return parse(text)
  } catch {
    return undefined
  }
}

export function expiryProperties(
  expiry: Expiry,
  createdAt: number,
  now: number,
  lifetime: Lifetime,
): readonly (readonly [name: string, value: unknown])[] {
  const own = ownExpiryOf(expiry, createdAt, now, lifetime)
  // If this change needs a cookie that cannot be set, it is refused first, and nothing is recorded.
  const browser = expiry === undefined ? undefined : expiry === 'browser'
  return [
    [BROWSER, browser],
    [EXPIRY, own],
  ]
}

function ownExpiryOf(expiry: Expiry, createdAt: number, now: number, lifetime: Lifetime): OwnExpiry | undefined {
  if (expiry === undefined || expiry === 'browser') return undefined
  return isDate(expiry) ? { at: futureTimestamp(expiry, createdAt, now, lifetime) } : { idle: slidingTime(expiry, lifetime) }
}

/** The timestamp of a date at which a session can end. Throws `RangeError`. */
export function futureTimestamp(date: Date, createdAt: number, now: number, { absolute }: Lifetime): number {
  const at = date.getTime()
  if (!(at > now)) throw new RangeError('setExpiry: the date must be in the future. To end the session now, call flush().')
  if (at <= createdAt + absolute) return at
  const end = new Date(createdAt + absolute).toISOString()
  throw new RangeError(
    `setExpiry: the date is after ${end}, the end of the absolute lifetime. Give an earlier date, or raise the option \`absolute\`.`,
  )
}

/** The milliseconds of an idle time. Throws `RangeError`. */
export function slidingTime(duration: Duration, { absolute }: Lifetime): number {
  const idle = milliseconds(duration)
  if (idle === undefined)
    throw new RangeError(`setExpiry: ${formatValue(duration)} is not a duration: ${durationRemedy(duration)}; or 'browser', or a Date.`)
  if (idle > absolute)
    throw new RangeError(
      `setExpiry: ${String(duration)} is longer than the absolute lifetime. Give a shorter one, or raise the option \`absolute\`.`,
    )
  return idle
}
