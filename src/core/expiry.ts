import { DURATION_FORMS, type Duration, milliseconds } from './duration.ts'
import { BROWSER, EXPIRY } from './reserved.ts'
import type { Entry } from './store.ts'

/** How long sessions live when they do not say so themselves, in milliseconds. */
export interface Lifetime {
  readonly idle: number
  readonly absolute: number
  readonly browserSession: boolean
}

/** A session's own expiry: an `idle` that slides, or a fixed instant. */
export type OwnExpiry = { readonly idle: number } | { readonly at: number }

/** Reads one text; a codec's `parse`. */
export type Parse = (text: string) => unknown

/** How what texts say of a session's life is read. */
export interface Reading {
  readonly lifetime: Lifetime
  readonly parse: Parse
}

/** The session's own expiry, if it has one that can be read. */
function ownExpiry(texts: ReadonlyMap<string, string>, parse: Parse): OwnExpiry | undefined {
  const value = read(texts, EXPIRY, parse)
  if (typeof value !== 'object' || value === null) return undefined
  const { idle, at } = value as { idle?: unknown; at?: unknown }
  if (typeof at === 'number' && Number.isFinite(at)) return { at }
  return typeof idle === 'number' && idle > 0 ? { idle } : undefined
}

/** Whether the cookie of such a session ends with the browser. */
export function endsWithBrowser(texts: ReadonlyMap<string, string>, { lifetime, parse }: Reading): boolean {
  const value = read(texts, BROWSER, parse)
  return typeof value === 'boolean' ? value : lifetime.browserSession
}

/** When a session that was used at `now` expires: after its idle time or at its own instant, never after its absolute lifetime. */
export function expiryOf(texts: ReadonlyMap<string, string>, createdAt: number, now: number, { lifetime, parse }: Reading): number {
  const own = ownExpiry(texts, parse)
  const wanted = own !== undefined && 'at' in own ? own.at : now + (own?.idle ?? lifetime.idle)
  return Math.min(wanted, createdAt + lifetime.absolute)
}

const HOUR = 3_600_000

/** The expiry that a touch at `now` gives the entry; `undefined` when it is too early for one. Never before the one it has. */
export function touchOf(entry: Entry, texts: ReadonlyMap<string, string>, now: number, reading: Reading): number | undefined {
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

/** What `setExpiry` takes: an idle time that slides, an instant, `'browser'` for as long as the browser runs, or the defaults again. */
export type Expiry = Duration | Date | 'browser' | undefined

/** An expiry as the values of its two reserved properties; throws `RangeError` for one that no session can have. */
export function expiryProperties(
  expiry: Expiry,
  createdAt: number,
  now: number,
  lifetime: Lifetime,
): { own?: OwnExpiry; browser?: boolean } {
  if (expiry === undefined) return {}
  if (expiry === 'browser') return { browser: true }
  return { own: expiry instanceof Date ? instant(expiry, createdAt, now, lifetime) : sliding(expiry, lifetime), browser: false }
}

function instant(date: Date, createdAt: number, now: number, { absolute }: Lifetime): OwnExpiry {
  const at = date.getTime()
  if (!(at > now)) throw new RangeError('setExpiry: the instant is not ahead; flush() ends a session now')
  if (at > createdAt + absolute)
    throw new RangeError(
      `setExpiry: the instant is beyond the absolute lifetime, which ends ${new Date(createdAt + absolute).toISOString()} (option \`absolute\`)`,
    )
  return { at }
}

function sliding(duration: Duration, { absolute }: Lifetime): OwnExpiry {
  const idle = milliseconds(duration)
  if (idle === undefined)
    throw new RangeError(`setExpiry: ${String(duration)} is no duration: ${DURATION_FORMS}; 'browser' ends it with the browser`)
  if (idle > absolute) throw new RangeError(`setExpiry: ${String(duration)} is longer than the absolute lifetime (option \`absolute\`)`)
  return { idle }
}
