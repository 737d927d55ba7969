import { isWorkers } from '../../core/base/is-workers.ts'

const { setImmediate } = globalThis

/**
 * Calls a function at the end of this turn of the event loop, after everything that arrived in it
 * was processed, without a timer. `undefined` in runtimes without `setImmediate`, and on Workers,
 * where one request cannot wait for the I/O of another.
 */
export const atEndOfTurn: ((callback: () => void) => void) | undefined =
  isWorkers() || typeof setImmediate !== 'function' ? undefined : (callback) => void setImmediate(callback)
