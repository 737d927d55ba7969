import { CsrfError } from '../base/errors.ts'
import type { IncomingRequest } from './incoming-request.ts'
import type { Refused, Transport } from './transport.ts'

/** Methods that change nothing. */
const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE'])

/** Options of `originCheck`. */
export interface OriginRules {
  /** Other origins that may send requests that change something; `'any'` turns the check off. */
  readonly trusted: 'any' | readonly string[]
  /** Whether every request came over HTTPS, whatever the server sees. */
  readonly isSecure: boolean
}

/**
 * A transport that gives no token to requests that pages of other origins send. Such a request has
 * no session, and cannot start one. The session is refused and not the request, so that webhooks,
 * and logins that another site posts and that write nothing, need no exception.
 */
export function originCheck(transport: Transport, { trusted, isSecure }: OriginRules): Transport {
  if (trusted === 'any') return transport
  return {
    vary: transport.vary,
    carrierFor(request) {
      const carrier = transport.carrierFor(request)
      return !('reason' in carrier) && isForeign(request, trusted, isSecure) ? crossSite(request) : carrier
    },
  }
}

/**
 * Whether a page of another origin sent a request that can change something. A sibling host is
 * another party too. A request without `Sec-Fetch-Site` and `Origin` does not come from a browser.
 */
function isForeign(request: IncomingRequest, trusted: readonly string[], isSecure: boolean): boolean {
  const { method } = request
  if (method === undefined) return false
  const isUpgrade = request.header('upgrade')?.toLowerCase() === 'websocket'
  if (SAFE.has(method) && !isUpgrade) return false
  const origin = request.header('origin')
  if (origin !== undefined && trusted.includes(origin)) return false
  const site = request.header('sec-fetch-site')
  if (site !== undefined) return site !== 'same-origin' && (site !== 'none' || isUpgrade)
  // A request of this machine has a local `Origin`, which a development proxy may have on another port.
  return origin !== undefined && origin !== ownOrigin(request, isSecure) && !request.loopback
}

/**
 * Proxies may send a `Host` in upper case, or with the default port. Browsers send neither in
 * `Origin`.
 */
function ownOrigin({ origin = '' }: IncomingRequest, isSecure: boolean): string | undefined {
  return URL.parse(isSecure ? origin.replace(/^http:/, 'https:') : origin)?.origin
}

function crossSite(request: IncomingRequest): Refused {
  return { reason: 'cross-site', error: () => new CsrfError(request.header('origin')) }
}
