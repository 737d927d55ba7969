import type { ServerResponse } from 'node:http'
import { deferResponse } from '../../adapters/node/defer-response.ts'
import { canDefer } from '../../adapters/node/node-response.ts'
import { randomTextFrom } from '../../core/base/random.ts'
import { operationTimeout } from '../../core/config/engine.ts'
import type { LifecycleContext, MakeLifecycle } from '../../core/config/lifecycle.ts'
import type { Exchange } from '../../core/manager/adapter-port.ts'
import { adapterOf, Sessions } from '../../core/manager/sessions.ts'
import type { Session as CoreSession } from '../../core/session/session.ts'
import { carryOver } from '../carry-over/carry-over.ts'
import { OldStore } from '../carry-over/old-store.ts'
import { RowFormat } from '../carry-over/row-format.ts'
import { sessionFormat } from '../carry-over/session-format.ts'
import type { Settings } from '../config/options.ts'
import { expressSessionProfile } from '../config/profile.ts'
import { sessionCookies } from '../cookie/session-cookies.ts'
import { signed } from '../cookie/signed.ts'
import { holderOf } from '../request/expose.ts'
import { contextOf, type ExpressMessage, ExpressRequest } from '../request/express-request.ts'
import { RequestSession } from '../request/request-session.ts'
import { SessionStore } from '../store/session-store.ts'
import { plainJsonCodec } from '../values/json-texts.ts'
import { ManagerSessions } from './stored-sessions.ts'

/** Continues with the next middleware, or with an error at the error handlers. */
type Next = (error?: unknown) => void

/** The middleware, with the manager of its sessions. */
export interface Middleware<Data> {
  (req: ExpressMessage, res: ServerResponse | object, next: Next): void
  readonly sessions: Sessions<Data>
}

/** A manager whose verbs see what the application changed in `req.session`. */
class ExpressSessions<Data> extends Sessions<Data> {
  override of(request: object): CoreSession<Data> {
    const session = super.of(request)
    const holder = holderOf(request)
    if (holder instanceof RequestSession) holder.share()
    return session
  }
}

/** Makes the middleware from checked options. */
export function makeMiddleware<Data>(settings: Settings): Middleware<Data> {
  const { store, core, secrets } = settings
  const cookies = sessionCookies(settings.name, (request) => contextOf(settings, request))
  const transport = signed(cookies, (request) => contextOf(settings, request).secrets)
  const options = { store, codec: plainJsonCodec, saveOnError: true, saveOnEnd: true, maxSize: MAX_SIZE, ...core }
  const writer: { context?: LifecycleContext } = {}
  const keepContext: MakeLifecycle = (context) => {
    writer.context ??= context // an admin makes the lifecycles again
    return {}
  }
  const sessions = new ExpressSessions<Data>(options, expressSessionProfile(settings, transport), [keepContext, ...lifecyclesOf(settings)])
  const view = settings.memoryStore ?? new SessionStore(store)
  const stored = new ManagerSessions(sessions as Sessions<unknown>, settings, writer)
  view.attach(stored)
  const isConnected = watchConnection(view)
  const adapter = adapterOf(sessions)

  async function attach(req: ExpressMessage, res: ServerResponse | object, fail: Next): Promise<void> {
    const isDeferrable = canDefer(req, res)
    const incoming = new ExpressRequest(req, settings)
    const exchange = await adapter.open(incoming, { issues: isDeferrable, late: isDeferrable })
    exchange.throwLoadError()
    adapter.bind(req, exchange.session)
    const session = new RequestSession(req, incoming, exchange as Exchange<unknown>, { settings, stored })
    if (isDeferrable && !res.headersSent && !res.writableEnded) deferResponse(req, res, { exchange: session, fail })
  }

  function middleware(req: ExpressMessage, res: ServerResponse | object, next: Next): void {
    if (req.session || !isConnected() || !isBelow(settings.cookieOf(req).path, req)) return next()
    if (secrets === undefined && !req.secret) return next(new Error('secret option required for sessions'))
    req.sessionStore = view
    attach(req, res, next).then(() => next(), next)
    return undefined
  }
  return Object.assign(middleware, { sessions })
}

function lifecyclesOf(settings: Settings): MakeLifecycle[] {
  const { carryOver: old, core } = settings
  if (old === undefined) return []
  const parts = { old: new OldStore(old.store, operationTimeout(core)), format: new RowFormat(sessionFormat(settings)), bridge: old.bridge }
  return [carryOver({ ...parts, randomText: randomTextFrom(undefined) })]
}

/** express-session has no limit. Larger sessions are a mistake. */
const MAX_SIZE = 16 << 20

/**
 * An application can emit these events on its store, and requests are then served without sessions.
 */
function watchConnection(view: SessionStore): () => boolean {
  let isConnected = true
  view.on('disconnect', () => {
    isConnected = false
  })
  view.on('connect', () => {
    isConnected = true
  })
  return () => isConnected
}

/** Whether the option `cookie.path` covers the request. */
function isBelow(path = '/', { originalUrl = '', url = '' }: ExpressMessage): boolean {
  return path === '/' || path === '' || pathOf(originalUrl === '' ? url : originalUrl).startsWith(path)
}

function pathOf(target: string): string {
  if (target.startsWith('/')) return target.replace(/[?#].*/s, '')
  return URL.canParse(target) ? new URL(target).pathname : '/'
}
