import type { Listener } from './events.ts'
import type { Draw } from './id.ts'
import type { Reading } from './merge.ts'
import type { TimedStore } from './timed-store.ts'
import type { Values } from './values.ts'

/** What loading and committing work with; one for each manager. */
export interface Engine extends Reading {
  readonly store: TimedStore
  readonly values: Values
  readonly emit: Listener
  readonly now: () => number
  readonly draw: Draw
  /** This manager among all that write to the store. */
  readonly manager: string
  /** How long one request may be at its commit, in milliseconds. */
  readonly patience: number
  /** The most bytes of a payload. */
  readonly maxSize: number
  /** Whether commits of one session may wait for each other and travel together. */
  readonly merging: boolean
}

/** A clock that is only good for differences. Deadlines must not move when someone sets the time. */
export function monotonic(): number {
  return performance.now()
}

/** Waits before another try: longer with every one, at random, so that two that collided do not collide again. */
export function pause(tries: number): Promise<void> {
  const longest = Math.min(2 ** tries, 64)
  return new Promise((resolve) => setTimeout(resolve, Math.random() * longest))
}
