import type { IncomingMessage } from 'node:http'
import type { IncomingRequest } from '../../core/cookie/incoming-request.ts'
import { isLoopback } from '../../wire/loopback.ts'

/** Node's request as an `IncomingRequest`. Whether it is `secure` is the framework's decision. */
export class NodeRequest implements IncomingRequest {
  readonly secure: boolean
  readonly remedy: string | undefined
  readonly #req: IncomingMessage
  readonly #environment: string | undefined

  constructor(
    req: IncomingMessage,
    { secure, remedy, environment }: Pick<IncomingRequest, 'secure' | 'remedy'> & { environment?: string | undefined },
  ) {
    this.secure = secure
    this.remedy = remedy
    this.#req = req
    this.#environment = environment
  }

  header(name: string): string | undefined {
    const value = this.#req.headers[name]
    return typeof value === 'string' ? value : undefined
  }

  /**
   * HTTP/1.0 is spoken by proxies on the same machine, and not by browsers. A peer on a Unix socket
   * has no address.
   */
  get loopback(): boolean {
    const { headers, httpVersion, socket } = this.#req
    if (httpVersion === '1.0') return false
    return isLoopback({
      hosts: hostsOf(this.#req),
      headers: Object.keys(headers),
      peer: socket.remoteAddress ?? '',
      environment: this.#environment,
    })
  }
}

const NAMES_HOST = /^(?:host|:authority)$/i

/** Every host that a request names: in its target, its `Host` headers and its `:authority`. */
function hostsOf({ url = '', rawHeaders }: IncomingMessage): string[] {
  const inTarget = url.startsWith('/') ? undefined : /^[a-z][a-z\d+.-]*:\/\/([^/?#]*)/i.exec(url)?.[1]
  const hosts = inTarget === undefined ? [] : [inTarget]
  for (let index = 0; index < rawHeaders.length; index += 2)
    if (NAMES_HOST.test(rawHeaders[index] as string)) hosts.push(rawHeaders[index + 1] ?? '')
  return hosts
}
