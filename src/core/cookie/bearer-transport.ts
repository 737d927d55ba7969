import { milliseconds } from '../base/duration.ts'
import { ConfigError } from '../base/errors.ts'
import { plainHttp } from './cookie-transport.ts'
import type { IncomingRequest } from './incoming-request.ts'
import type { Carrier, CookieToSet, Presented, Refused, Transport } from './transport.ts'

/** The header of a response that gives the client an id. It is empty if the session has ended. */
const HEADER = 'Session-Id'

/** Only the scheme `Bearer` with one token, as RFC 6750 defines it. */
const BEARER = /^bearer +([\w.~+/-]+=*)$/i

const NOTHING: readonly CookieToSet[] = []

const carrier: Carrier = {
  read(request): Presented {
    const header = request.header('authorization')?.trim()
    if (header === undefined || !/^bearer\b/i.test(header)) return { tokens: [], names: [] }
    const token = BEARER.exec(header)?.[1]
    return { tokens: token === undefined ? [] : [token], names: [HEADER] }
  },
  issue: () => NOTHING,
  clear: () => NOTHING,
}

/**
 * The transport for clients that are no browsers: `Authorization: Bearer <id>`, and a new id in the
 * header `Session-Id` of the response. It has no origin check, because a browser sends such a
 * header to another origin only if that allows it. `isSecure`: every request came over HTTPS,
 * whatever the server sees.
 */
export function bearerTransport({ isSecure }: { readonly isSecure: boolean }): Transport {
  return {
    vary: 'Authorization',
    header: HEADER,
    challenge,
    carrierFor: (request) => (isSecure || request.secure || request.loopback ? carrier : insecure(request)),
  }
}

/** RFC 6750, and RFC 9470 for a user who has to authenticate again. */
function challenge(stepUp?: { readonly within: unknown }): string {
  if (stepUp === undefined) return 'Bearer'
  const age = milliseconds(stepUp.within)
  const maxAge = age === undefined ? '' : `, max_age="${Math.floor(age / 1000)}"`
  return `Bearer error="insufficient_user_authentication"${maxAge}`
}

function insecure(request: IncomingRequest): Refused {
  return { reason: 'insecure', error: () => new ConfigError(`The session was not used, because ${plainHttp(request)}`) }
}

/**
 * The scope of bearer tokens: an id of a cookie is not valid as a token, nor a token in a cookie. A
 * cookie's name has no colon.
 */
export function bearerScope(realm = ''): string {
  return `bearer:${realm}`
}
