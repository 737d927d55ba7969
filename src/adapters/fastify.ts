import { type ServerResponse, STATUS_CODES } from 'node:http'
import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest, preHandlerAsyncHookHandler } from 'fastify'
import fastifyPlugin from 'fastify-plugin'
import { ConfigError, SessionError } from '../core/base/errors.ts'
import { isError } from '../core/base/realms.ts'
import type { SessionOptions } from '../core/config/options.ts'
import { adapterOf, type Sessions } from '../core/manager/sessions.ts'
import type { Session } from '../core/session/session.ts'
import { attachedTo, attachSession } from './node/attach-session.ts'
import { sendPlainError } from './node/connect.ts'
import { type Header, representationOf, restoreRepresentation } from './node/response-head.ts'
import { errorStatus } from './shared/error-status.ts'
import { assignmentError, managerOf } from './shared/manager.ts'
import { makeRequireUser, type RequireUserOptions } from './shared/require-user.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** The session of the browser that sent this request. */
    readonly session: Session
  }
  interface FastifyInstance {
    /**
     * The manager of the sessions. A second manager with `as: 'adminSession'` is
     * `app.adminSessions`.
     */
    readonly sessions: Sessions
  }
}

// oxlint-disable-next-line typescript/no-explicit-any -- a manager of any data
type AnySessions = Sessions<any>

/**
 * Options of the plugin: those of `createSessions`, or a manager, also as `{ sessions }`.
 *
 * ```ts
 * await app.register(session, createSessions({ store }))
 * ```
 */
export type SessionPluginOptions = SessionOptions | AnySessions | { readonly sessions: AnySessions }

/**
 * Sessions for Fastify 5, as a plugin for the context that registers it and the contexts within.
 *
 * ```ts
 * await app.register(session, { store: new SqliteStore('sessions.db') })
 *
 * app.post('/cart/add', (request, reply) => { request.session.push('cart', request.body.sku); return reply.redirect('/') })
 * app.post('/logout',   (request, reply) => { request.session.flush(); return reply.redirect('/') })
 * ```
 *
 * Changes are saved once, after every `onSend` hook and before the first byte of the response is
 * sent, also when a handler hijacks the reply or writes to `reply.raw`. If that fails, the response
 * is dropped and your error handler makes the error page. The manager is `app.sessions`. Behind a
 * proxy that terminates TLS, set `fastify({ trustProxy: … })`.
 *
 * A second manager needs another name: `app.register(session, { as: 'adminSession', cookie: { name:
 * 'admin' }, … })`.
 */
export const session: FastifyPluginAsync<SessionPluginOptions> = fastifyPlugin(install, { name: 'sojourn', fastify: '5.x' })

export type { RequireUserOptions }

/**
 * A `preHandler` hook that lets a request continue only if a user is logged in, and with `within`
 * or `level` only if the user has authenticated so. A browser that navigates is sent to
 * `redirectTo`, with the path of the request as the parameter `next`. Every other request gets the
 * error of `session.requireUser`. Register `session` before.
 *
 * ```ts
 * app.get('/account', { preHandler: requireUser({ redirectTo: '/login' }) }, (request, reply) => reply.send('yours'))
 * ```
 *
 * Throws `ConfigError` for a wrong option.
 */
export function requireUser(options: RequireUserOptions = {}): preHandlerAsyncHookHandler {
  const locate = makeRequireUser(options)
  const { as = 'session' } = options
  return async function preHandler(request, reply) {
    const session: unknown = as in request ? Reflect.get(request, as) : undefined
    const mode = request.headers['sec-fetch-mode']
    const location = await locate({ session, mode, target: request.originalUrl })
    return location === undefined ? undefined : reply.header('Cache-Control', 'no-store').redirect(location, 303)
  }
}

/** The first response of a reply. An error page can replace it. */
interface FirstResponse {
  /** The headers of the representation before the session was attached. */
  readonly initialHeaders: readonly Header[]
  /** Whether Fastify has begun to send it. */
  isSending: boolean
}

const FIRST: unique symbol = Symbol('sojourn first response')

type Reply = FastifyReply & { [FIRST]?: FirstResponse }

