import { ConfigError } from '../../core/base/errors.ts'
import { BROWSER, EXPIRY } from '../../core/base/reserved.ts'
import type { Intent } from '../../core/changes/intent.ts'
import type { Lifetime } from '../../core/config/profile.ts'
import type { CookieAttributes } from '../../wire/set-cookie.ts'
import { ATTRIBUTES } from '../values/names.ts'
import { attributesIn, attributesOf, Cookie, type CookieData } from './cookie.ts'

type Texts = ReadonlyMap<string, string>

/**
 * The cookie of a session object, compared with what is stored: its lifetime, and the attributes
 * that the application has set for this session.
 */
export class TrackedCookie {
  readonly #holder: { readonly cookie: Cookie }
  readonly #given: Cookie
  readonly #lifetime: Lifetime
  #maxAge: number | null
  /** The cookie as it was when its attributes were last taken. */
  #before: Fields
  #changed: Partial<CookieAttributes>

  /**
   * Gives the cookie of a session object, which has the attributes of the option, those that are
   * stored.
   */
  constructor(holder: { readonly cookie: Cookie }, stored: Texts, lifetime: Lifetime, expiresAt?: number) {
    const { cookie } = holder
    this.#holder = holder
    this.#given = cookie
    this.#lifetime = lifetime
    this.#changed = attributesIn(stored.get(ATTRIBUTES))
    Object.assign(cookie, this.#changed)
    this.#maxAge = storedMaxAge(stored, lifetime)
    if (expiresAt !== undefined) {
      cookie.expires = this.#maxAge === null ? null : new Date(expiresAt)
      cookie.originalMaxAge = this.#maxAge
    }
    this.#before = fieldsOf(cookie)
  }

  /**
   * The cookie of the session object. Applications assign another one, as `keepSessionInfo` of
   * passport does with that of the session before.
   */
  get cookie(): Cookie {
    const { cookie } = this.#holder
    return cookie instanceof Cookie ? cookie : this.#given
  }

  /**
   * Whether the application has ended the session by its cookie. Throws `ConfigError` for an
   * invalid date.
   */
  get isOver(): boolean {
    const { originalMaxAge } = this.cookie
    if (Number.isNaN(originalMaxAge))
      throw new ConfigError(
        'req.session.cookie.expires is an invalid date. Set a valid date, or a number of milliseconds as req.session.cookie.maxAge.',
      )
    return typeof originalMaxAge === 'number' && originalMaxAge <= 0
  }

  /** Whether the lifetime that the application wants is longer than a session can live. */
  get isTooLong(): boolean {
    return Number(this.cookie.originalMaxAge) > this.#lifetime.absolute
  }

  /** Returns the changes since the last call, as intents of the session. */
  take(): Intent[] {
    return [...this.#takeMaxAge(), ...this.#takeAttributes()]
  }

  #takeMaxAge(): Intent[] {
    const { originalMaxAge } = this.cookie
    const maxAge = typeof originalMaxAge === 'number' ? Math.min(originalMaxAge, this.#lifetime.absolute) : null
    if (maxAge === this.#maxAge) return []
    this.#maxAge = maxAge
    const browser: Intent = { kind: 'set', name: BROWSER, text: String(maxAge === null) }
    return [
      browser,
      maxAge === null ? { kind: 'remove', name: EXPIRY } : { kind: 'set', name: EXPIRY, text: JSON.stringify({ idle: maxAge }) },
    ]
  }

  #takeAttributes(): Intent[] {
    const before = this.#before
    const now = fieldsOf(this.cookie)
    if (FIELDS.every((name) => now[name] === before[name])) return []
    this.#before = now
    const [old, attributes] = [attributesOf(before), attributesOf(now)]
    const names = new Set([...Object.keys(attributes), ...Object.keys(old)]) as Set<keyof CookieAttributes>
    const differing = [...names].filter((name) => attributes[name] !== old[name])
    if (differing.length === 0) return []
    // `null` removes an attribute of the option: JSON has no `undefined`.
    this.#changed = { ...this.#changed, ...Object.fromEntries(differing.map((name) => [name, attributes[name] ?? null])) }
    return [{ kind: 'set', name: ATTRIBUTES, text: JSON.stringify(this.#changed) }]
  }
}

/** What becomes attributes of `Set-Cookie`, without the expiry. */
type Fields = Omit<CookieData, 'originalMaxAge' | 'expires'> & { readonly expires: undefined }

const FIELDS = ['path', 'domain', 'secure', 'httpOnly', 'sameSite', 'partitioned', 'priority'] as const

function fieldsOf({ path, domain, secure, httpOnly, sameSite, partitioned, priority }: Cookie): Fields {
  return { path, domain, secure, httpOnly, sameSite, partitioned, priority, expires: undefined }
}

/** The sliding lifetime in milliseconds; `null` if the cookie ends with the browser. */
function storedMaxAge(stored: Texts, lifetime: Lifetime): number | null {
  const browser = parse(stored.get(BROWSER)) ?? lifetime.browserSession
  if (browser === true) return null
  const { idle } = Object(parse(stored.get(EXPIRY))) as { idle?: unknown }
  return typeof idle === 'number' ? idle : lifetime.idle
}

function parse(text: string | undefined): unknown {
  return text === undefined ? undefined : JSON.parse(text)
}
