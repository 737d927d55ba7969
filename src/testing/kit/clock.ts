import { type Duration, durationRemedy, milliseconds } from '../../core/base/duration.ts'
import { ConfigError } from '../../core/base/errors.ts'
import { formatValue } from '../../core/base/format.ts'

/**
 * A clock that moves only when a test moves it. It is a function, as the option `clock` takes it.
 */
export interface TestClock {
  /** Returns the current time in epoch milliseconds. */
  (): number
  /** Moves the clock forward. Throws `ConfigError` if `duration` is not a duration. */
  advance(duration: Duration): void
  /** Sets the clock. */
  set(time: Date): void
}

/**
 * Makes a clock for the option `clock`, so that sessions expire without waiting.
 *
 * ```ts
 * import { createSessions } from 'sojourn'
 * import { MemoryStore } from 'sojourn/stores/memory'
 * import { testClock } from 'sojourn/testing'
 *
 * const clock = testClock()
 * const sessions = createSessions({ store: new MemoryStore(), clock, idle: '30m' })
 * clock.advance('31m') // sessions that were not used since are expired
 * ```
 *
 * @param start The first time. Default: the current time of the system.
 */
export function testClock(start: Date = new Date()): TestClock {
  let now = start.getTime()
  const clock: TestClock = Object.assign(() => now, {
    advance(duration: Duration): void {
      const length = milliseconds(duration)
      if (length === undefined)
        throw new ConfigError(`testClock: advance(${formatValue(duration)}) needs a duration: ${durationRemedy(duration)}.`)
      now += length
    },
    set(time: Date): void {
      now = time.getTime()
    },
  })
  return clock
}
