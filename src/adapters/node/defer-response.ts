import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Delivery } from '../../core/cookie/transport.ts'
import type { StartedResponse } from '../../core/draft/started-response.ts'
import { reportError } from '../shared/error-status.ts'
import { BufferedCalls, CALLS, type Call, type Calls, callbackOf, callsOf, checkChunk, withoutWrappers } from './buffered-calls.ts'
import { cutOff } from './cut-off.ts'
import { detach, discard, ErrorPage } from './error-page.ts'
import { type CommitHook, type FailedCommit, ResponseCommits } from './response-commits.ts'
import { applyDelivery, checkHead, type Header, nodeError, representationOf, takeHead } from './response-head.ts'
import { headersSent, mask, type ResponseMask } from './response-mask.ts'
import { delayDestroy, resumeDestroy } from './socket-guard.ts'

/**
 * The property of a response with its `DeferredResponse`. It is not a WeakMap, because an entry of
 * a WeakMap per request costs 0.6 µs of CPU time with its garbage collection, and a property 0.03
 * µs (Node 24).
 */
const DEFERRED: unique symbol = Symbol('sojourn deferred response')

type Deferrable = ServerResponse & {
  [DEFERRED]?: DeferredResponse
  /** Node's methods send each part of a response over HTTP/1 with it. */
  _send?: Send
}

type Send = (this: Deferrable, chunk: string | Uint8Array, encoding?: unknown, callback?: unknown) => boolean

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
 * Middleware that was installed later wraps the patched methods. It sees the start of the response
 * when a writer starts it, and only then: every start goes through the outermost `writeHead`, as in
 * Node, and buffered calls are repeated without the wrappers.
 *
 * - `open`: the response has not started. The first call that starts it freezes the head and begins
 *   the commits.
 * - `deferred`: the commits are running. Calls are buffered, and the response looks started.
 * - `released`: the commits succeeded. The buffered calls were repeated, and later ones are passed
 *   on. If a session can still be changed, `end` is deferred again until the changes are committed.
 * - `failed`: a commit failed. The error page replaces the response, or the response is cut off if
 *   its head was sent. Calls of its previous writers are discarded.
 */
class DeferredResponse implements StartedResponse {
  readonly #req: IncomingMessage
  readonly #res: ServerResponse
  readonly #isHttp1: boolean
  readonly #commits = new ResponseCommits()
  readonly #original: Calls
  /** The headers of the representation before the session was attached. */
  readonly #initialHeaders: readonly Header[]
  #calls: BufferedCalls = new BufferedCalls()
  #state: 'open' | 'deferred' | 'released' | 'failed' = 'open'
  /** Whether a call other than `writeHead` is starting the response. */
  #startsImplicitly = false
  #status = 200
  #message: string | undefined
  #mask: ResponseMask | undefined
  #errorPage: ErrorPage | undefined
  /** The original `_send` while it is captured. */
  #nativeSend: Send | undefined
  /** The connection whose destruction is delayed. */
  #socket: Socket | undefined
  /** The streams that were piped to the response. */
  #sources: NodeJS.ReadableStream[] | undefined

  constructor(req: IncomingMessage, res: ServerResponse) {
    this.#req = req
    this.#res = res
    this.#isHttp1 = req.httpVersionMajor < 2
    this.#initialHeaders = representationOf(res)
    this.#original = callsOf(res)
    Object.assign(res, PATCHED)
    res.on('pipe', onPipe)
  }

  add(hook: CommitHook): void {
    this.#commits.add(hook)
  }

  addSource(source: NodeJS.ReadableStream): void {
    this.#sources ??= []
    this.#sources.push(source)
  }

  get isComplete(): boolean {
    return this.#calls.ended
  }

  /**
   * Whether the body is still being written, so that values read now can be sent under the fixed
   * head.
   */
  get isStreaming(): boolean {
    const res = this.#res
    return !res.writableEnded && !isGone(res) && this.#errorPage?.isWaiting !== true
  }

