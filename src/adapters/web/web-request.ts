import type { Context } from 'hono'
import type { IncomingRequest } from '../../core/cookie/incoming-request.ts'
import { isLoopback } from '../../wire/loopback.ts'

/** What of the environments that runtimes hand over tells who is at the other end. */
interface Environment {
  /** `@hono/node-server` */
  readonly incoming?: { readonly socket?: { readonly remoteAddress?: string } }
  /** Deno */
  readonly remoteAddr?: { readonly hostname?: string }
  /** Bun: the environment is the server. */
  readonly requestIP?: unknown
}

/** The request, or what is to be known of it where the runtime tells that it came from another machine, whatever its `Host` says. */
export function honoRequest({ req: { raw }, env }: Context): Request | IncomingRequest {
  const peer = peerOf((env ?? {}) as Environment, raw)
  if (typeof peer !== 'string' || isLoopback({ hosts: ['localhost'], headers: [], peer })) return raw
  return { cookie: raw.headers.get('cookie') ?? undefined, secure: raw.url.startsWith('https:'), loopback: false }
}

function peerOf(env: Environment, request: Request): unknown {
  const address = env.incoming?.socket?.remoteAddress ?? env.remoteAddr?.hostname
  if (address !== undefined || typeof env.requestIP !== 'function') return address
  return (env as { requestIP(request: Request): { readonly address?: string } | null }).requestIP(request)?.address
}
