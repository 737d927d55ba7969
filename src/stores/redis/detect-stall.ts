import { monotonic, unref } from '../../core/base/clock.ts'

/** Sends a command about one key, for somebody who waits until then (see `Patience`). */
export type Send = (key: string, args: string[], deadline?: number) => Promise<unknown>

/** For how many milliseconds a server may be silent before the others are asked. */
const SILENCE = 1000

/** What is done while the server that has a key is silent, again and again. Whoever asked it first waits until then. */
export type Heed = (key: string, deadline?: number) => void

/**
 * A way to send to a Cluster that notices when the server that has a key is silent. One that hangs, or is cut off, does not end its connections, and the
 * libraries do nothing until it does. The command itself waits on.
 */
export function heedingSilence(send: Send, heed: Heed): Send {
  const waiting = new Set<{ readonly key: string; readonly since: number; readonly deadline: number | undefined }>()
  let timer: ReturnType<typeof setInterval> | undefined
  const look = (): void => {
    const [first] = waiting
    if (first === undefined) {
      clearInterval(timer)
      timer = undefined
    } else if (first.since + SILENCE <= monotonic()) heed(first.key, first.deadline)
  }
  return async function heeded(key, args, deadline) {
    const own = { key, since: monotonic(), deadline }
    waiting.add(own)
    timer ??= unref(setInterval(look, SILENCE / 2))
    try {
      return await send(key, args)
    } finally {
      waiting.delete(own)
    }
  }
}
