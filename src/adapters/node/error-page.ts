import { AsyncLocalStorage } from 'node:async_hooks'
import type { ServerResponse } from 'node:http'
import type { Delivery } from '../../core/cookie/transport.ts'
import { errorStatus } from '../shared/error-status.ts'
import { CALLS, type Call, type Calls, callBack, callbackOf, checkChunk, withoutWrappers } from './buffered-calls.ts'
import { applyDelivery, type Header, nodeError, restoreRepresentation, takeHead } from './response-head.ts'

/** A failed commit, with its response. */
export interface Failure {
  readonly error: unknown
  /** The headers of the representation before the session was attached. */
  readonly initialHeaders: readonly Header[]
  readonly isHttp1: boolean
  /** Whether the failed response had ended, so that all further calls belong to the error page. */
  readonly previousWriterEnded: boolean
  /** The cookies and headers that the response has to carry despite the failure. */
  readonly deliveries: () => readonly Delivery[]
}

/**
 * Replaces a response whose commit failed by an error page. Nothing of that response was sent: its
 * head is reset, the wrappers around the response are removed (compression has already ended its
 * stream), and calls of its writers are discarded.
 *
 * The status of the page is that of an error, even if the error handler sets a success or a
 * redirect.
 */
export class ErrorPage {
  readonly #res: ServerResponse
  readonly #original: Calls
  readonly #failure: Failure
  #state: 'waiting' | 'started' | 'ended' = 'waiting'
  /** Whether a call other than `writeHead` is starting the page. */
  #startsImplicitly = false

  constructor(res: ServerResponse, original: Calls, failure: Failure) {
    this.#res = res
    this.#original = original
    this.#failure = failure
    this.#resetHead()
    for (const call of CALLS) Object.assign(res, { [call]: (...args: unknown[]) => this.#onCall(call, args) })
  }

  /** Whether the page has not started, so that its head can still change. */
  get isWaiting(): boolean {
    return this.#state === 'waiting'
  }

  /** Runs the error handler, which writes the page now or later. */
  write(page: () => void): void {
    writing.run(this, page)
  }

  #resetHead(): void {
    const res = this.#res
    restoreRepresentation(res, this.#failure.initialHeaders)
    res.statusCode = 200
    if (!this.#failure.isHttp1) return
    res.statusMessage = ''
    res.addTrailers({})
  }

  #onCall(call: Call, args: readonly unknown[]): unknown {
    const isBody = call === 'write' || call === 'end'
    if (this.#isPreviousWriter() || (isBody && this.#state === 'ended')) return discard(this.#res, call, args)
    checkChunk(call, args[0])
    if (call === 'writeHead') return this.#writeHead(args)
    if (this.#state === 'waiting') this.#startImplicitly()
    if (call === 'end') this.#state = 'ended'
    return this.#pass(call, args)
  }

  #writeHead(args: readonly unknown[]): unknown {
    if (this.#state !== 'waiting') return this.#pass('writeHead', args)
    takeHead(this.#res, args)
    this.#completeHead()
    return this.#startsImplicitly ? this.#res : this.#pass('writeHead', [this.#res.statusCode])
  }

  /** As Node, calls the outermost `writeHead`: the error handler may have wrapped it. */
  #startImplicitly(): void {
    this.#startsImplicitly = true
    try {
      this.#res.writeHead(this.#res.statusCode)
      if (this.#state === 'waiting') this.#completeHead() // a wrapper did not pass the call on
    } finally {
      this.#startsImplicitly = false
    }
  }

  #pass(call: Call, args: readonly unknown[]): unknown {
    return withoutWrappers(this.#res, this.#original, () => Reflect.apply(this.#original[call], this.#res, args))
  }

  #completeHead(): void {
    this.#state = 'started'
    const res = this.#res
    if (res.statusCode < 400) {
      res.statusCode = errorStatus(this.#failure.error)
      if (this.#failure.isHttp1) res.statusMessage = ''
      res.removeHeader('Location')
    }
    for (const delivery of this.#failure.deliveries()) applyDelivery(res, delivery)
  }

  /**
   * Until the failed response has ended, calls that the error handler did not start belong to it.
   */
  #isPreviousWriter(): boolean {
    return !this.#failure.previousWriterEnded && writing.getStore() !== this
  }
}

/**
 * The page that the running code writes. Follows everything that the error handler starts and
 * awaits.
 */
const writing = new AsyncLocalStorage<ErrorPage>()

/** Discards a call of a writer whose response was replaced. Its callback gets an error. */
export function discard(res: ServerResponse, call: Call, args: readonly unknown[]): unknown {
  callBack(callbackOf(args), nodeError(Error, 'ERR_STREAM_WRITE_AFTER_END', 'The response was replaced by an error page'))
  return call === 'write' ? false : res
}

/**
 * Unpipes a source from the response. If nothing else reads it, it is destroyed in the end, so that
 * its file is closed.
 */
export function detach(source: NodeJS.ReadableStream & Closable, res: ServerResponse): void {
  source.unpipe?.(res)
  res.once('close', () => {
    if (source.readableFlowing === false) source.destroy?.()
  })
}

interface Closable {
  readonly readableFlowing?: boolean | null
  destroy?(): unknown
}
