import type { IncomingMessage, ServerResponse } from 'node:http'
import type { FastifyPluginCallback } from 'fastify'
import { ConfigError } from '../core/base/errors.ts'
import { adapterOf } from '../core/manager/sessions.ts'
import { History } from './history.ts'
import { mountExpress } from './mount/express.ts'
import { mountFastify } from './mount/fastify.ts'
import { checkInspectorOptions, type InspectorOptions } from './options.ts'
import { Pages } from './pages.ts'

export type { Authorization, Authorize, Operator } from './access.ts'
export type { InspectorOptions } from './options.ts'

/**
 * What `inspector` returns: a handler of requests, which can be mounted in other frameworks too.
 */
export interface Inspector {
  /** Handles a request for any path. `original` is passed to `authorize`. */
  (request: Request, original?: object): Promise<Response>
  /** Middleware for Express and Connect: `app.use('/inspector', handler.express)`. */
  readonly express: (req: IncomingMessage, res: ServerResponse, next: (error?: unknown) => void) => void
  /** A plugin for Fastify: `app.register(handler.fastify, { prefix: '/inspector' })`. */
  readonly fastify: FastifyPluginCallback
}

/**
 * A page for those who operate the application: it lists, searches, shows and ends sessions. It is
 * made on the server, needs no script, and never shows an id.
 *
 * ```ts
 * const admins = ['ada']
 * const handler = inspector({
 *   sessions,
 *   authorize(_request, original) {
 *     const name = String(sessions.of(original).userId)
 *     return admins.includes(name) ? { name, values: true, changes: true } : undefined
 *   },
 * })
 * app.use('/inspector', handler.express)
 * ```
 *
 * Throws `ConfigError` for a wrong option.
 */
export function inspector<Data>(options: InspectorOptions<Data>): Inspector {
  const { sessions, authorize, history, clock = Date.now } = checkInspectorOptions(options)
  const pages = new Pages({
    sessions,
    authorize,
    now: clock,
    history: history === undefined ? undefined : observe(adapterOf(sessions).name, history, clock),
  })
  const handler = (request: Request, original: object = request): Promise<Response> => pages.respond(request, original)
  return Object.assign(handler, { express: mountExpress(handler), fastify: mountFastify(handler) })
}

function observe(manager: string, limit: number, now: () => number): History {
  const channels = globalThis.process?.getBuiltinModule?.('node:diagnostics_channel')
  if (channels !== undefined) return new History(manager, limit, now).observe(channels)
  throw new ConfigError('inspector: this runtime has no `node:diagnostics_channel`, which the option `history` needs. Remove the option.')
}
