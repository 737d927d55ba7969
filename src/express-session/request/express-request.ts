import type { IncomingMessage } from 'node:http'
import type { IncomingRequest } from '../../core/cookie/incoming-request.ts'
import { NodeRequest } from '../../core/cookie/node-request.ts'
import { cookieValues } from '../../wire/cookie-header.ts'
import type { Settings } from '../config/options.ts'
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
  #attributes: CookieContext['attributes'] | undefined

  constructor(req: ExpressMessage, settings: Settings) {
    super(req, { secure: isSecure(req, settings.proxy), remedy: undefined, environment: undefined, originalUrl: req.originalUrl })
    this.#req = req
    this.#settings = settings
    this.secrets = settings.secrets ?? [req.secret as Secret]
  }

  /** A new cookie with the attributes of the option. */
  newCookie(): Cookie {
    const options = this.#settings.cookieOf(this.#req)
    const cookie = new Cookie(options)
    if (options.secure === 'auto') cookie.secure = this.secure
    if (options.sameSite === 'auto') cookie.sameSite = this.secure ? 'none' : 'lax'
    return cookie
  }

  get attributes(): CookieContext['attributes'] {
    if (this.#attributes === undefined) {
      const { expires: _, ...attributes } = attributesOf(this.newCookie())
      this.#attributes = attributes
    }
    return this.#attributes
  }

  /** As express-session, reads what cookie-parser has found if the header has no such cookie. */
  override header(name: string): string | undefined {
    const header = super.header(name)
    if (name !== 'cookie' || cookieValues(header, this.#settings.name).length > 0) return header
    const text = this.#parsedCookie()
    return text === undefined ? header : `${this.#settings.name}=${encodeURIComponent(text)}`
  }

  #parsedCookie(): string | undefined {
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
    attributes: attributesOf(new Cookie({ ...options, secure: options.secure === 'auto' ? request.secure : options.secure })),
    secrets: settings.secrets ?? [''],
  }
}
