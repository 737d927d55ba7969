import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Delivery } from '../../core/cookie/transport.ts'
import type { Exchange } from '../../core/manager/adapter-port.ts'
import { reportError } from '../shared/error-status.ts'
import { BufferedCalls, CALLS, type Call, type Calls, callbackOf, checkChunk } from './buffered-calls.ts'
import { detach, ErrorPage, swallow } from './error-page.ts'
import { applyDelivery, checkHead, type Header, invalid, representationOf, takeHead } from './response-head.ts'
import { headersSent, mask, type ResponseMask } from './response-mask.ts'
import { guard, unguard } from './socket-guard.ts'

/** What a deferred response waits for. */
export interface CommitHook {
  /** Its session is committed at the end of the tick in which the response started. */
  readonly exchange: Pick<Exchange<unknown>, 'commit' | 'delivery'>
  /** Passes the error of a failed commit to the framework, which answers with an error page. */
  fail(error: unknown): void
}

/** Where a response keeps its hold. A property: a WeakMap that gains an entry with every request costs more than all the rest. */
const DEFERRED: unique symbol = Symbol('sojourn hold')

type Deferrable = ServerResponse & { [DEFERRED]?: DeferredResponse }

/** Holds the final response, once it starts, until the party has committed. Managers of one response share one hold. */
export function deferResponse(req: IncomingMessage, res: Deferrable, hook: CommitHook): void {
  res[DEFERRED] ??= new DeferredResponse(req, res)
  res[DEFERRED].add(hook)
}

/**
 * Stands between the writers of a response and its layers beneath (Node, and middleware that came before us).
 *
 * - `open`: nothing was said yet. The first call that makes the response start freezes its head, and the commits begin.
 * - `holding`: the commits are on their way. Calls are kept; the response already looks started.
 * - `through`: they went well. What was kept is said again, and we step out of the way.
 * - `failed`: one did not. The error page takes the response over; what the old writers still say is swallowed.
 */
class DeferredResponse {
  readonly #req: IncomingMessage
  readonly #res: ServerResponse
  readonly #hooks: CommitHook[] = []
  readonly #original: Calls
  /** What there was of a representation when we came. */
  readonly #entry: readonly Header[]
  readonly #calls: BufferedCalls = new BufferedCalls()
  #state: 'open' | 'holding' | 'through' | 'failed' = 'open'
  #status = 200
  #message: string | undefined
  #mask: ResponseMask | undefined
  #guarded: Socket | undefined
  #sources: NodeJS.ReadableStream[] | undefined

  constructor(req: IncomingMessage, res: ServerResponse) {
    this.#req = req
    this.#res = res
    this.#entry = representationOf(res)
    this.#original = { writeHead: res.writeHead, write: res.write, end: res.end, flushHeaders: res.flushHeaders }
    Object.assign(res, PATCHED)
    res.on('pipe', notePipe)
  }

  add(hook: CommitHook): void {
    this.#hooks.push(hook)
  }

  /** A stream writes the response. */
  pipedFrom(source: NodeJS.ReadableStream): void {
    this.#sources ??= []
    this.#sources.push(source)
  }

