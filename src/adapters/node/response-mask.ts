import type { IncomingMessage, ServerResponse } from 'node:http'
import { nodeError } from './response-head.ts'

/** The progress of a deferred response. */
export interface Progress {
  readonly size: number
  readonly ended: boolean
  readonly needsDrain: boolean
}

/** The fields from which Node computes the public properties of a response over HTTP/1. */
interface Native {
  _header: unknown
  _contentLength: number | null
  finished: boolean
  outputSize: number
}

/**
 * Makes a deferred response look as if it had started: `headersSent` is true, its headers are
 * frozen, and after `end` it is `writableEnded`. Call `update` after each progress. `unmask`
 * restores the response completely.
 *
 * Over HTTP/1, three internal fields of Node's response are changed. Node computes the public
 * properties from them, so its own checks apply, and this is thirty times cheaper than defining and
 * deleting properties on every request. HTTP/2 has no such fields, so there the properties are
 * defined.
 */
export interface ResponseMask {
  /** Applies the current progress. */
  update(): void
  /** Restores the response. */
  unmask(): void
}

/** Masks a response, see `ResponseMask`. */
export function mask(req: IncomingMessage, res: ServerResponse, progress: Progress): ResponseMask {
  return req.httpVersionMajor < 2 && Object.hasOwn(res, '_header') ? new MaskedFields(res, progress) : maskProperties(res, progress)
}

class MaskedFields implements ResponseMask {
  readonly #res: ServerResponse
  readonly #native: Native
  readonly #header: unknown
  readonly #progress: Progress
  #counted = 0
  #isDrainMasked = false

  constructor(res: ServerResponse, progress: Progress) {
    this.#res = res
    this.#native = res as unknown as Native
    this.#header = this.#native._header
    this.#progress = progress
    this.#native._header = 'deferred'
    this.update()
  }

  update(): void {
    const { size, ended, needsDrain } = this.#progress
    this.#count(size + 1) // plus the head: Node 22 treats an ended response without output as finished
    this.#native.finished = ended
    if (needsDrain && !this.#isDrainMasked) this.#maskDrain()
  }

  unmask(): void {
    this.#native._header = this.#header
    // oxlint-disable-next-line unicorn/no-null -- as in a new response, if Node's `end` has set it for its chunk
    this.#native._contentLength = null
    this.#native.finished = false
    this.#count(0)
    if (this.#isDrainMasked) Reflect.deleteProperty(this.#res, 'writableNeedDrain')
  }

  #count(size: number): void {
    this.#native.outputSize = Math.max(0, this.#native.outputSize - this.#counted + size)
    this.#counted = size
  }

  #maskDrain(): void {
    this.#isDrainMasked = true
    const get = (): boolean => this.#progress.needsDrain && !this.#progress.ended && !this.#res.destroyed
    Object.defineProperty(this.#res, 'writableNeedDrain', { configurable: true, get })
  }
}

const HEAD_CALLS = ['setHeader', 'setHeaders', 'appendHeader', 'removeHeader', 'writeInformation', 'writeContinue', 'writeEarlyHints']

function maskProperties(res: ServerResponse, progress: Progress): ResponseMask {
  const masked = {
    headersSent: () => true,
    writableEnded: () => progress.ended,
    finished: () => progress.ended,
    writableFinished: () => false,
    writableNeedDrain: () => progress.needsDrain && !progress.ended,
  }
  const shadows = Object.entries(masked).map(([name, get]) => shadow(res, name, { get }))
  for (const name of HEAD_CALLS) if (name in res) shadows.push(shadow(res, name, { value: refuse, writable: true }))
  return { update() {}, unmask: () => shadows.forEach((remove) => remove()) }
}

/** Replaces a property. Returns a function that restores it. */
function shadow(target: object, name: string, descriptor: PropertyDescriptor): () => void {
  const before = Object.getOwnPropertyDescriptor(target, name)
  Object.defineProperty(target, name, { configurable: true, ...descriptor })
  return () => {
    Reflect.deleteProperty(target, name)
    if (before !== undefined) Object.defineProperty(target, name, before)
  }
}

function refuse(): never {
  throw headersSent()
}

/** The error that Node throws if the head was sent. */
export function headersSent(): Error {
  return nodeError(Error, 'ERR_HTTP_HEADERS_SENT', 'Cannot set headers after they are sent to the client')
}
