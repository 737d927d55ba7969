import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Delivery } from '../../core/cookie/transport.ts'
import type { Exchange } from '../../core/manager/adapter-port.ts'
import { reportError } from '../shared/error-status.ts'
import { BufferedCalls, CALLS, type Call, type Calls, callbackOf, checkChunk } from './buffered-calls.ts'
import { detach, discard, ErrorPage } from './error-page.ts'
import { applyDelivery, checkHead, type Header, nodeError, representationOf, takeHead } from './response-head.ts'
import { headersSent, mask, type ResponseMask } from './response-mask.ts'
import { delayDestroy, resumeDestroy } from './socket-guard.ts'

/** A commit that a deferred response waits for. */
export interface CommitHook {
  /** Its session is committed at the end of the tick in which the response started. */
  readonly exchange: Pick<Exchange<unknown>, 'commit' | 'delivery'>
  /** Passes the error of a failed commit to the framework, which responds with an error page. */
  fail(error: unknown): void
}

/**
 * The property of a response with its `DeferredResponse`. It is not a WeakMap, because a WeakMap
 * that gets an entry with every request costs more than everything else.
 */
const DEFERRED: unique symbol = Symbol('sojourn deferred response')

type Deferrable = ServerResponse & { [DEFERRED]?: DeferredResponse }

/**
 * Defers the final response, once it starts, until the session is committed. Several managers of a
 * response share one `DeferredResponse`.
 */
export function deferResponse(req: IncomingMessage, res: Deferrable, hook: CommitHook): void {
  res[DEFERRED] ??= new DeferredResponse(req, res)
  res[DEFERRED].add(hook)
}

/**
 * Intercepts the calls of writers to a response and passes them to the original methods: those of
 * Node, or of middleware that was installed earlier.
 *
 * - `open`: the response has not started. The first call that starts it freezes the head and begins
 *   the commits.
 * - `deferred`: the commits are running. Calls are buffered, and the response looks started.
 * - `released`: the commits succeeded. The buffered calls were repeated, and later ones are passed
 *   on.
 * - `failed`: a commit failed. The error page replaces the response, and calls of its previous
 *   writers are discarded.
 */
class DeferredResponse {
  readonly #req: IncomingMessage
  readonly #res: ServerResponse
  readonly #isHttp1: boolean
  readonly #hooks: CommitHook[] = []
  readonly #original: Calls
  /** The headers of the representation from before the session was attached. */
  readonly #initialHeaders: readonly Header[]
  readonly #calls: BufferedCalls = new BufferedCalls()
  #state: 'open' | 'deferred' | 'released' | 'failed' = 'open'
  #status = 200
  #message: string | undefined
  #mask: ResponseMask | undefined
  /** The connection whose destruction is delayed. */
  #socket: Socket | undefined
  /** The streams that were piped to the response. */
  #sources: NodeJS.ReadableStream[] | undefined

  constructor(req: IncomingMessage, res: ServerResponse) {
    this.#req = req
    this.#res = res
    this.#isHttp1 = req.httpVersionMajor < 2
    this.#initialHeaders = representationOf(res)
    this.#original = { writeHead: res.writeHead, write: res.write, end: res.end, flushHeaders: res.flushHeaders }
    Object.assign(res, PATCHED)
    res.on('pipe', onPipe)
  }

  add(hook: CommitHook): void {
    this.#hooks.push(hook)
  }

  addSource(source: NodeJS.ReadableStream): void {
    this.#sources ??= []
    this.#sources.push(source)
  }

