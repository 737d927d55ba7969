import type { Context } from 'hono'
import type { IncomingRequest } from '../../core/cookie/incoming-request.ts'
import { type NodeMessage, NodeRequest } from '../../core/cookie/node-request.ts'
import { WebRequest } from '../../core/cookie/web-request.ts'
import { isLoopbackAddress } from '../../wire/loopback.ts'

/** The connection as the environment of a runtime shows it. */
interface Environment {
  /** `@hono/node-server` */
  readonly incoming?: Partial<NodeMessage>
  /** Deno */
  readonly remoteAddr?: { readonly hostname?: string }
  /** Bun: the environment is the server. */
  readonly requestIP?: unknown
}

/** A request that Node received. */
class ReceivedRequest extends WebRequest {
  readonly #message: NodeMessage

  constructor(request: Request, message: NodeMessage) {
    super(request)
    this.#message = message
  }

  override get whyNotLoopback(): string | undefined {
    return super.whyNotLoopback ?? NodeRequest.from(this.#message, undefined).whyNotLoopback
  }
}

/** A request that came from another machine, whatever its `Host` header says. */
class RemoteRequest extends WebRequest {
  readonly #peer: string

  constructor(request: Request, peer: string) {
    super(request)
    this.#peer = peer
  }

  override get whyNotLoopback(): string {
    return `its peer is ${JSON.stringify(this.#peer)}`
  }
}

/** The request of a Hono context. Uses the connection where the runtime shows it. */
export function honoRequest({ req: { raw }, env }: Context): Request | IncomingRequest {
  const environment = (env ?? {}) as Environment
  const { incoming } = environment
  if (incoming?.headers !== undefined) return new ReceivedRequest(raw, incoming as NodeMessage)
  const peer = peerOf(environment, raw)
  return typeof peer !== 'string' || isLoopbackAddress(peer) ? raw : new RemoteRequest(raw, peer)
}

function peerOf(environment: Environment, request: Request): unknown {
  const address = environment.incoming?.socket?.remoteAddress ?? environment.remoteAddr?.hostname
  if (address !== undefined || typeof environment.requestIP !== 'function') return address
  return (environment as { requestIP(request: Request): { readonly address?: string } | null }).requestIP(request)?.address
}
