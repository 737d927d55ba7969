import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { Random } from '../scenario/random.ts'

/** `up`: to the server. `down`: to the client. */
export type Direction = 'up' | 'down'

/** The fault of a connection. Empty: none. */
export interface Fault {
  /**
   * Milliseconds by which every chunk is delayed, and the maximum random addition. The order of
   * chunks is kept.
   */
  readonly delay?: number
  readonly jitter?: number
  /** The connection ends after this many bytes in that direction: by an end or a reset. */
  readonly cut?: { readonly after: number; readonly direction: Direction; readonly how: 'end' | 'reset' }
  /**
   * Data sent in this direction (or in both) is lost; the connection stays open. A connection that
   * lost data never delivers later data in that direction.
   */
  readonly blackHole?: Direction | 'both'
  /** The connection is accepted and reset at once. */
  readonly reset?: boolean
}

/** An action of the proxy, to be correlated with a history. */
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
  /** Returns the fault of a new connection, by its number; `random` is seeded. Default: `fault`. */
  readonly plan?: (connection: number, random: Random) => Fault
}

/** A TCP relay with the faults of networks. It needs no knowledge of the client or the server. */
export class FaultProxy {
  readonly log: LogLine[] = []
  /** The fault of all connections without one from the plan, including open ones. */
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

  /** The number of open connections. */
  get openConnections(): number {
    return this.#pairs.size
  }

  /** Starts to accept connections, also after `refuse()`, on the same port. */
  async listen(): Promise<this> {
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (client) => this.#accept(client))
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(this.#port, '127.0.0.1', resolve))
    this.#port = (server.address() as AddressInfo).port
    this.#server = server
    return this
  }

  /** Refuses new connections; open ones stay. */
  refuse(): void {
    this.#record(0, 'refuse')
    this.#server?.close()
    this.#server = undefined
  }

  /** Resets every open connection. */
  resetAll(): void {
    for (const pair of this.#pairs) pair.reset('reset all')
  }

  /** Loses everything that is sent on connections that are open now; new connections work. */
  blackHoleAll(): void {
    for (const pair of this.#pairs) pair.blackHole()
  }

  close(): void {
    this.#server?.close()
    this.resetAll()
  }

  #accept(client: Socket): void {
    const { host = '127.0.0.1', port, plan } = this.#options
    const number = ++this.#count
    const fault = plan?.(number, this.#random)
    this.#record(number, `open ${JSON.stringify(fault ?? this.fault)}`)
    const upstream = connect({ host, port, allowHalfOpen: true })
    const pair = new Pair(client, upstream, {
      fault: () => fault ?? this.fault,
      random: this.#random.fork(),
      record: (event) => this.#record(number, event),
    })
    this.#pairs.add(pair)
    pair.closed.finally(() => this.#pairs.delete(pair)).catch(() => undefined)
    if ((fault ?? this.fault).reset === true) pair.reset('reset at once')
  }

  #record(connection: number, event: string): void {
    this.log.push({ at: performance.now(), connection, event })
  }
}

interface PairOptions {
  readonly fault: () => Fault
  readonly random: Random
  readonly record: (event: string) => void
}

/** The two halves of one relayed connection. */
class Pair {
  readonly closed: Promise<void>
  readonly #client: Socket
  readonly #upstream: Socket
  readonly #options: PairOptions
  #isClosed = false
  /** Directions that lost data: TCP never delivers data after a gap. */
  readonly #gaps = new Set<Direction>()

  constructor(client: Socket, upstream: Socket, options: PairOptions) {
    this.#client = client
    this.#upstream = upstream
    this.#options = options
    this.closed = Promise.all([closing(client), closing(upstream)]).then(() => options.record('closed'))
    this.#relay(client, upstream, 'up')
    this.#relay(upstream, client, 'down')
  }

  reset(why: string): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#options.record(why)
    this.#client.resetAndDestroy()
    this.#upstream.destroy()
  }

  blackHole(): void {
    this.#gaps.add('up').add('down')
    this.#options.record('black hole')
  }

  /**
   * Relays chunks one after the other, so that a slow one delays those after it, and the sender
   * too.
   */
  #relay(from: Socket, to: Socket, direction: Direction): void {
    const relay = async (): Promise<void> => {
      let relayed = 0
      for await (const chunk of from.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
        await this.#delay()
        if (this.#isClosed || this.#isDropped(direction)) continue
        relayed += chunk.length
        const { cut } = this.#options.fault()
        if (cut?.direction === direction && relayed >= cut.after)
          return this.#cut(to, chunk.subarray(0, chunk.length - (relayed - cut.after)), cut.how)
        if (!to.write(chunk)) await drained(to)
      }
      if (!this.#isDropped(direction)) to.end()
    }
    relay().catch(() => this.reset(`${direction} broke`))
  }

  async #delay(): Promise<void> {
    const { delay = 0, jitter = 0 } = this.#options.fault()
    const ms = delay + this.#options.random.next() * jitter
    if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms))
  }

  #isDropped(direction: Direction): boolean {
    const { blackHole } = this.#options.fault()
    if (blackHole === direction || blackHole === 'both') this.#gaps.add(direction)
    return this.#gaps.has(direction)
  }

  /** Sends the last allowed bytes, and nothing more in either direction. */
  #cut(to: Socket, last: Buffer, how: 'end' | 'reset'): void {
    this.#options.record(`cut (${how})`)
    to.write(last, () => {
      if (how === 'reset') this.reset('reset after the cut')
      else {
        this.#isClosed = true
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

/** Resolves when the socket drains or closes: a destroyed socket never drains. */
function drained(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.once('drain', resolve)
    socket.once('close', resolve)
  })
}
