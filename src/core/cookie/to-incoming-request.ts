import { ConfigError } from '../base/errors.ts'
import { formatValue } from '../base/format.ts'
import { type CookieJar, isCookieJar, JarRequest } from './cookie-jar.ts'
import type { IncomingRequest } from './incoming-request.ts'
import { type NodeMessage, NodeRequest } from './node-request.ts'
import { environment, WebRequest } from './web-request.ts'

/** What `sessions.open` takes. */
export type RequestInput = Request | NodeMessage | IncomingRequest | CookieJar

/** The request of any runtime or framework as an `IncomingRequest`. */
export function toIncomingRequest(source: RequestInput): IncomingRequest {
  if (typeof source === 'object' && source !== null) {
    if ('loopback' in source && typeof source.header === 'function') return source
    if (isCookieJar(source)) return new JarRequest(source, source.request && toIncomingRequest(source.request))
    if (isWebRequest(source)) return new WebRequest(source)
    if ('headers' in source && hasNodeHeaders(source)) return NodeRequest.from(source, environment())
  }
  throw new ConfigError(
    `sessions.open(request) got ${formatValue(source)}. Pass a Request, the request of node:http, a cookie jar with \`read(name)\` and \`write(name, value, options)\`, or an object with \`secure\`, \`loopback\` and \`header(name)\`.`,
  )
}

function isWebRequest(source: object): source is Request {
  const { headers, url } = source as Partial<Request>
  return typeof headers?.get === 'function' && typeof url === 'string'
}

/**
 * A request that Node did not make may have names as they were sent, and its cookies would not be
 * found.
 */
function hasNodeHeaders({ headers, rawHeaders }: NodeMessage): boolean {
  if (typeof headers !== 'object' || headers === null || typeof headers.get === 'function') return false
  const name = rawHeaders === undefined ? Object.keys(headers).find((key) => key !== key.toLowerCase()) : undefined
  if (name === undefined) return true
  throw new ConfigError(
    `sessions.open(request): the header ${formatValue(name)} is not in lower case. Pass \`headers\` with lower-case names.`,
  )
}
