import type { ServerResponse } from 'node:http'
import { isUint8Array } from 'node:util/types'
import { nodeError } from './response-head.ts'

/** The calls that start or continue a response. While it is deferred they are buffered. */
export const CALLS = ['writeHead', 'write', 'end', 'flushHeaders'] as const

export type Call = (typeof CALLS)[number]

/** One implementation of each call, to be applied to the response. */
export type Calls = { readonly [call in Call]: (...args: never[]) => unknown }

/** The current implementations of a response. */
export function callsOf({ writeHead, write, end, flushHeaders }: ServerResponse): Calls {
  return { writeHead, write, end, flushHeaders }
}

/**
 * Runs a function while the response has its original methods. Node calls `writeHead` when a write
 * starts the response, and over HTTP/2 `write` when an end has a chunk. Wrappers that have seen
 * these calls already must not see them again.
 */
export function withoutWrappers<T>(res: ServerResponse, original: Calls, run: () => T): T {
  const wrapped = callsOf(res)
  Object.assign(res, original)
  try {
    return run()
  } finally {
    Object.assign(res, wrapped)
  }
}

type Callback = (error?: Error) => void

/**
 * The number of buffered bytes (characters, for text) from which a writer has to wait for `drain`.
 */
const HIGH_WATER_MARK = 65_536

/** The calls to a deferred response, in order. They are repeated when the response is released. */
export class BufferedCalls {
  /** The number of buffered bytes, or characters for text. */
  size = 0
  ended = false
  readonly #calls: { readonly call: Call; readonly args: readonly unknown[] }[] = []

  /** Whether a writer waits for `drain`. */
  get needsDrain(): boolean {
    return this.size >= HIGH_WATER_MARK
  }

  /** Returns `false` if the writer should wait. */
  add(call: Call, args: readonly unknown[]): boolean {
    const [chunk] = args
    this.#calls.push({ call, args })
    if ((call === 'write' || call === 'end') && (typeof chunk === 'string' || isUint8Array(chunk))) this.size += chunk.length
    if (call === 'end') this.ended = true
    return !this.needsDrain
  }

  /**
   * Makes the last write the end, if Node's `end` sent its chunk. The callback of that write is
   * Node's, which would emit `finish` a second time.
   */
  endAtLastWrite(): void {
    const last = this.#calls.at(-1)
    if (last?.call === 'write') this.#calls.pop()
    this.add('end', last?.call === 'write' ? last.args.slice(0, 2) : [])
  }

  /** Applies the calls to the response. Returns whether its buffer was full at the last write. */
  replay(res: ServerResponse, original: Calls): boolean {
    let isFull = false
    for (let next = this.#calls.shift(); next !== undefined; next = this.#calls.shift()) {
      const { call, args } = next
      const result = Reflect.apply(original[call], res, args)
      isFull = call === 'write' && result === false
    }
    return isFull
  }

  /** Drops the calls and passes the error to their callbacks. */
  drop(error: unknown): void {
    for (const { args } of this.#calls.splice(0)) callBack(callbackOf(args), error)
  }
}

/** Throws the error that Node would throw for an invalid chunk, so that the caller gets it. */
export function checkChunk(call: Call, chunk: unknown): void {
  if (call === 'end' ? !chunk || typeof chunk === 'function' : call !== 'write') return
  if (chunk === null) throw nodeError(TypeError, 'ERR_STREAM_NULL_VALUES', 'May not write null values to stream')
  if (typeof chunk !== 'string' && !isUint8Array(chunk))
    throw nodeError(
      TypeError,
      'ERR_INVALID_ARG_TYPE',
      'The "chunk" argument must be of type string or an instance of Buffer or Uint8Array.',
    )
}

/** The callback among the arguments of a write or an end. */
export function callbackOf(args: readonly unknown[]): Callback | undefined {
  return args.find((arg) => typeof arg === 'function') as Callback | undefined
}

/**
 * Calls the callback in the next tick, as Node does, because writers do not expect it before
 * `write` returns.
 */
export function callBack(callback: Callback | undefined, error: unknown): void {
  if (callback !== undefined) process.nextTick(callback, error)
}
