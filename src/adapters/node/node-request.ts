import type { IncomingMessage } from 'node:http'
import type { IncomingRequest } from '../../core/cookie/incoming-request.ts'
import { isLoopback } from '../../wire/loopback.ts'

/** What Node's request tells by itself; whether it is `secure` the framework judges. */
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

  get cookie(): string | undefined {
    return this.#req.headers.cookie
  }

  /** HTTP/1.0 is not spoken by browsers, but by proxies on the same machine; and whoever comes over a Unix socket has no address. */
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

/** Every host a request names: in its target, in its `Host` headers, in its `:authority`. */
function hostsOf({ url = '', rawHeaders }: IncomingMessage): string[] {
  const inTarget = url.startsWith('/') ? undefined : /^[a-z][a-z\d+.-]*:\/\/([^/?#]*)/i.exec(url)?.[1]
  const hosts = inTarget === undefined ? [] : [inTarget]
  for (let index = 0; index < rawHeaders.length; index += 2)
    if (NAMES_HOST.test(rawHeaders[index] as string)) hosts.push(rawHeaders[index + 1] ?? '')
  return hosts
}
