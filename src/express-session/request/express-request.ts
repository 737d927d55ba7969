import type { IncomingMessage } from 'node:http'
import type { IncomingRequest } from '../../core/cookie/incoming-request.ts'
import { NodeRequest } from '../../core/cookie/node-request.ts'
import type { CookieAttributes } from '../../wire/set-cookie.ts'
import type { CookieOptions, Settings } from '../config/options.ts'
import { attributesOf, Cookie } from '../cookie/cookie.ts'
import type { CookieContext } from '../cookie/session-cookies.ts'
import { type Secret, sign } from '../cookie/signed.ts'
import type { SessionRequest } from '../session/session.ts'

/** A request of Express, Connect or Node, with what middleware may have added to it. */
export interface ExpressMessage extends IncomingMessage, SessionRequest {
  readonly originalUrl?: string
  readonly secure?: boolean
  /** The secret of cookie-parser. */
  readonly secret?: Secret
  /** The cookies of cookie-parser. */
  readonly cookies?: Readonly<Record<string, unknown>>
  /** The verified cookies of cookie-parser. */
  readonly signedCookies?: Readonly<Record<string, unknown>>
}

/**
 * Whether a request came over HTTPS. The option `proxy` decides whether the header
 * X-Forwarded-Proto is trusted; if it is not set, the framework does.
 */
function isSecure(req: ExpressMessage, proxy: boolean | undefined): boolean {
  const { encrypted } = (req.socket ?? {}) as { readonly encrypted?: boolean }
  if (encrypted === true) return true
  if (proxy === false) return false
  if (proxy !== true) return req.secure === true
  const [protocol = ''] = String(req.headers['x-forwarded-proto'] ?? '').split(',')
  return protocol.trim().toLowerCase() === 'https'
}

/** A request as the manager sees it, with the options that apply to it. */
export class ExpressRequest extends NodeRequest implements CookieContext {
  readonly secrets: readonly [Secret, ...Secret[]]
  readonly #req: ExpressMessage
  readonly #settings: Settings
  #attributes: CookieAttributes | undefined

  constructor(req: ExpressMessage, settings: Settings) {
    super(req, { secure: isSecure(req, settings.proxy), remedy: undefined, environment: undefined, originalUrl: req.originalUrl })
    this.#req = req
    this.#settings = settings
    this.secrets = settings.secrets ?? [req.secret as Secret]
  }

  /** A new cookie with the attributes of the option. */
  newCookie(): Cookie {
    return new Cookie(withoutAuto(this.#settings.cookieOf(this.#req), this.secure))
  }

  get attributes(): CookieAttributes {
    this.#attributes ??= attributesFor(this.#settings.cookieOf(this.#req), this.secure)
    return this.#attributes
  }

  /** As express-session, the cookie that cookie-parser has found. */
  get parsedToken(): string | undefined {
    const { cookies, signedCookies } = this.#req
    const sid = signedCookies?.[this.#settings.name]
    if (typeof sid === 'string' && sid !== '') return sign(sid, this.secrets[0])
    const text = cookies?.[this.#settings.name]
    return typeof text === 'string' ? text : undefined
  }
}

/**
 * The options that apply to a request. A request that the application itself passed to the manager
 * has those that do not depend on the request.
 */
export function contextOf(settings: Settings, request: IncomingRequest): CookieContext & Pick<ExpressRequest, 'secrets'> {
  if (request instanceof ExpressRequest) return request
  const options = settings.cookieOf({ headers: {}, url: request.path ?? '/' } as IncomingMessage)
  return {
    secure: request.secure,
    attributes: attributesFor(options, request.secure),
    parsedToken: undefined,
    secrets: settings.secrets ?? [''],
  }
}

/** The attributes that the option `cookie` gives the cookie of a request, without its expiry. */
function attributesFor(options: CookieOptions, isSecure: boolean): CookieAttributes {
  return attributesOf({ ...COOKIE, ...withoutAuto(options, isSecure), expires: undefined })
}

/** What a new cookie has. */
const COOKIE = { ...new Cookie().data }

/**
 * Replaces `'auto'` by what it means for a request. Browsers accept `SameSite=None` only over
 * HTTPS.
 */
function withoutAuto(options: CookieOptions, isSecure: boolean): CookieOptions {
  const { secure, sameSite } = options
  return {
    ...options,
    ...(secure === 'auto' && { secure: isSecure }),
    ...(sameSite === 'auto' && { sameSite: isSecure ? ('none' as const) : ('lax' as const) }),
  }
}