  onCall(call: Call, args: readonly unknown[]): unknown {
    switch (this.#state) {
      case 'open':
        return this.#start(call, args)
      case 'deferred':
        return this.#buffer(call, args)
      case 'released':
        return Reflect.apply(this.#original[call], this.#res, args)
      case 'failed':
        return discard(this.#res, call, args) // of middleware installed later, such as compression
    }
  }

  /** Starts the response: freezes its head, and begins the commits at the end of the tick. */
  #start(call: Call, args: readonly unknown[]): unknown {
    const res = this.#res
    checkChunk(call, args[0])
    if (call === 'writeHead') takeHead(res, args)
    this.#status = res.statusCode | 0
    this.#message = this.#isHttp1 ? res.statusMessage : undefined
    checkHead(this.#status, this.#message)
    this.#state = 'deferred'
    this.#mask = mask(this.#req, res, this.#calls)
    atEndOfTick(() => this.#commit())
    // In Node writeHead sends nothing by itself. Its headers are set on the response now.
    if (call !== 'writeHead') return this.#buffer(call, args)
    this.#calls.add('writeHead', [this.#status])
    return res
  }

  #buffer(call: Call, args: readonly unknown[]): unknown {
    if (call === 'writeHead') throw headersSent()
    checkChunk(call, args[0])
    if (this.#calls.ended) return this.#afterEnd(call, args)
    const mayContinue = this.#calls.add(call, args)
    this.#mask?.update()
    if (call === 'end') this.#delayDestroy()
    return call === 'write' ? mayContinue : this.#res
  }

  /**
   * As Node: a second `end()` is ignored. Over HTTP/1 a chunk after the end is an error; over
   * HTTP/2 it is dropped.
   */
  #afterEnd(call: Call, args: readonly unknown[]): unknown {
    const res = this.#res
    const callback = callbackOf(args)
    if (call === 'write' || (call === 'end' && args[0] && args[0] !== callback)) {
      const error = nodeError(Error, 'ERR_STREAM_WRITE_AFTER_END', 'write after end')
      process.nextTick(() => {
        callback?.(error)
        if (this.#isHttp1 && !res.destroyed) res.emit('error', error)
      })
    } else if (callback !== undefined) res.once('finish', callback)
    return call === 'write' ? false : res
  }

  /**
   * Runs all commits, even if one fails. The last one to end releases the response or replaces it.
   */
  #commit(): void {
    const deliveries: Delivery[] = []
    let failure: { readonly error: unknown; readonly hook: CommitHook } | undefined
    let left = this.#hooks.length
    const done = (): void => {
      left -= 1
      if (left > 0) return
      this.#mask?.unmask()
      if (this.#socket !== undefined) resumeDestroy(this.#socket, this.#res)
      if (failure === undefined) this.#release(deliveries)
      else this.#fail(failure.error, failure.hook)
    }
    for (const [index, hook] of this.#hooks.entries()) {
      const onDelivery = (delivery: Delivery): void => {
        deliveries[index] = delivery
        done()
      }
      const onError = (error: unknown): void => {
        failure ??= { error, hook }
        done()
      }
      hook.exchange.commit(this.#status).then(onDelivery, onError)
    }
  }

  #release(deliveries: readonly Delivery[]): void {
    const res = this.#res
    this.#state = 'released'
    this.#unpatch()
    // The client disconnected. The commit stands, and nothing can be sent.
    if (isGone(res)) return this.#calls.drop(nodeError(Error, 'ERR_STREAM_DESTROYED', 'Cannot call write after a stream was destroyed'))
    const { needsDrain, ended } = this.#calls
    if (this.#send(deliveries) && needsDrain && !ended) res.emit('drain')
  }

  /** Sends the head and the buffered calls. Returns whether the writer may continue. */
  #send(deliveries: readonly Delivery[]): boolean {
    const res = this.#res
    try {
      if (res.statusCode !== this.#status) res.statusCode = this.#status
      if (this.#isHttp1 && res.statusMessage !== this.#message) res.statusMessage = this.#message as string
      for (const delivery of deliveries) applyDelivery(res, delivery)
      return !this.#calls.replay(res, this.#original)
    } catch (error) {
      if (res.headersSent) res.destroy(error as Error)
      else this.#fail(error, this.#hooks[0])
      return false
    }
  }

  #fail(error: unknown, hook: CommitHook | undefined): void {
    const res = this.#res
    this.#state = 'failed'
    for (const source of this.#sources ?? []) detach(source, res)
    const page = new ErrorPage(res, this.#original, {
      error,
      initialHeaders: this.#initialHeaders,
      isHttp1: this.#isHttp1,
      previousWriterEnded: this.#calls.ended,
      deliveries: () => this.#hooks.map(({ exchange }) => exchange.delivery()),
    })
    this.#calls.drop(error)
    if (isGone(res)) return
    try {
      page.write(() => hook?.fail(error))
    } catch (thrown) {
      reportError(thrown)
      res.destroy()
    }
  }

  #delayDestroy(): void {
    const { socket } = this.#req
    if (!this.#isHttp1 || socket === undefined) return
    delayDestroy(socket)
    this.#socket = socket
  }

  /**
   * Restores the original methods, unless other middleware has wrapped the patched ones. Those then
   * pass calls on.
   */
  #unpatch(): void {
    const calls: Record<Call, unknown> = this.#res
    for (const call of CALLS) if (calls[call] === PATCHED[call]) calls[call] = this.#original[call]
  }
}

/**
 * Replaces the methods of every deferred response. Shared, because separate functions would cost
 * each response more than everything else.
 */
const PATCHED: Calls = {
  writeHead: patch('writeHead'),
  write: patch('write'),
  end: patch('end'),
  flushHeaders: patch('flushHeaders'),
}

function patch(call: Call): (this: Deferrable, ...args: unknown[]) => unknown {
  return function patched(...args) {
    return this[DEFERRED]?.onCall(call, args)
  }
}

function onPipe(this: Deferrable, source: NodeJS.ReadableStream): void {
  this[DEFERRED]?.addSource(source)
}

/** Runs a function after the running code and all promises that it has settled. */
function atEndOfTick(run: () => void): void {
  queueMicrotask(() => process.nextTick(run))
}

function isGone(res: ServerResponse & { readonly stream?: { readonly destroyed: boolean } }): boolean {
  return res.destroyed || (res.stream?.destroyed ?? false)
}
