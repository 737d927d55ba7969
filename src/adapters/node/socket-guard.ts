import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** What is postponed on one connection. */
interface Guard {
  /** Responses that have ended but are still held. */
  held: number
  asked: boolean
}

const guards = new WeakMap<Socket, Guard>()

/**
 * A response that has ended may be followed by `socket.destroy()`: finalhandler does that when a handler throws after `res.send()`, and
 * so does a server that closes. Node has sent the response by then; one that is held would be lost, so the destruction waits for it.
 *
 * A destruction for a reason (with an argument), or in the middle of a response, is not for us to judge.
 */
export function guard(socket: Socket): void {
  const known = guards.get(socket) ?? watch(socket)
  known.held += 1
}

/** The response goes its way: a destruction that was asked for happens when the response is out. */
export function unguard(socket: Socket, res: ServerResponse): void {
  const known = guards.get(socket)
  if (known === undefined) return
  known.held -= 1
  if (!known.asked || known.held > 0) return
  known.asked = false
  if (socket.writable) res.once('finish', () => socket.destroySoon())
  else socket.destroy()
}

/** One wrapper for the life of the connection: taking it off after each response would cost more than it does. */
function watch(socket: Socket): Guard {
  const known: Guard = { held: 0, asked: false }
  const destroy = socket.destroy
  socket.destroy = (...reason: [] | [error?: Error]) => {
    if (known.held === 0 || reason.length > 0) return destroy.apply(socket, reason)
    known.asked = true
    return socket
  }
  guards.set(socket, known)
  return known
}
