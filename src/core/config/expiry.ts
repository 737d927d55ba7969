import { type Duration, durationRemedy, HOUR, milliseconds } from '../base/duration.ts'
import { formatValue } from '../base/format.ts'
import { BROWSER, EXPIRY, USER } from '../base/reserved.ts'
import type { Entry } from '../store/store.ts'
import type { Expiry, Lifetime, Parse, RuleContext, SessionRules } from './rules.ts'

/** A session's own expiry: an `idle` that slides, or a fixed instant. */
type OwnExpiry = { readonly idle: number } | { readonly at: number }

/** The session's own expiry, if it has one that can be read. */
function ownExpiry(texts: ReadonlyMap<string, string>, parse: Parse): OwnExpiry | undefined {
  const value = read(texts, EXPIRY, parse)
  if (typeof value !== 'object' || value === null) return undefined
  const { idle, at } = value as { idle?: unknown; at?: unknown }
  if (typeof at === 'number' && Number.isFinite(at)) return { at }
  return typeof idle === 'number' && idle > 0 ? { idle } : undefined
}

function endsWithBrowser(texts: ReadonlyMap<string, string>, { lifetime, parse }: RuleContext): boolean {
  const value = read(texts, BROWSER, parse)
  return typeof value === 'boolean' ? value : lifetime.browserSession
}

/** After its idle time or at its own instant, never after its absolute lifetime. */
function expiryOf(texts: ReadonlyMap<string, string>, createdAt: number, now: number, { lifetime, parse }: RuleContext): number {
  const own = ownExpiry(texts, parse)
  const wanted = own !== undefined && 'at' in own ? own.at : now + (own?.idle ?? lifetime.idle)
  return Math.min(wanted, createdAt + lifetime.absolute)
}

/** Not for a session that nobody looked at, nor again so soon. */
function touchOf(
  entry: Entry,
  texts: ReadonlyMap<string, string>,
  now: number,
  reading: RuleContext,
  accessed: boolean,
): number | undefined {
  if (!accessed) return undefined
  const own = ownExpiry(texts, reading.parse)
  const idle = own !== undefined && 'idle' in own ? own.idle : reading.lifetime.idle
  if (now - entry.seenAt < Math.min(idle / 10, HOUR)) return undefined
  const expiresAt = expiryOf(texts, entry.createdAt, now, reading)
  return expiresAt < entry.expiresAt ? undefined : expiresAt
}

function read(texts: ReadonlyMap<string, string>, name: string, parse: Parse): unknown {
  const text = texts.get(name)
  if (text === undefined) return undefined
  try {
    return parse(text)
  } catch {
    return undefined
  }
}

function expiryProperties(
  expiry: Expiry,
  createdAt: number,
  now: number,
  lifetime: Lifetime,
): readonly (readonly [name: string, value: unknown])[] {
  const endsWithBrowser = expiry === undefined ? undefined : expiry === 'browser'
  return [
    [EXPIRY, ownExpiryOf(expiry, createdAt, now, lifetime)],
    [BROWSER, endsWithBrowser],
  ]
}

function ownExpiryOf(expiry: Expiry, createdAt: number, now: number, lifetime: Lifetime): OwnExpiry | undefined {
  if (expiry === undefined || expiry === 'browser') return undefined
  return expiry instanceof Date ? { at: futureTimestamp(expiry, createdAt, now, lifetime) } : { idle: slidingTime(expiry, lifetime) }
}

/** The instant of a `Date` that a session can end at. Throws `RangeError`. */
export function futureTimestamp(date: Date, createdAt: number, now: number, { absolute }: Lifetime): number {
  const at = date.getTime()
  if (!(at > now)) throw new RangeError('setExpiry: the instant is not ahead; flush() ends a session now')
  if (at > createdAt + absolute)
    throw new RangeError(
      `setExpiry: the instant is beyond the absolute lifetime, which ends ${new Date(createdAt + absolute).toISOString()} (option \`absolute\`)`,
    )
  return at
}

/** The milliseconds of a duration that a session can idle. Throws `RangeError`. */
export function slidingTime(duration: Duration, { absolute }: Lifetime): number {
  const idle = milliseconds(duration)
  if (idle === undefined)
    throw new RangeError(`setExpiry: ${formatValue(duration)} is not a duration: ${durationRemedy(duration)}; or 'browser', or a Date`)
  if (idle > absolute) throw new RangeError(`setExpiry: ${String(duration)} is longer than the absolute lifetime (option \`absolute\`)`)
  return idle
}

/** What the reserved properties of our own sessions mean. */
export const ownRules: SessionRules = {
  user: USER,
  cookieAtEveryWrite: false,
  endsWithBrowser,
  expiryOf,
  touchOf,
  expiryProperties,
  cookieLifetime: ({ createdAt }, now, { absolute }) => createdAt + absolute - now,
}