  onCall(call: Call, args: readonly unknown[]): unknown {
    switch (this.#state) {
      case 'open':
        return call === 'writeHead' ? this.#start(args) : this.#startImplicitly(call, args)
      case 'deferred':
        return this.#buffer(call, args)
      case 'released':
        return call === 'end' && this.#commits.isLate ? this.#end(args) : Reflect.apply(this.#original[call], this.#res, args)
      case 'failed':
        return discard(this.#res, call, args) // a call of middleware that was installed later, such as compression
    }
  }

  /** As Node, calls the outermost `writeHead` before anything else. */
  #startImplicitly(call: Call, args: readonly unknown[]): unknown {
    const res = this.#res
    checkChunk(call, args[0])
    this.#startsImplicitly = true
    try {
      res.writeHead(res.statusCode)
      if (this.#state === 'open') this.#start([res.statusCode]) // a wrapper did not pass the call on
    } finally {
      this.#startsImplicitly = false
    }
    return this.onCall(call, args)
  }

  /** Starts the response: freezes its head, and begins the commits at the end of the tick. */
  #start(head: readonly unknown[]): ServerResponse {
    const res = this.#res
    takeHead(res, head)
    this.#status = res.statusCode | 0
    this.#message = this.#isHttp1 ? res.statusMessage : undefined
    checkHead(this.#status, this.#message)
    this.#state = 'deferred'
    this.#mask = mask(this.#req, res, this.#calls)
    const onCommitted = (deliveries: readonly Delivery[]): void => this.#onCommitted(deliveries)
    atEndOfTick(() => this.#commits.commit(this.#status, this, onCommitted, (failure) => this.#fail(failure)))
    // In Node writeHead sends nothing by itself, and its headers are set on the response now. The
    // head of an implicit start is made by the call that follows, with a length if that is `end`.
    if (!this.#startsImplicitly) {
      this.#calls.add('writeHead', [this.#status])
      if (this.#isHttp1) this.#captureSends()
    }
    return res
  }

  /**
   * In `res.end(await read())` with a `read` that attaches the session, `res.end` is Node's method,
   * because it was looked up before. It starts the response with `writeHead`, and then sends its
   * chunk with `_send`, which would print the masked head.
   */
  #captureSends(): void {
    const res: Deferrable = this.#res
    this.#nativeSend = res._send
    res._send = captureSend
  }

  /** Buffers a chunk. Without one, `end` or `flushHeaders` of Node has called `_send`. */
  onSend(chunk: string | Uint8Array, ...rest: readonly unknown[]): boolean {
    return chunk.length === 0 || this.#buffer('write', [chunk, ...rest]) === true
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
   * Like Node, ignores a second `end()`. Over HTTP/1 a chunk after the end is an error; over HTTP/2
   * it is dropped.
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

  #onCommitted(deliveries: readonly Delivery[]): void {
    this.#takeNativeEnd()
    if (this.#calls.ended && this.#commits.isLate) this.#commitLate(deliveries)
    else this.#release(deliveries)
  }

  /** Ends the buffered calls if Node's `end` was called, see `#captureSends`. */
  #takeNativeEnd(): void {
    if (this.#res.writableEnded && !this.#calls.ended) this.#calls.endAtLastWrite()
  }

  /** Commits what was changed since the start of the response, and then sends its end. */
  #commitLate(deliveries: readonly Delivery[] = []): void {
    this.#commits.commitLate(
      () => this.#release(deliveries),
      (failure) => this.#fail(failure),
    )
  }

  #release(deliveries: readonly Delivery[]): void {
    const res = this.#res
    this.#resume('released')
    if (this.#commits.isLate || !this.#calls.ended) res.once('close', () => this.#commits.abandonLater())
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
      return !this.#replay()
    } catch (error) {
      if (res.headersSent) res.destroy(error as Error)
      else this.#fail({ error, hook: this.#commits.first })
      return false
    }
  }

  /**
   * Repeats the buffered calls. Returns whether the response's buffer was full at the last write.
   */
  #replay(): boolean {
    const res = this.#res
    const original = this.#original
    return !this.#commits.isLate && this.#unpatch()
      ? this.#calls.replay(res, original)
      : withoutWrappers(res, original, () => this.#calls.replay(res, original))
  }

  /**
   * Restores the original methods, unless later middleware has wrapped the patched ones. Those then
   * pass calls on. Returns whether all were restored.
   */
  #unpatch(): boolean {
    const calls: Record<Call, unknown> = this.#res
    let isComplete = true
    for (const call of CALLS)
      if (calls[call] === PATCHED[call]) calls[call] = this.#original[call]
      else isComplete = false
    return isComplete
  }

  /** Ends a response whose head was sent: at once, or when the changes since then are committed. */
  #end(args: readonly unknown[]): ServerResponse {
    const res = this.#res
    checkChunk('end', args[0])
    this.#calls = new BufferedCalls()
    this.#state = 'deferred'
    this.#mask = mask(this.#req, res, this.#calls)
    this.#buffer('end', args)
    this.#commitLate()
    return res
  }

  #resume(state: 'released' | 'failed'): void {
    this.#state = state
    this.#mask?.unmask()
    this.#mask = undefined
    if (this.#nativeSend !== undefined) Object.assign(this.#res, { _send: this.#nativeSend })
    this.#nativeSend = undefined
    if (this.#socket !== undefined) resumeDestroy(this.#socket, this.#res)
    this.#socket = undefined
  }

  #fail({ error, hook }: FailedCommit): void {
    const res = this.#res
    this.#takeNativeEnd()
    this.#resume('failed')
    for (const source of this.#sources ?? []) detach(source, res)
    if (res.headersSent) return this.#cutOff(error, hook)
    this.#errorPage = new ErrorPage(res, this.#original, {
      error,
      initialHeaders: this.#initialHeaders,
      isHttp1: this.#isHttp1,
      previousWriterEnded: this.#calls.ended,
      deliveries: () => this.#commits.deliveries(),
    })
    this.#calls.drop(error)
    if (isGone(res)) return
    try {
      this.#errorPage.write(() => hook?.fail(error))
    } catch (thrown) {
      reportError(thrown)
      res.destroy()
    }
  }

  /** Its client must not take the response for a complete one. */
  #cutOff(error: unknown, hook: CommitHook | undefined): void {
    this.#calls.drop(error)
    try {
      hook?.fail(error)
    } catch (thrown) {
      reportError(thrown)
    }
    cutOff(this.#res)
  }

  #delayDestroy(): void {
    const { socket } = this.#req
    if (!this.#isHttp1 || socket === undefined) return
    delayDestroy(socket)
    this.#socket = socket
  }
}

/**
 * The methods that replace those of every deferred response. They are shared, because separate
 * functions cost 0.17 µs per response, and shared ones 0.03 µs (Node 24).
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

const captureSend: Send = function captureSend(...args) {
  return this[DEFERRED]?.onSend(...args) ?? true
}

function onPipe(this: Deferrable, source: NodeJS.ReadableStream): void {
  this[DEFERRED]?.addSource(source)
}

/** Runs a function after the running code and the callbacks of all promises that it has settled. */
function atEndOfTick(run: () => void): void {
  queueMicrotask(() => process.nextTick(run))
}

function isGone(res: ServerResponse & { readonly stream?: { readonly destroyed: boolean } }): boolean {
  return res.destroyed || (res.stream?.destroyed ?? false)
}
