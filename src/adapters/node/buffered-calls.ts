import type { ServerResponse } from 'node:http'
import { isUint8Array } from 'node:util/types'
import { invalid } from './response-head.ts'

/** The calls that make a response go out; what a hold stands in front of. */
export const CALLS = ['writeHead', 'write', 'end', 'flushHeaders'] as const

export type Call = (typeof CALLS)[number]

/** One implementation of each call, to be applied to the response. */
export type Calls = { readonly [call in Call]: (...args: never[]) => unknown }

type Callback = (error?: Error) => void

/** From this many held bytes on (characters, for text) a writer is asked to wait for `drain`. */
const HIGH_WATER_MARK = 65_536

/** What a writer said to a response that is held: kept in order, and said again once the response may go. */
export class BufferedCalls {
  readonly #calls: { readonly call: Call; readonly args: readonly unknown[] }[] = []
  #size = 0
  #ended = false

  /** How much is kept. */
  get size(): number {
    return this.#size
  }

  get ended(): boolean {
    return this.#ended
  }

  /** Whether the writer was asked to wait. */
  get needsDrain(): boolean {
    return this.#size >= HIGH_WATER_MARK
  }

  /** Keeps the call whole; `false` asks the writer to wait. */
  keep(call: Call, args: readonly unknown[]): boolean {
    this.#calls.push({ call, args })
    this.#size += sizeOf(call, args[0])
    if (call === 'end') this.#ended = true
    return !this.needsDrain
  }

  /** Says everything to the layers beneath; whether the last write found them full. */
  replay(res: ServerResponse, below: Calls): boolean {
    let full = false
    for (let next = this.#calls.shift(); next !== undefined; next = this.#calls.shift()) {
      const { call, args } = next
      const result = Reflect.apply(below[call], res, args)
      full = call === 'write' && result === false
    }
    return full
  }

  /** Forgets everything, and tells the writers why. */
  drop(error: unknown): void {
    for (const { args } of this.#calls.splice(0)) callBack(callbackOf(args), error)
  }
}

/** Throws what Node throws for a chunk that is none, while its writer is still there to hear of it. */
export function checkChunk(call: Call, chunk: unknown): void {
  if (call === 'end' ? !chunk || typeof chunk === 'function' : call !== 'write') return
  if (chunk === null) throw invalid(TypeError, 'ERR_STREAM_NULL_VALUES', 'May not write null values to stream')
  if (typeof chunk !== 'string' && !isUint8Array(chunk))
    throw invalid(TypeError, 'ERR_INVALID_ARG_TYPE', 'The "chunk" argument must be of type string or an instance of Buffer or Uint8Array.')
}

/** The callback among the arguments of a write or an end. */
export function callbackOf(args: readonly unknown[]): Callback | undefined {
  return args.find((arg) => typeof arg === 'function') as Callback | undefined
}

/** Calls back later, as Node does: whoever writes does not expect to be called back before `write` returns. */
export function callBack(callback: Callback | undefined, error: unknown): void {
  if (callback !== undefined) process.nextTick(callback, error)
}

function sizeOf(call: Call, chunk: unknown): number {
  return (call === 'write' || call === 'end') && (typeof chunk === 'string' || isUint8Array(chunk)) ? chunk.length : 0
}
