import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getIronSession } from 'iron-session'
import { createSessions } from 'sojourn'
import { withSession } from 'sojourn/node'
import { type HandWrittenStore, handWrittenStore } from '../stores/hand-written-store.ts'
import { countOperations } from '../stores/operations.ts'
import { sojournStore } from '../stores/sojourn-store.ts'
import { handlersOf, type PeerSession, plainObject, sojourn, withoutSession } from './handlers.ts'
import { COOKIE, LIFETIME, type Libraries, type Library, libraryOf, SECRET, type Serve } from './library.ts'

interface Context {
  readonly req: IncomingMessage
  readonly res: ServerResponse
  readonly session?: PeerSession
}

type Handler = (context: Context) => unknown

/** Wraps the handler of all requests. */
interface Listener {
  wrap: (handler: Handler) => (req: IncomingMessage, res: ServerResponse) => unknown
}

const LIBRARIES: Libraries<Listener, Context> = {
  bare: () => ({ install() {}, handlers: withoutSession() }),
  sojourn: withSojourn(false),
  'sojourn lazy': withSojourn(true),
  'hand-written': async (store, location) => {
    const rows = countOperations(await handWrittenStore(store, location))
    return { install() {}, handlers: handlersOf(({ req, res }, work, writes) => handWritten(rows, req, res, work, writes), plainObject) }
  },
  'iron-session': () => ({
    install() {},
    handlers: handlersOf(async ({ req, res }, work, writes) => {
      const session = await getIronSession<Record<string, unknown>>(req, res, {
        cookieName: 'sid',
        password: SECRET,
        ttl: LIFETIME.seconds,
        cookieOptions: COOKIE,
      })
      const body = work(session)
      if (writes) await session.save()
      return body
    }, plainObject),
  }),
}

function withSojourn(lazy: boolean): Library<Listener, Context> {
  return async (store, location) => {
    const sessions = createSessions({ store: countOperations(await sojournStore(store, location)), cookie: { secure: true }, lazy })
    return {
      install: (listener) => (listener.wrap = (handler) => withSession(sessions, (req, res, session) => handler({ req, res, session }))),
      handlers: handlersOf(({ session = {} }, work) => work(session), sojourn),
    }
  }
}

/** A minimal hand-written session. The id of a new session is not checked for uniqueness. */
async function handWritten(
  rows: HandWrittenStore,
  req: IncomingMessage,
  res: ServerResponse,
  work: (session: object) => string,
  writes: boolean,
): Promise<string> {
  const id = /(?:^|; )sid=([\w-]+)/.exec(req.headers.cookie ?? '')?.[1]
  const row = id === undefined ? undefined : await rows.get(id)
  const data = row === undefined ? {} : JSON.parse(row.data)
  const body = work(data)
  if (!writes) return body
  if (id !== undefined && row !== undefined) await rows.swap(id, JSON.stringify(data), row.version)
  else await create(rows, res, data)
  return body
}

async function create(rows: HandWrittenStore, res: ServerResponse, data: object): Promise<void> {
  const id = randomBytes(24).toString('base64url')
  await rows.insert(id, JSON.stringify(data))
  res.setHeader('Set-Cookie', `sid=${id}; Path=/; Max-Age=${LIFETIME.seconds}; HttpOnly; Secure; SameSite=Lax`)
}

/** Plain Node: the path is looked up in the table of handlers. */
export const serveNode: Serve = async (library, store, location) => {
  const { install, handlers } = await libraryOf(LIBRARIES, library)(store, location)
  const routes = new Map(Object.entries(handlers))
  const listener: Listener = { wrap: (handler) => (req, res) => handler({ req, res }) }
  await install(listener)
  const onRequest = listener.wrap(async (context) => {
    const body = await routes.get(context.req.url ?? '')?.(context)
    context.res.setHeader('Content-Type', 'text/plain; charset=utf-8')
    context.res.end(body)
  })
  const server = createServer(onRequest).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}
