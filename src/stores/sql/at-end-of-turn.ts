import { isWorkers } from '../../core/base/is-workers.ts'

const { setImmediate } = globalThis

/**
 * Calls a function at the end of this turn of the event loop, after all I/O of the turn was
 * processed. Uses no timer. `undefined` in runtimes without `setImmediate`, and on Workers, where
 * one request cannot wait for the I/O of another.
 */
export const atEndOfTurn: ((callback: () => void) => void) | undefined =
  isWorkers() || typeof setImmediate !== 'function' ? undefined : (callback) => void setImmediate(callback)
