import type { ServerResponse } from 'node:http'
import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import fastifyPlugin from 'fastify-plugin'
import { ConfigError } from '../core/base/errors.ts'
import type { SessionOptions } from '../core/config/options.ts'
import { adapterOf, type Sessions } from '../core/manager/sessions.ts'
import type { Session } from '../core/session/session.ts'
import { attachedTo, attachSession } from './node/attach-session.ts'
import { sendPlainError } from './node/connect.ts'
import { type Header, representationOf, restoreRepresentation } from './node/response-head.ts'
import { managerOf } from './shared/manager.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** The session of the browser that sent this request. */
    readonly session: Session
  }
  interface FastifyInstance {
    /** The manager of the sessions. That of a second one, `as: 'adminSession'`, is `adminSessions`. */
    readonly sessions: Sessions
  }
}

/**
 * What the plugin takes: the options of a manager, or a manager that is there already.
 *
 * ```ts
 * await app.register(session, { sessions: createSessions({ store }) })
 * ```
 */
// oxlint-disable-next-line typescript/no-explicit-any -- a manager of whatever data
export type SessionPluginOptions = SessionOptions | { readonly sessions: Sessions<any> }

/**
 * Sessions for Fastify 5, as a plugin: of the context that registers it and of those within.
 *
 * ```ts
 * await app.register(session, { store: new SqliteStore('sessions.db') })
 *
 * app.post('/cart/add', (request, reply) => { request.session.push('cart', request.body.sku); return reply.redirect('/') })
 * app.post('/logout',   (request, reply) => { request.session.flush(); return reply.redirect('/') })
 * ```
 *
 * Changes are saved before the first byte of the response goes out, after every `onSend` hook, and once, however often Fastify begins to
 * send; also where you hijack the reply or write to `reply.raw`. Should that fail, the response is dropped and your error handler makes the
 * error page. The manager is `app.sessions`. Behind a proxy that ends TLS say `fastify({ trustProxy: … })`.
 *
 * A second manager takes another name: `app.register(session, { as: 'adminSession', cookie: { name: 'admin' }, … })`.
 */
export const session: FastifyPluginAsync<SessionPluginOptions> = fastifyPlugin(install, { name: 'sojourn', fastify: '5.x' })

/** What a reply remembers of its first response. */
interface First {
  /** The headers that were there before the session. */
  readonly before: readonly Header[]
  /** Whether it was on its way: an error after that is no part of it. */
  sending: boolean
}

const FIRST: unique symbol = Symbol('sojourn first response')

type Reply = FastifyReply & { [FIRST]?: First }

async function install(app: FastifyInstance, options: SessionPluginOptions): Promise<void> {
  const sessions: Sessions = managerOf('sessions' in options ? options.sessions : options)
  const adapter = adapterOf(sessions)
  if (!decorate(app, sessions, adapter.name)) return
  const attach = attachSession(adapter, 'trustProxy')
  app.addHook('onRequest', async (request, reply: Reply) => {
    reply[FIRST] ??= { before: ownOf(reply), sending: false }
    const { raw: req, protocol } = request
    await attach({ req, res: reply.raw, secure: protocol === 'https', fail: (error) => fail(reply, error) })
    adapter.bind(request, attachedTo(adapter, req))
  })
  // Not async: an error handler that writes to Node's response itself is to do so while the hold waits for it.
  app.addHook('onSend', (_request, { [FIRST]: first }: Reply, _payload, done) => {
    if (first !== undefined) first.sending = true
    done()
  })
  app.addHook('onError', (_request, reply: Reply, _error, done) => {
    if (reply[FIRST]?.sending === true) dropFirst(reply)
    done()
  })
}

/** `false` when this manager is installed already. Read-only: `request.session = null` logs nobody out, so it must not look as if it did. */
function decorate(app: FastifyInstance, sessions: Sessions, name: string): boolean {
  const manager = `${name}s`
  if (app.hasRequestDecorator(name)) {
    if (Reflect.get(app, manager) === sessions) return false
    const remedy = "give this manager another name: app.register(session, { as: 'adminSession', … })"
    throw new ConfigError(`request.${name} is there already; ${remedy}.`)
  }
  app.decorateRequest<unknown, string>(name, {
    getter(this: FastifyRequest) {
      return sessions.of(this)
    },
  })
  app.decorate(manager, sessions)
  return true
}

/** The commit failed. Of a reply that was hijacked Fastify will not hear any more. */
function fail(reply: Reply, error: unknown): void {
  if (reply.sent) return sendPlainError(reply.raw, error)
  dropFirst(reply)
  reply.send(error instanceof Error ? error : new Error('The session could not be saved', { cause: error }))
}

/** Takes back what the first response said of itself: `Location`, `ETag` and the like. Fastify would leave them on the error page. */
function dropFirst(reply: Reply): void {
  const { raw, [FIRST]: first } = reply
  for (const name of String(reply.getHeader('trailer') ?? '').split(' ')) reply.removeTrailer(name)
  const below = representationOf(raw)
  restoreRepresentation(headersOf(reply), first?.before ?? [])
  restoreRepresentation(raw, below) // Fastify takes a header off Node's response too
}

/** What Fastify itself knows of a representation, beside what Node's response knows. */
function ownOf(reply: FastifyReply): readonly Header[] {
  return representationOf(headersOf(reply)).filter(([name]) => !reply.raw.hasHeader(name))
}

/** Fastify keeps headers of its own until it sends them; here they look like Node's. */
function headersOf(reply: FastifyReply): ServerResponse {
  const headers = {
    getHeaderNames: () => Object.keys(reply.getHeaders()),
    getHeader: (name: string) => reply.getHeader(name),
    setHeader: (name: string, value: string) => reply.header(name, value),
    removeHeader: (name: string) => reply.removeHeader(name),
  }
  return headers as unknown as ServerResponse
}
