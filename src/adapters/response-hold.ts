import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Owed } from '../core/owed.ts'
import { report } from './error-status.ts'
import { CALLS, type Call, type Calls, callbackOf, checkChunk, HeldCalls } from './held-calls.ts'
import { type Cover, cover, headersSent } from './response-cover.ts'
import { detach, ErrorPage, swallow } from './response-error-page.ts'
import { addOwed, checkHead, type Header, invalid, representationOf, takeHead } from './response-head.ts'
import { guard, unguard } from './socket-guard.ts'

/** What one manager of sessions has to do before a response may go. */
export interface Party {
  /** The manager; a response knows each only once. */
  readonly manager: object
  /** Called once, at the end of the tick in which the response started. Resolves what is owed to it. */
  commit(status: number): Promise<Owed>
  /** What is owed to the response that goes out although a commit failed. */
  owed(): Owed
  /** Hands the error to whoever answers with an error page. */
  fail(error: unknown): void
}

/** Where a response keeps its hold. A property: a WeakMap that gains an entry with every request costs more than all the rest. */
const HOLD: unique symbol = Symbol('sojourn hold')

type Holdable = ServerResponse & { [HOLD]?: ResponseHold }

/** Whether the manager waits at this response already. */
export function isHeld(res: Holdable, manager: object): boolean {
  return res[HOLD]?.serves(manager) ?? false
}

/** Holds the final response, once it starts, until the party has committed. Managers of one response share one hold. */
export function hold(req: IncomingMessage, res: Holdable, party: Party): void {
  res[HOLD] ??= new ResponseHold(req, res)
  res[HOLD].join(party)
}

/**
 * Stands between the writers of a response and its layers beneath (Node, and middleware that came before us).
 *
 * - `open`: nothing was said yet. The first call that makes the response start freezes its head, and the commits begin.
 * - `holding`: the commits are on their way. Calls are kept; the response already looks started.
 * - `through`: they went well. What was kept is said again, and we step out of the way.
 * - `failed`: one did not. The error page takes the response over; what the old writers still say is swallowed.
 */
class ResponseHold {
  readonly #req: IncomingMessage
  readonly #res: ServerResponse
  readonly #parties: Party[] = []
  readonly #below: Calls
  /** What there was of a representation when we came. */
  readonly #entry: readonly Header[]
  readonly #calls: HeldCalls = new HeldCalls()
  #state: 'open' | 'holding' | 'through' | 'failed' = 'open'
  #status = 200
  #message: string | undefined
  #cover: Cover | undefined
  #guarded: Socket | undefined
  #sources: NodeJS.ReadableStream[] | undefined

  constructor(req: IncomingMessage, res: ServerResponse) {
    this.#req = req
    this.#res = res
    this.#entry = representationOf(res)
    this.#below = { writeHead: res.writeHead, write: res.write, end: res.end, flushHeaders: res.flushHeaders }
    Object.assign(res, ABOVE)
    res.on('pipe', notePipe)
  }

  serves(manager: object): boolean {
    return this.#parties.some((party) => party.manager === manager)
  }

  join(party: Party): void {
    this.#parties.push(party)
  }

  /** A stream writes the response. */
  pipedFrom(source: NodeJS.ReadableStream): void {
    this.#sources ??= []
    this.#sources.push(source)
  }

  hear(call: Call, args: readonly unknown[]): unknown {
    switch (this.#state) {
      case 'open':
        return this.#start(call, args)
      case 'holding':
        return this.#keep(call, args)
      case 'through':
        return Reflect.apply(this.#below[call], this.#res, args)
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
    this.#cover = cover(this.#req, res, this.#calls)
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
    this.#cover?.update()
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
    const owed: Owed[] = []
    let failed: { readonly error: unknown; readonly party: Party } | undefined
    let left = this.#parties.length
    const done = (): void => {
      left -= 1
      if (left > 0) return
      this.#uncover()
      if (failed === undefined) this.#release(owed)
      else this.#fail(failed.error, failed.party)
    }
    for (const [index, party] of this.#parties.entries()) {
      const keep = (each: Owed): void => {
        owed[index] = each
        done()
      }
      const note = (error: unknown): void => {
        failed ??= { error, party }
        done()
      }
      party.commit(this.#status).then(keep, note)
    }
  }

  #release(owed: readonly Owed[]): void {
    const res = this.#res
    this.#state = 'through'
    this.#stepOut()
    // The client left: the commit stands, and there is nobody to talk to.
    if (isGone(res)) return this.#calls.drop(invalid(Error, 'ERR_STREAM_DESTROYED', 'Cannot call write after a stream was destroyed'))
    const { owesDrain, ended } = this.#calls
    if (this.#send(owed) && owesDrain && !ended) res.emit('drain')
  }

  /** Lets go what was kept; `true` when the writer may go on. */
  #send(owed: readonly Owed[]): boolean {
    const res = this.#res
    try {
      this.#restoreStatus()
      for (const each of owed) addOwed(res, each)
      return !this.#calls.replay(res, this.#below)
    } catch (error) {
      if (res.headersSent) res.destroy(error as Error)
      else this.#fail(error, this.#parties[0])
      return false
    }
  }

  #fail(error: unknown, party: Party | undefined): void {
    const res = this.#res
    this.#state = 'failed'
    for (const source of this.#sources ?? []) detach(source, res)
    const page = new ErrorPage(res, this.#below, {
      error,
      entry: this.#entry,
      isHttp1: this.#isHttp1,
      oldWriterEnded: this.#calls.ended,
      owed: () => this.#parties.map((each) => each.owed()),
    })
    this.#calls.drop(error)
    if (isGone(res)) return
    try {
      page.write(() => party?.fail(error))
    } catch (thrown) {
      report(thrown)
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

  #uncover(): void {
    this.#cover?.uncover()
    if (this.#guarded !== undefined) unguard(this.#guarded, this.#res)
  }

  /** Where nobody wrapped us, the layers beneath take our place again; else we stay and pass on. */
  #stepOut(): void {
    const calls: Record<Call, unknown> = this.#res
    for (const call of CALLS) if (calls[call] === ABOVE[call]) calls[call] = this.#below[call]
  }
}

/** What stands in the place of the calls of every response that is held. Shared: functions of its own would cost each response more than the rest. */
const ABOVE: Calls = {
  writeHead: above('writeHead'),
  write: above('write'),
  end: above('end'),
  flushHeaders: above('flushHeaders'),
}

function above(call: Call): (this: Holdable, ...args: unknown[]) => unknown {
  return function heard(...args) {
    return this[HOLD]?.hear(call, args)
  }
}

function notePipe(this: Holdable, source: NodeJS.ReadableStream): void {
  this[HOLD]?.pipedFrom(source)
}

/** After the code that is running, and all promises that it has settled, had their say. */
function atEndOfTick(run: () => void): void {
  queueMicrotask(() => process.nextTick(run))
}

function isGone(res: ServerResponse & { readonly stream?: { readonly destroyed: boolean } }): boolean {
  return res.destroyed || (res.stream?.destroyed ?? false)
}