async function install(app: FastifyInstance, options: SessionPluginOptions): Promise<void> {
  const sessions: Sessions = managerOf('sessions' in options ? options.sessions : options)
  const adapter = adapterOf(sessions)
  if (!decorate(app, sessions, adapter.name)) return
  const attach = attachSession(adapter, 'trustProxy')
  app.addHook('onRequest', async (request, reply: Reply) => {
    reply[FIRST] ??= { initialHeaders: fastifyHeadersOf(reply), isSending: false }
    const { raw: req, protocol } = request
    await attach({ req, res: reply.raw, secure: protocol === 'https', fail: (error) => fail(reply, error) })
    adapter.bind(request, attachedTo(adapter, req))
  })
  // Not async, so that the error page can detect the writes of an error handler to Node's response.
  app.addHook('onSend', (_request, { [FIRST]: first }: Reply, _payload, done) => {
    if (first !== undefined) first.isSending = true
    done()
  })
  app.addHook('onError', (_request, reply: Reply, error, done) => {
    if (reply[FIRST]?.isSending === true) dropFirstResponse(reply)
    if (error instanceof SessionError && errorStatus(error) >= 500) sendWithoutMessage(reply, error)
    done()
  })
}

/**
 * Defines the session as a property of requests and returns `true`; `false` when this manager is
 * installed already.
 */
function decorate(app: FastifyInstance, sessions: Sessions, name: string): boolean {
  const manager = `${name}s`
  if (app.hasRequestDecorator(name)) {
    if (Reflect.get(app, manager) === sessions) return false
    throw new ConfigError(
      `request.${name} exists already. Give this manager another name: app.register(session, { as: 'adminSession', … }).`,
    )
  }
  app.decorateRequest<unknown, string>(name, {
    getter(this: FastifyRequest) {
      return sessions.of(this)
    },
    setter() {
      throw assignmentError(`request.${name}`)
    },
  })
  app.decorate(manager, sessions)
  return true
}

/**
 * Makes the error page after a failed commit. Fastify ignores a hijacked reply, so its error page
 * is plain text. A response whose head was sent is cut off, and the error is logged.
 */
function fail(reply: Reply, error: unknown): void {
  if (reply.raw.headersSent) return reply.log.error({ err: error }, 'The session could not be saved at the end of a response.')
  if (reply.sent) return sendPlainError(reply.raw, error)
  dropFirstResponse(reply)
  reply.send(isError(error) ? error : new Error('The session could not be saved; see the cause.', { cause: error }))
}

/**
 * Fastify's default error handler logs an error, passes it to `reply.send`, and that sends its
 * message to the visitor. From now on this reply sends the status text in place of the message. The
 * error that is sent inherits everything else, and the original is its cause, for a handler of an
 * outer context.
 */
function sendWithoutMessage(reply: Reply, error: Error): void {
  const send = reply.send.bind(reply)
  const message = STATUS_CODES[errorStatus(error)] ?? 'Error'
  reply.send = (payload) =>
    send(payload === error ? Object.create(error, { message: { value: message }, cause: { value: error } }) : payload)
}

/**
 * Removes headers such as `Location` and `ETag` of the first response. Fastify would keep them for
 * the error page.
 */
function dropFirstResponse(reply: Reply): void {
  const { raw, [FIRST]: first } = reply
  for (const name of String(reply.getHeader('trailer') ?? '').split(' ')) reply.removeTrailer(name)
  const nodeHeaders = representationOf(raw)
  restoreRepresentation(headersOf(reply), first?.initialHeaders ?? [])
  restoreRepresentation(raw, nodeHeaders) // Fastify removes a header from Node's response too
}

/** The headers of a representation that only Fastify has, and not Node's response. */
function fastifyHeadersOf(reply: FastifyReply): readonly Header[] {
  return representationOf(headersOf(reply)).filter(([name]) => !reply.raw.hasHeader(name))
}

/**
 * Fastify keeps its headers separately until it sends them. Returns them with the interface of
 * Node's response.
 */
function headersOf(reply: FastifyReply): ServerResponse {
  const headers = {
    getHeaderNames: () => Object.keys(reply.getHeaders()),
    getHeader: (name: string) => reply.getHeader(name),
    setHeader: (name: string, value: string) => reply.header(name, value),
    removeHeader: (name: string) => reply.removeHeader(name),
  }
  return headers as unknown as ServerResponse
}
