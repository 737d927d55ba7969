import type { IncomingRequest } from '../../core/cookie/incoming-request.ts'
import type { CookieToSet, Transport } from '../../core/cookie/transport.ts'
import { cookieValues } from '../../wire/cookie-header.ts'
import type { CookieAttributes } from '../../wire/set-cookie.ts'

/** What the transport needs of one request. */
export interface CookieContext {
  /** The attributes that the options give the cookie of this request. */
  readonly attributes: CookieAttributes
  /** Whether the request came over HTTPS, as the options judge it. */
  readonly secure: boolean
  /** The signed token that other middleware has found, for a request whose header has none. */
  readonly parsedToken: string | undefined
}

/**
 * Carries the token in one cookie, as express-session does: the value is URI-encoded, the name has
 * no prefix, and plain HTTP is allowed unless the cookie is Secure. A Secure cookie is then not
 * sent.
 */
export function sessionCookies(name: string, contextOf: (request: IncomingRequest) => CookieContext): Transport {
  return {
    vary: 'Cookie',
    carrierFor: (incoming) => ({
      read(request) {
        const values = cookieValues(request.header('cookie'), name).map(decode)
        const { parsedToken } = contextOf(request)
        if (values.length === 0 && parsedToken !== undefined) values.push(parsedToken)
        return { tokens: [...new Set(values)], names: values.length === 0 ? [] : [name] }
      },
      issue(token, { lifetime, attributes: changed }) {
        const { attributes, secure } = contextOf(incoming)
        const cookie: CookieAttributes = { ...attributes, ...changed }
        if (cookie.secure && !secure) return []
        const expires = lifetime === undefined ? {} : { expires: new Date(Date.now() + lifetime) }
        return [{ name, value: encodeURIComponent(token), attributes: { ...cookie, ...expires } }]
      },
      clear: ({ names }): CookieToSet[] =>
        names.map((presented) => ({ name: presented, value: undefined, attributes: contextOf(incoming).attributes })),
    }),
  }
}

/** Decodes a value as the package `cookie` does. */
function decode(value: string): string {
  const text = value.startsWith('"') ? value.slice(1, -1) : value
  try {
    return text.includes('%') ? decodeURIComponent(text) : text
  } catch {
    return text
  }
}
