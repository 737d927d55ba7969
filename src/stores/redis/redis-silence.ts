import { monotonic } from '../../core/clock.ts'

/** Sends a command about one key. */
export type Send = (key: string, args: string[]) => Promise<unknown>

/** For how many milliseconds a server may be silent before the others are asked. */
const PATIENCE = 1000

/**
 * A way to send to a Cluster that asks the other servers who has a key by now when the one that had it is silent. A server that hangs, or is
 * cut off, does not end its connections, and the libraries ask nobody until it does. The command itself waits on.
 */
export function heedingSilence(send: Send, askOthers: (key: string) => void): Send {
  const waiting = new Set<{ readonly key: string; readonly since: number }>()
  let timer: ReturnType<typeof setInterval> | undefined
  const look = (): void => {
    const [first] = waiting
    if (first === undefined) {
      clearInterval(timer)
      timer = undefined
    } else if (first.since + PATIENCE <= monotonic()) askOthers(first.key)
  }
  return async function heeded(key, args) {
    const own = { key, since: monotonic() }
    waiting.add(own)
    timer ??= detached(setInterval(look, PATIENCE / 2))
    try {
      return await send(key, args)
    } finally {
      waiting.delete(own)
    }
  }
}

/** One that keeps no process alive. */
function detached<T>(timer: T): T {
  const { unref } = timer as { unref?: () => void }
  unref?.call(timer)
  return timer
}
