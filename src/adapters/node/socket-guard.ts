import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** The delayed destruction of one connection. */
interface Delay {
  /** The number of responses that have ended and are still deferred. */
  deferred: number
  isRequested: boolean
}

const delays = new WeakMap<Socket, Delay>()

/**
 * Delays `socket.destroy()` while an ended response is deferred. `finalhandler` (when a handler
 * throws after `res.send()`) and a closing server call it. Without the delay the deferred response
 * would be lost.
 *
 * A destruction with an error as its argument, or before the response has ended, is not delayed.
 */
export function delayDestroy(socket: Socket): void {
  const delay = delays.get(socket) ?? watch(socket)
  delay.deferred += 1
}

/**
 * Call it when the response is released. A delayed destruction follows when the response is sent.
 */
export function resumeDestroy(socket: Socket, res: ServerResponse): void {
  const delay = delays.get(socket)
  if (delay === undefined) return
  delay.deferred -= 1
  if (!delay.isRequested || delay.deferred > 0) return
  delay.isRequested = false
  if (socket.writable) res.once('finish', () => socket.destroySoon())
  else socket.destroy()
}

/**
 * Wraps `destroy` once for the life of the connection, because wrapping it for each response would
 * take more time.
 */
function watch(socket: Socket): Delay {
  const delay: Delay = { deferred: 0, isRequested: false }
  const destroy = socket.destroy
  socket.destroy = (...reason: [] | [error?: Error]) => {
    if (delay.deferred === 0 || reason.length > 0) return destroy.apply(socket, reason)
    delay.isRequested = true
    return socket
  }
  delays.set(socket, delay)
  return delay
}
