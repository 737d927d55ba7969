import { isWorkers } from '../../core/base/is-workers.ts'

/**
 * Calls at the end of this turn of the event loop, when everything that has arrived with it was looked at: no timer is waited for.
 * `undefined` where the runtime knows no such moment, and on Workers, where one request cannot wait for the I/O of another.
 */
export const atEndOfTurn: ((call: () => void) => void) | undefined = endOfTurn()

function endOfTurn(): ((call: () => void) => void) | undefined {
  const { setImmediate } = globalThis
  return isWorkers() || typeof setImmediate !== 'function' ? undefined : (call) => void setImmediate(call)
}
