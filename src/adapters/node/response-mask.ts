import type { IncomingMessage, ServerResponse } from 'node:http'
import { invalid } from './response-head.ts'

/** How far a held response has come. */
export interface Progress {
  readonly size: number
  readonly ended: boolean
  readonly needsDrain: boolean
}

/** The state of Node's own response over HTTP/1 that its public properties are computed from. */
interface Native {
  _header: unknown
  finished: boolean
  outputSize: number
}

/**
 * Makes a held response look as if it had started: `headersSent` is true, its headers are frozen, it is `writableEnded` once ended.
 * `update` is to be called when it has come further; `uncover` leaves no trace.
 *
 * An HTTP/1 response is told through the three fields from which Node itself computes all this, so that Node's own checks do the rest. That is
 * thirty times cheaper than properties defined and deleted on every request. HTTP/2 has no such fields, and gets the properties.
 */
export interface ResponseMask {
  update(): void
  unmask(): void
}

export function mask(req: IncomingMessage, res: ServerResponse, progress: Progress): ResponseMask {
  return req.httpVersionMajor < 2 && Object.hasOwn(res, '_header') ? new MaskedFields(res, progress) : maskProperties(res, progress)
}

class MaskedFields implements ResponseMask {
  readonly #res: ServerResponse
  readonly #native: Native
  readonly #header: unknown
  readonly #progress: Progress
  #counted = 0
  #asksToWait = false

  constructor(res: ServerResponse, progress: Progress) {
    this.#res = res
    this.#native = res as unknown as Native
    this.#header = this.#native._header
    this.#progress = progress
    this.#native._header = 'held'
    this.update()
  }

  update(): void {
    const { size, ended, needsDrain } = this.#progress
    this.#count(size + 1) // the head waits too: Node 22 takes a response that ended and has nothing waiting for `writableFinished`
    this.#native.finished = ended
    if (needsDrain && !this.#asksToWait) this.#askToWait()
  }

  unmask(): void {
    this.#native._header = this.#header
    this.#native.finished = false
    this.#count(0)
    if (this.#asksToWait) Reflect.deleteProperty(this.#res, 'writableNeedDrain')
  }

  #count(size: number): void {
    this.#native.outputSize = Math.max(0, this.#native.outputSize - this.#counted + size)
    this.#counted = size
  }

  #askToWait(): void {
    this.#asksToWait = true
    const get = (): boolean => this.#progress.needsDrain && !this.#progress.ended && !this.#res.destroyed
    Object.defineProperty(this.#res, 'writableNeedDrain', { configurable: true, get })
  }
}

const HEAD_CALLS = ['setHeader', 'setHeaders', 'appendHeader', 'removeHeader', 'writeInformation', 'writeContinue', 'writeEarlyHints']

function maskProperties(res: ServerResponse, progress: Progress): ResponseMask {
  const seen = {
    headersSent: () => true,
    writableEnded: () => progress.ended,
    finished: () => progress.ended,
    writableFinished: () => false,
    writableNeedDrain: () => progress.needsDrain && !progress.ended,
  }
  const covers = Object.entries(seen).map(([name, get]) => shadow(res, name, { get }))
  for (const name of HEAD_CALLS) if (name in res) covers.push(shadow(res, name, { value: refuse, writable: true }))
  return { update() {}, unmask: () => covers.forEach((lift) => lift()) }
}

/** Puts a property in front of what is there; what it returns takes it away again. */
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

export function headersSent(): Error {
  return invalid(Error, 'ERR_HTTP_HEADERS_SENT', 'Cannot set headers after they are sent to the client')
}
