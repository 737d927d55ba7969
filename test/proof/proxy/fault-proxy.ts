import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { Random } from '../scenario/random.ts'

/** To the server, or to the client. */
export type Direction = 'up' | 'down'

/** What is wrong with a connection. Nothing, if empty. */
export interface Fault {
  /** Milliseconds that every piece takes longer, and how much more at the most, at random. The order of pieces stays. */
  readonly delay?: number
  readonly jitter?: number
  /** The connection ends after so many bytes in that direction: in order, or by a reset. */
  readonly cut?: { readonly after: number; readonly direction: Direction; readonly how: 'end' | 'reset' }
  /** What is sent in this direction (or in both) vanishes; the connection stays. One that lost something carries nothing any more in that direction. */
  readonly blackHole?: Direction | 'both'
  /** It is accepted and reset at once. */
  readonly reset?: boolean
}

/** What the proxy did, for joining it with a history. */
export interface LogLine {
  /** `performance.now()` */
  readonly at: number
  readonly connection: number
  readonly event: string
}

export interface FaultProxyOptions {
  readonly host?: string
  readonly port: number
  readonly seed?: number
  /** Which fault a new connection gets, by its number; `random` is seeded. Default: none, until `fault` is set. */
  readonly plan?: (connection: number, random: Random) => Fault
}

/** A TCP relay that does what networks do. Between a client and a database it needs to know nothing of either. */
export class FaultProxy {
  readonly log: LogLine[] = []
  /** The fault of all connections, open ones too, that have none of their own. */
  fault: Fault = {}
  readonly #options: FaultProxyOptions
  readonly #random: Random
  readonly #pairs = new Set<Pair>()
  #server: Server | undefined
  #port = 0
  #count = 0

  constructor(options: FaultProxyOptions) {
    this.#options = options
    this.#random = new Random(options.seed ?? 1)
  }

  get port(): number {
    return this.#port
  }

  /** How many connections are open. */
  get open(): number {
    return this.#pairs.size
  }

  /** Begins to accept, also after `refuse()`, on the same port. */
  async listen(): Promise<this> {
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (client) => this.#accept(client))
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(this.#port, '127.0.0.1', resolve))
    this.#port = (server.address() as AddressInfo).port
    this.#server = server
    return this
  }

  /** New connections are refused; open ones stay. */
  refuse(): void {
    this.#note(0, 'refuse')
    this.#server?.close()
    this.#server = undefined
  }

  /** Resets every open connection. */
  resetAll(): void {
    for (const pair of this.#pairs) pair.reset('reset all')
  }

  /** What is sent on a connection that is open now vanishes from now on; new ones are as they should be. */
  forgetAll(): void {
    for (const pair of this.#pairs) pair.forget()
  }

  close(): void {
    this.#server?.close()
    this.resetAll()
  }

  #accept(client: Socket): void {
    const { host = '127.0.0.1', port, plan } = this.#options
    const number = ++this.#count
    const fault = plan?.(number, this.#random)
    this.#note(number, `open ${JSON.stringify(fault ?? this.fault)}`)
    const upstream = connect({ host, port, allowHalfOpen: true })
    const pair = new Pair(client, upstream, {
      fault: () => fault ?? this.fault,
      random: this.#random.fork(),
      note: (event) => this.#note(number, event),
    })
    this.#pairs.add(pair)
    pair.closed.finally(() => this.#pairs.delete(pair)).catch(() => undefined)
    if ((fault ?? this.fault).reset === true) pair.reset('reset at once')
  }

  #note(connection: number, event: string): void {
    this.log.push({ at: performance.now(), connection, event })
  }
}

interface Surroundings {
  readonly fault: () => Fault
  readonly random: Random
  readonly note: (event: string) => void
}

/** The two halves of one relayed connection. */
class Pair {
  readonly closed: Promise<void>
  readonly #client: Socket
  readonly #upstream: Socket
  readonly #around: Surroundings
  #over = false
  /** Where something vanished: TCP never delivers what comes behind a gap. */
  readonly #gaps = new Set<Direction>()

  constructor(client: Socket, upstream: Socket, around: Surroundings) {
    this.#client = client
    this.#upstream = upstream
    this.#around = around
    this.closed = Promise.all([closing(client), closing(upstream)]).then(() => around.note('closed'))
    this.#relay(client, upstream, 'up')
    this.#relay(upstream, client, 'down')
  }

  reset(why: string): void {
    if (this.#over) return
    this.#over = true
    this.#around.note(why)
    this.#client.resetAndDestroy()
    this.#upstream.destroy()
  }

  forget(): void {
    this.#gaps.add('up').add('down')
    this.#around.note('forgotten')
  }

  /** Carries pieces one after the other, so that a slow one keeps those behind it waiting, and the sender too. */
  #relay(from: Socket, to: Socket, direction: Direction): void {
    const carry = async (): Promise<void> => {
      let carried = 0
      for await (const piece of from.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
        await this.#linger()
        if (this.#over || this.#vanishes(direction)) continue
        carried += piece.length
        const { cut } = this.#around.fault()
        if (cut?.direction === direction && carried >= cut.after)
          return this.#cut(to, piece.subarray(0, piece.length - (carried - cut.after)), cut.how)
        if (!to.write(piece)) await drained(to)
      }
      if (!this.#vanishes(direction)) to.end()
    }
    carry().catch(() => this.reset(`${direction} broke`))
  }

  async #linger(): Promise<void> {
    const { delay = 0, jitter = 0 } = this.#around.fault()
    const ms = delay + this.#around.random.next() * jitter
    if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms))
  }

  #vanishes(direction: Direction): boolean {
    const { blackHole } = this.#around.fault()
    if (blackHole === direction || blackHole === 'both') this.#gaps.add(direction)
    return this.#gaps.has(direction)
  }

  /** Lets the last allowed bytes through, and no more of either direction. */
  #cut(to: Socket, last: Buffer, how: 'end' | 'reset'): void {
    this.#around.note(`cut (${how})`)
    to.write(last, () => {
      if (how === 'reset') this.reset('reset after the cut')
      else {
        this.#over = true
        this.#client.end()
        this.#upstream.destroy()
      }
    })
  }
}

function closing(socket: Socket): Promise<void> {
  socket.on('error', () => undefined)
  return new Promise((resolve) => socket.once('close', () => resolve()))
}

/** A socket that is destroyed never drains. */
function drained(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.once('drain', resolve)
    socket.once('close', resolve)
  })
}
