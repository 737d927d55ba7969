/** A clock that is only good for differences. Deadlines must not move when someone sets the time. */
export function monotonic(): number {
  return performance.now()
}

/** Waits before another try: longer with every one, at random, so that two that collided do not collide again. */
export function backoff(tries: number): Promise<void> {
  const longest = Math.min(2 ** tries, 64)
  return new Promise((resolve) => setTimeout(resolve, Math.random() * longest))
}

/** Waits, but keeps no process alive for it. */
export function sleepUnref(milliseconds: number): Promise<void> {
  return new Promise((resolve) => void unref(setTimeout(resolve, milliseconds)))
}

/** A timer that keeps no process alive. */
export function unref<T>(timer: T): T {
  if (timer instanceof Object) (timer as { unref?(): unknown }).unref?.()
  return timer
}
