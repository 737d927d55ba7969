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
    if ('loopback' in source) return source
    if (isCookieJar(source)) return new JarRequest(source, source.request && toIncomingRequest(source.request))
    if (isWebRequest(source)) return new WebRequest(source)
    if ('headers' in source) return NodeRequest.from(source, environment())
  }
  throw new ConfigError(
    `sessions.open(request) got ${formatValue(source)}. Pass a Request, the request of node:http, a cookie jar with \`read(name)\` and \`write(name, value, options)\`, or an object with \`secure\`, \`loopback\` and \`header(name)\`.`,
  )
}

function isWebRequest(source: Request | NodeMessage): source is Request {
  return typeof source.headers?.get === 'function'
}
