/**
 * A time for measuring durations. Deadlines use it, because changes of the system clock do not
 * affect it.
 */
export function monotonic(): number {
  return performance.now()
}

/**
 * Waits before the next attempt. The maximum doubles with every attempt, up to 64 ms. The time is
 * random, so that two writers that collided do not collide again.
 */
export function backoff(tries: number): Promise<void> {
  const longest = Math.min(2 ** tries, 64)
  return new Promise((resolve) => setTimeout(resolve, Math.random() * longest))
}

/** Waits without keeping the process alive. */
export function sleepUnref(milliseconds: number): Promise<void> {
  return new Promise((resolve) => void unref(setTimeout(resolve, milliseconds)))
}

/** Calls `timer.unref()` if the runtime supports it. */
export function unref<T>(timer: T): T {
  if (typeof timer === 'object' && timer !== null) (timer as { unref?(): unknown }).unref?.()
  return timer
}

const { setImmediate } = globalThis

/** Resolves in the next turn of the event loop, after pending I/O. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => void (setImmediate === undefined ? setTimeout(resolve) : setImmediate(resolve)))
}
