// Sockets of Bun and Deno, or with the argument `crossws` those of crossws there, that close with their
// session. Prints its port.
import process from 'node:process'
import { createSessions } from 'sojourn'
import { closeWithSession } from 'sojourn/sockets'
import { MemoryStore } from 'sojourn/stores/memory'
import { withSession } from 'sojourn/web'
import { hooksOf } from './crossws-hooks.js'

const { Bun, Deno } = globalThis
const runtime = Bun === undefined ? 'deno' : 'bun'
const usesCrossws = process.argv.includes('crossws')
const sessions = createSessions({ store: new MemoryStore() })

const pages = withSession(sessions, (request, session) => {
  const [, verb, user] = new URL(request.url).pathname.split('/')
  if (verb === 'login') session.login(user)
  if (verb === 'logout') session.logout()
  return new Response(null, { status: 303, headers: { Location: '/' } })
})

const isSocket = ({ url }) => new URL(url).pathname === '/socket'

/** Serves pages, and `upgrade(request, session)` for the sockets of visitors who are logged in. */
function route(upgrade) {
  return async (request, server) => {
    if (!isSocket(request)) return pages(request)
    const session = await sessions.open(request)
    return session.userId === undefined ? new Response(null, { status: 401 }) : upgrade(request, session, server)
  }
}

const serve = {
  bun: () =>
    Bun.serve({
      port: 0,
      hostname: '127.0.0.1',
      fetch: route((request, session, server) =>
        server.upgrade(request, { data: { session } }) ? undefined : new Response(null, { status: 400 }),
      ),
      websocket: {
        open(ws) {
          ws.data.stop = closeWithSession(sessions, ws.data.session, ws)
        },
        message(ws, text) {
          ws.send(JSON.stringify(`${ws.data.session.userId}: ${text}`))
        },
        close(ws) {
          ws.data.stop()
        },
      },
    }).port,
  deno: () => {
    const upgrade = (request, session) => {
      const { socket, response } = Deno.upgradeWebSocket(request)
      closeWithSession(sessions, session, socket)
      socket.addEventListener('message', ({ data }) => socket.send(JSON.stringify(`${session.userId}: ${data}`)))
      return response
    }
    return Deno.serve({ port: 0, hostname: '127.0.0.1', onListen: () => undefined }, route(upgrade)).addr.port
  },
}

/** The same for both runtimes. */
async function serveCrossws() {
  const { default: adapter } = await import(`crossws/adapters/${runtime}`)
  const { handleUpgrade, websocket } = adapter({ hooks: hooksOf(sessions) })
  const fetch = (request, server) => (isSocket(request) ? handleUpgrade(request, server) : pages(request))
  const listen = { port: 0, hostname: '127.0.0.1' }
  return Bun === undefined
    ? Deno.serve({ ...listen, onListen: () => undefined }, fetch).addr.port
    : Bun.serve({ ...listen, fetch, websocket }).port
}

console.log(usesCrossws ? await serveCrossws() : serve[runtime]())
