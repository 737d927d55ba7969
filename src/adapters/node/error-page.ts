import { AsyncLocalStorage } from 'node:async_hooks'
import type { ServerResponse } from 'node:http'
import type { Delivery } from '../../core/cookie/transport.ts'
import { errorStatus } from '../shared/error-status.ts'
import { type Call, type Calls, callBack, callbackOf, checkChunk } from './buffered-calls.ts'
import { applyDelivery, type Header, invalid, restoreRepresentation, takeHead } from './response-head.ts'

export interface Failure {
  readonly error: unknown
  /** The headers of the representation when the session came. */
  readonly entry: readonly Header[]
  readonly isHttp1: boolean
  /** Whether the writer of the response that failed had said all. */
  readonly oldWriterEnded: boolean
  /** What the response has to carry for its sessions all the same. */
  readonly deliveries: () => readonly Delivery[]
}

/**
 * The error page in the place of a response whose commit failed. Nothing of that response has gone out: its head is taken back, the
 * wrappers around the response are taken off (compression has already "ended"), and its writers are not heard any more.
 *
 * Whoever writes the page need not know: whatever status is set, it never goes out as a success or a redirect.
 */
export class ErrorPage {
  readonly #res: ServerResponse
  readonly #below: Calls
  readonly #failure: Failure
  #state: 'waiting' | 'started' | 'ending' | 'ended' = 'waiting'

  constructor(res: ServerResponse, below: Calls, failure: Failure) {
    this.#res = res
    this.#below = below
    this.#failure = failure
    this.#takeBack()
    Object.assign(res, {
      writeHead: (...args: unknown[]) => this.#writeHead(args),
      write: (...args: unknown[]) => this.#write(args),
      end: (...args: unknown[]) => this.#end(args),
      flushHeaders: (...args: unknown[]) => this.#flushHeaders(args),
    })
  }

  /** Has the page written: at once, or later, by whatever it starts. */
  write(page: () => void): void {
    writing.run(this, page)
  }

  #takeBack(): void {
    const res = this.#res
    restoreRepresentation(res, this.#failure.entry)
    res.statusCode = 200
    if (!this.#failure.isHttp1) return
    res.statusMessage = ''
    res.addTrailers({})
  }

  #writeHead(args: readonly unknown[]): unknown {
    if (this.#isOldWriter()) return this.#res
    if (this.#state !== 'waiting') return this.#pass('writeHead', args)
    takeHead(this.#res, args)
    this.#start()
    return this.#pass('writeHead', [this.#res.statusCode])
  }

  #write(args: readonly unknown[]): unknown {
    if (this.#isOldWriter() || this.#state === 'ended') return swallow(this.#res, 'write', args)
    checkChunk('write', args[0])
    this.#start()
    return this.#pass('write', args)
  }

  #end(args: readonly unknown[]): unknown {
    if (this.#isOldWriter() || this.#state === 'ended') return swallow(this.#res, 'end', args)
    checkChunk('end', args[0])
    this.#start()
    this.#state = 'ending' // over HTTP/2 an end with a chunk writes it through us
    try {
      return this.#pass('end', args)
    } finally {
      this.#state = 'ended'
    }
  }

  #flushHeaders(args: readonly unknown[]): unknown {
    if (this.#isOldWriter()) return undefined
    this.#start()
    return this.#pass('flushHeaders', args)
  }

  #pass(call: Call, args: readonly unknown[]): unknown {
    return Reflect.apply(this.#below[call], this.#res, args)
  }

  /** The head of the page goes out. */
  #start(): void {
    if (this.#state !== 'waiting') return
    this.#state = 'started'
    const res = this.#res
    if (res.statusCode < 400) {
      res.statusCode = errorStatus(this.#failure.error)
      if (this.#failure.isHttp1) res.statusMessage = ''
      res.removeHeader('Location')
    }
    for (const delivery of this.#failure.deliveries()) applyDelivery(res, delivery)
  }

  /** Whoever was not called by the page, as long as the writer of the failed response has not said all. */
  #isOldWriter(): boolean {
    return !this.#failure.oldWriterEnded && writing.getStore() !== this
  }
}

/** Which page the code that is running belongs to: it is followed through whatever the error handler starts and awaits. */
const writing = new AsyncLocalStorage<ErrorPage>()

/** What a writer who is not heard any more gets for an answer. */
export function swallow(res: ServerResponse, call: Call, args: readonly unknown[]): unknown {
  callBack(callbackOf(args), invalid(Error, 'ERR_STREAM_WRITE_AFTER_END', 'The response was replaced by an error page'))
  return call === 'write' ? false : res
}

/** Takes a source off the response. One that nobody else reads is closed in the end, or its file would stay open for ever. */
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
