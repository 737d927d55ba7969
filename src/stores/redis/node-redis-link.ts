import { sleepUnref } from '../../core/base/clock.ts'
import type { RedisLine } from './client-link.ts'
import type { NodeRedisClient } from './redis-client.ts'
import { eventOf } from './redis-event.ts'

/** A `createClient()` of `redis`. */
export type NodeRedisLink = Required<NodeRedisClient>

/** For so many milliseconds after its end a client is at work on that. */
const PARTING = 10

/** Whether it is a client with one connection, and all of it: not a pool, and not a mere `sendCommand`. */
export function isNodeLink(client: NodeRedisClient): client is NodeRedisLink {
  return typeof client.isReady === 'boolean' && (['on', 'off', 'connect', 'destroy'] as const).every((name) => name in client)
}

/** The connection of a `createClient()` of `redis`. */
export function nodeLine(client: NodeRedisLink, send: RedisLine['send']): RedisLine {
  let isGreeting = false
  for (const event of ['connect', 'ready', 'error', 'end'] as const)
    client.on(event, () => {
      isGreeting = event === 'connect'
    })
  return {
    send,
    isOpen: () => client.isReady || !client.isOpen,
    renew() {
      if (!client.isReady && !isGreeting) return
      const parting = client.isReady ? undefined : sleepUnref(PARTING) // an attempt under way has to notice that it is over
      client.destroy()
      if (parting === undefined) client.connect().catch(ignore)
      else parting.then(() => client.connect()).catch(ignore)
    },
    onConnection(listener) {
      client.on('connect', listener)
      client.on('ready', listener)
    },
    coming: () => eventOf(client, 'ready', ['error', 'end']),
  }
}

function ignore(): void {
  // The client has told its listeners.
}
