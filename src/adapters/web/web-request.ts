import type { Context } from 'hono'
import { type IncomingRequest, WebRequest } from '../../core/cookie/incoming-request.ts'
import { isLoopback } from '../../wire/loopback.ts'

/** The address of the peer in the environment of a runtime. */
interface Environment {
  /** `@hono/node-server` */
  readonly incoming?: { readonly socket?: { readonly remoteAddress?: string } }
  /** Deno */
  readonly remoteAddr?: { readonly hostname?: string }
  /** Bun: the environment is the server. */
  readonly requestIP?: unknown
}

/** A request that came from another machine, whatever its `Host` header says. */
class RemoteRequest extends WebRequest {
  override get loopback(): boolean {
    return false
  }
}

/** The request of a Hono context. Uses the peer's address where the runtime gives it. */
export function honoRequest({ req: { raw }, env }: Context): Request | IncomingRequest {
  const peer = peerOf((env ?? {}) as Environment, raw)
  return typeof peer !== 'string' || isLoopback({ hosts: ['localhost'], headers: [], peer }) ? raw : new RemoteRequest(raw)
}

function peerOf(env: Environment, request: Request): unknown {
  const address = env.incoming?.socket?.remoteAddress ?? env.remoteAddr?.hostname
  if (address !== undefined || typeof env.requestIP !== 'function') return address
  return (env as { requestIP(request: Request): { readonly address?: string } | null }).requestIP(request)?.address
}