  onCall(call: Call, args: readonly unknown[]): unknown {
    switch (this.#state) {
      case 'open':
        return this.#start(call, args)
      case 'holding':
        return this.#keep(call, args)
      case 'through':
        return Reflect.apply(this.#original[call], this.#res, args)
      case 'failed':
        return swallow(this.#res, call, args) // a layer above us, for instance compression, still has something of the old response
    }
  }

  /** The response starts: its head is frozen, and the commits begin once the code that is running has had its say. */
  #start(call: Call, args: readonly unknown[]): unknown {
    const res = this.#res
    checkChunk(call, args[0])
    if (call === 'writeHead') takeHead(res, args)
    this.#status = res.statusCode | 0
    this.#message = this.#isHttp1 ? res.statusMessage : undefined
    checkHead(this.#status, this.#message)
    this.#state = 'holding'
    this.#mask = mask(this.#req, res, this.#calls)
    atEndOfTick(() => this.#commit())
    // As in Node a writeHead sends nothing by itself; the head it described is on the response now.
    if (call !== 'writeHead') return this.#keep(call, args)
    this.#calls.keep('writeHead', [this.#status])
    return res
  }

  #keep(call: Call, args: readonly unknown[]): unknown {
    if (call === 'writeHead') throw headersSent()
    checkChunk(call, args[0])
    if (this.#calls.ended) return this.#afterEnd(call, args)
    const goOn = this.#calls.keep(call, args)
    this.#mask?.update()
    if (call === 'end') this.#guardSocket()
    return call === 'write' ? goOn : this.#res
  }

  /** Node forgives an `end()` too many, but not what comes with it; over HTTP/2 it forgives that too. */
  #afterEnd(call: Call, args: readonly unknown[]): unknown {
    const res = this.#res
    const callback = callbackOf(args)
    if (call === 'write' || (call === 'end' && args[0] && args[0] !== callback)) {
      const error = invalid(Error, 'ERR_STREAM_WRITE_AFTER_END', 'write after end')
      process.nextTick(() => {
        callback?.(error)
        if (this.#isHttp1 && !res.destroyed) res.emit('error', error)
      })
    } else if (callback !== undefined) res.once('finish', callback)
    return call === 'write' ? false : res
  }

  /** Every party commits, whatever becomes of the others; the last one done decides. */
  #commit(): void {
    const deliveries: Delivery[] = []
    let failed: { readonly error: unknown; readonly hook: CommitHook } | undefined
    let left = this.#hooks.length
    const done = (): void => {
      left -= 1
      if (left > 0) return
      this.#unmask()
      if (failed === undefined) this.#release(deliveries)
      else this.#fail(failed.error, failed.hook)
    }
    for (const [index, hook] of this.#hooks.entries()) {
      const keep = (delivery: Delivery): void => {
        deliveries[index] = delivery
        done()
      }
      const note = (error: unknown): void => {
        failed ??= { error, hook }
        done()
      }
      hook.exchange.commit(this.#status).then(keep, note)
    }
  }

  #release(deliveries: readonly Delivery[]): void {
    const res = this.#res
    this.#state = 'through'
    this.#stepOut()
    // The client left: the commit stands, and there is nobody to talk to.
    if (isGone(res)) return this.#calls.drop(invalid(Error, 'ERR_STREAM_DESTROYED', 'Cannot call write after a stream was destroyed'))
    const { needsDrain, ended } = this.#calls
    if (this.#send(deliveries) && needsDrain && !ended) res.emit('drain')
  }

  /** Lets go what was kept; `true` when the writer may go on. */
  #send(deliveries: readonly Delivery[]): boolean {
    const res = this.#res
    try {
      this.#restoreStatus()
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
      entry: this.#entry,
      isHttp1: this.#isHttp1,
      oldWriterEnded: this.#calls.ended,
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

  get #isHttp1(): boolean {
    return this.#req.httpVersionMajor < 2
  }

  #restoreStatus(): void {
    const res = this.#res
    if (res.statusCode !== this.#status) res.statusCode = this.#status
    if (this.#isHttp1 && res.statusMessage !== this.#message) res.statusMessage = this.#message as string
  }

  #guardSocket(): void {
    const { socket } = this.#req
    if (!this.#isHttp1 || socket === undefined) return
    guard(socket)
    this.#guarded = socket
  }

  #unmask(): void {
    this.#mask?.unmask()
    if (this.#guarded !== undefined) unguard(this.#guarded, this.#res)
  }

  /** Where nobody wrapped us, the layers beneath take our place again; else we stay and pass on. */
  #stepOut(): void {
    const calls: Record<Call, unknown> = this.#res
    for (const call of CALLS) if (calls[call] === PATCHED[call]) calls[call] = this.#original[call]
  }
}

/** What stands in the place of the calls of every response that is held. Shared: functions of its own would cost each response more than the rest. */
const PATCHED: Calls = {
  writeHead: patched('writeHead'),
  write: patched('write'),
  end: patched('end'),
  flushHeaders: patched('flushHeaders'),
}

function patched(call: Call): (this: Deferrable, ...args: unknown[]) => unknown {
  return function heard(...args) {
    return this[DEFERRED]?.onCall(call, args)
  }
}

function notePipe(this: Deferrable, source: NodeJS.ReadableStream): void {
  this[DEFERRED]?.pipedFrom(source)
}

/** After the code that is running, and all promises that it has settled, had their say. */
function atEndOfTick(run: () => void): void {
  queueMicrotask(() => process.nextTick(run))
}

function isGone(res: ServerResponse & { readonly stream?: { readonly destroyed: boolean } }): boolean {
  return res.destroyed || (res.stream?.destroyed ?? false)
}
