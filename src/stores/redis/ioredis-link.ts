import type { RedisLine } from './client-link.ts'
import type { IoRedis } from './redis-client.ts'
import { eventOf } from './redis-event.ts'

/** In all others a command is kept until there is a connection; but in `wait` it is what makes one. */
const OPEN = ['wait', 'ready', 'monitoring', 'end']
const CONNECTED = ['connect', 'ready']

/** A `Redis` of `ioredis`. */
export type IoLink = IoRedis & Required<Pick<IoRedis, 'off' | 'disconnect'>>

/** Whether it is all of such a client. */
export function isIoLink(client: IoRedis): client is IoLink {
  return 'off' in client && 'disconnect' in client
}

/** The connection of a `Redis` of `ioredis`. */
export function ioLine(client: IoLink, send: RedisLine['send']): RedisLine {
  return {
    send,
    isOpen: () => OPEN.includes(client.status),
    renew() {
      if (!CONNECTED.includes(client.status)) return
      client.disconnect(true)
      client.stream?.destroy() // else it waits two seconds for the other side's goodbye
    },
    onConnection(listener) {
      client.on('connect', listener)
      client.on('ready', listener)
    },
    coming: () => eventOf(client, 'ready', ['error', 'close', 'end']),
  }
}
