import { whyNotLoopback } from '../../wire/loopback.ts'
import type { IncomingRequest } from './incoming-request.ts'

/**
 * The members that are used of a request of Node: an `IncomingMessage` of `node:http`, an
 * `Http2ServerRequest`, or the request of a framework that extends them, such as Express.
 */
export interface NodeMessage {
  /** The headers by lower-case name. */
  readonly headers: { readonly [name: string]: string | readonly string[] | undefined; readonly get?: never }
  /** The connection. */
  readonly socket: { readonly remoteAddress?: string | undefined; readonly encrypted?: boolean }
  /** `'1.1'`; proxies on the same machine use `'1.0'`. */
  readonly httpVersion?: string
  /** Names and values in turn, as they were received. */
  readonly rawHeaders?: readonly string[]
  /** The method, in upper case. */
  readonly method?: string | undefined
  /** The target of the request: a path, or a URL. */
  readonly url?: string | undefined
  /**
   * The target that Connect and Express keep, because they shorten `url` for a mounted application.
   */
  readonly originalUrl?: string | undefined
  /** Whether the request came over HTTPS, as Express judges it by its setting `trust proxy`. */
  readonly secure?: boolean
}

/** Facts that a framework adds to a request. */
type Judgement = Pick<IncomingRequest, 'secure' | 'remedy'> &
  Pick<NodeMessage, 'originalUrl'> & { readonly environment?: string | undefined }

/** Node's request as an `IncomingRequest`. Whether it is `secure` is the framework's decision. */
export class NodeRequest implements IncomingRequest {
  readonly secure: boolean
  readonly remedy: string | undefined
  readonly #req: NodeMessage
  readonly #environment: string | undefined
  readonly #target: string | undefined

  constructor(req: NodeMessage, { secure, remedy, environment, originalUrl }: Judgement) {
    this.secure = secure
    this.remedy = remedy
    this.#req = req
    this.#environment = environment
    this.#target = originalUrl ?? req.originalUrl ?? req.url
  }

  /** A request of which no framework has judged whether it is secure. */
  static from(req: NodeMessage, environment: string | undefined): NodeRequest {
    return new NodeRequest(req, { secure: req.secure ?? req.socket?.encrypted === true, remedy: undefined, environment })
  }

  get path(): string | undefined {
    return this.#target?.startsWith('/') === true ? this.#target.replace(/[?#].*/s, '') : undefined
  }

  get method(): string | undefined {
    return this.#req.method
  }

  get origin(): string | undefined {
    const host = this.#req.headers[':authority'] ?? this.#req.headers['host']
    return typeof host === 'string' ? `${this.secure ? 'https' : 'http'}://${host}` : undefined
  }

  header(name: string): string | undefined {
    const value = this.#req.headers[name]
    if (typeof value !== 'string') return undefined
    return name === 'authorization' ? allOf(name, this.#req, value) : value
  }

  get loopback(): boolean {
    return this.whyNotLoopback === undefined
  }

  get whyNotLoopback(): string | undefined {
    const { headers, httpVersion, socket } = this.#req
    if (httpVersion === '1.0') return 'it uses HTTP/1.0, as proxies on the same machine do'
    const peer = socket?.remoteAddress
    if (peer === undefined) return 'its connection has no address, as a Unix socket'
    return whyNotLoopback({
      hosts: hostsOf(this.#req),
      names: Object.keys(headers),
      header: (name) => this.header(name),
      peer: peer === '' ? undefined : peer, // a request that was made inside of the process, by Nitro
      environment: this.#environment,
    })
  }
}

/** All values of a header, of which Node keeps only the first: a proxy may have checked another. */
function allOf(name: string, { rawHeaders = [] }: NodeMessage, first: string): string {
  const values = rawHeaders.filter((_, index) => rawHeaders[index - 1]?.toLowerCase() === name && index % 2 === 1)
  return values.length > 1 ? values.join(', ') : first
}

const NAMES_HOST = /^(?:host|:authority)$/i

/** Every host that a request names: in its target, its `Host` headers and its `:authority`. */
function hostsOf({ url = '', rawHeaders, headers }: NodeMessage): string[] {
  const inTarget = url.startsWith('/') ? undefined : /^[a-z][a-z\d+.-]*:\/\/([^/?#]*)/i.exec(url)?.[1]
  const hosts = inTarget === undefined ? [] : [inTarget]
  if (rawHeaders === undefined) return [...hosts, ...[headers['host'] ?? []].flat()]
  for (let index = 0; index < rawHeaders.length; index += 2)
    if (NAMES_HOST.test(rawHeaders[index] as string)) hosts.push(rawHeaders[index + 1] ?? '')
  return hosts
}
