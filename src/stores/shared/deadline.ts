import { monotonic } from '../../core/base/clock.ts'

/**
 * The share of an operation's time for getting a connection. It is below 1, so that the error of a
 * missing connection precedes the timeout of the operation.
 */
const CONNECT_SHARE = 0.75

/** The deadline for the connection of a statement that has the given deadline. */
export function connectDeadline(deadline: number): number {
  const now = monotonic()
  return now + (deadline - now) * CONNECT_SHARE
}
