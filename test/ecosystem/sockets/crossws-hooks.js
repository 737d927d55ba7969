import { closeWithSession } from 'sojourn/sockets'

/** The hooks of crossws, in every runtime. */
export function hooksOf(sessions) {
  return {
    async upgrade(request) {
      const session = await sessions.open(request)
      return session.userId === undefined ? new Response(null, { status: 401 }) : { context: { session } }
    },
    open(peer) {
      peer.context.stop = closeWithSession(sessions, peer.context.session, peer)
    },
    message(peer, message) {
      peer.send(JSON.stringify(`${peer.context.session.userId}: ${message.text()}`))
    },
    close(peer) {
      peer.context.stop()
    },
  }
}
