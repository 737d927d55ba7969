import { unref } from '../core/base/clock.ts'
import { ConfigError } from '../core/base/errors.ts'
import { formatValue } from '../core/base/format.ts'
import type { Sessions } from '../core/manager/sessions.ts'
import type { Session } from '../core/session/session.ts'
import type { WatchEnd, WatchOptions } from '../core/watch/watch.ts'

/**
 * A WebSocket of ws, Express, Fastify, Bun or Deno, a peer of crossws, or a socket of socket.io.
 */
export type ClosableSocket =
  | { close(code?: number, reason?: string): unknown }
  | {
      /** Closes a socket of socket.io, with its connection. */
      disconnect(close?: boolean): unknown
    }

/** The members that a socket may have. */
interface AnySocket {
  close?(code: number, reason: string): unknown
  disconnect?(close: boolean): unknown
  terminate?(): unknown
  on?(event: string, listener: () => void): unknown
  addEventListener?(event: string, listener: () => void): unknown
  readonly readyState?: number
  readonly disconnected?: boolean
  readonly websocket?: { readonly readyState?: number }
}

/** The close code of a session that has ended; it corresponds to the status 401 of HTTP. */
const SESSION_ENDED = 4401

/** After how many milliseconds a client that does not confirm the close is cut off. */
const CLOSE_TIMEOUT = 1000

/** How often a socket without events is checked, in milliseconds. */
const CHECK_INTERVAL = 30_000

/** `readyState` of a WebSocket: `CLOSING`, and above it `CLOSED`. */
const CLOSING = 2

/**
 * Closes a socket when its session ends: when it is flushed, revoked or has expired, has another
 * id, or another user. A WebSocket is closed with the code 4401 and the reason `ended`, `expired`,
 * `new-id` or `other-user`; a client that does not confirm the close is cut off after a second. A
 * socket of socket.io is disconnected with its connection. When the socket closes, watching stops.
 *
 * Sockets of Bun and peers of crossws have no events, so call the returned function in their
 * `close` handler. Throws `ConfigError` for another object, and the errors of `sessions.watch`.
 *
 * ```ts
 * import { closeWithSession } from 'sojourn/sockets'
 * import type { Session, Sessions } from 'sojourn'
 * declare const sessions: Sessions
 * declare const session: Session
 * declare const socket: WebSocket
 *
 * closeWithSession(sessions, session, socket)
 * ```
 */
export function closeWithSession<Data>(
  sessions: Sessions<Data>,
  session: Session<Data>,
  socket: ClosableSocket,
  options: WatchOptions = {},
): () => void {
  const close = closerOf(socket)
  let cutOff: ReturnType<typeof setTimeout> | undefined
  let checking: ReturnType<typeof setInterval> | undefined
  const onEnd = (reason: WatchEnd): void => {
    if ('terminate' in socket) cutOff = unref(setTimeout(() => (socket as AnySocket).terminate?.(), CLOSE_TIMEOUT))
    close(reason)
  }
  const stop = sessions.watch(session, onEnd, options)
  const onClose = (): void => {
    clearTimeout(cutOff)
    clearInterval(checking)
    stop()
  }
  if (isClosed(socket)) stop()
  else checking = listen(socket, onClose)
  return onClose
}

/** Returns the function that closes the socket. */
function closerOf(socket: AnySocket): (reason: WatchEnd) => unknown {
  if (typeof socket?.disconnect === 'function') return () => socket.disconnect?.(true)
  if (typeof socket?.close === 'function') return (reason) => socket.close?.(SESSION_ENDED, reason)
  throw new ConfigError(
    `closeWithSession(sessions, session, socket): the socket is ${formatValue(socket)} without close() and disconnect(). Pass the WebSocket, or the socket of socket.io.`,
  )
}

function isClosed({ readyState, websocket, disconnected }: AnySocket): boolean {
  return disconnected === true || (readyState ?? websocket?.readyState ?? 0) >= CLOSING
}

/** Returns the timer of a socket that has no events. */
function listen(socket: AnySocket, onClose: () => void): ReturnType<typeof setInterval> | undefined {
  const event = typeof socket.disconnect === 'function' ? 'disconnect' : 'close'
  if (typeof socket.on === 'function') socket.on(event, onClose)
  else if (typeof socket.addEventListener === 'function') socket.addEventListener(event, onClose)
  else return unref(setInterval(() => (isClosed(socket) ? onClose() : undefined), CHECK_INTERVAL))
  return undefined
}
