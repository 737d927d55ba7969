import { connect, type Socket } from 'node:net'

/** A response as it was received. */
export interface RawResponse {
  readonly status: number
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: string
  readonly trailers: string
  /** Statuses of the preceding 1xx responses. */
  readonly informational: readonly number[]
  header(name: string): string | undefined
  all(name: string): string[]
}

/** A TCP connection that sends any text and parses HTTP/1.1 responses. */
export class RawConnection implements AsyncDisposable {
  readonly #socket: Socket
  #received = ''
  #closed = false
  #changed = Promise.withResolvers<void>()

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.setEncoding('latin1').on('data', (text: string) => this.#update(() => (this.#received += text)))
    socket.on('close', () => this.#update(() => (this.#closed = true))).on('error', () => undefined)
  }

  static async open(port: number): Promise<RawConnection> {
    const socket = connect(port, '127.0.0.1')
    await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject))
    return new RawConnection(socket)
  }

  /** Sends a request, with the local address as `Host` by default. */
  request(line: string, headers: Readonly<Record<string, string>> = {}, body = ''): void {
    const all = { Host: '127.0.0.1', ...headers, ...(body === '' ? {} : { 'Content-Length': String(body.length) }) }
    this.send(
      `${line} HTTP/1.1\r\n${Object.entries(all)
        .map(([name, value]) => `${name}: ${value}\r\n`)
        .join('')}\r\n${body}`,
    )
  }

  send(text: string): void {
    this.#socket.write(text)
  }

  /** Resets the connection. */
  reset(): void {
    this.#socket.resetAndDestroy()
  }

  get received(): string {
    return this.#received
  }

  get closed(): boolean {
    return this.#closed
  }

  /** Waits until the received text meets the condition or the connection is closed. */
  async until(condition: (received: string) => boolean): Promise<string> {
    while (!condition(this.#received) && !this.#closed) await this.#changed.promise
    return this.#received
  }

  /** Waits for the head of the next final response without consuming it. */
  async head(): Promise<string> {
    return this.until((text) => /^(?:HTTP\/1\.1 1\d\d [\s\S]*?\r\n\r\n)*HTTP\/1\.1 [2-9]\d\d [\s\S]*?\r\n\r\n/.test(text))
  }

  /** Consumes and returns the next final response. */
  async response({ toHead = false }: { readonly toHead?: boolean } = {}): Promise<RawResponse> {
    const informational: number[] = []
    for (;;) {
      const head = await this.#take((text) => endOf(text, '\r\n\r\n'))
      const [line = '', ...lines] = head.trimEnd().split('\r\n')
      const status = Number(line.split(' ')[1])
      const headers = lines.map((each) => [each.slice(0, each.indexOf(':')), each.slice(each.indexOf(':') + 1).trim()] as const)
      if (status >= 200 || status === 101) return this.#finish(status, headers, informational, toHead)
      informational.push(status)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.destroy()
    while (!this.#closed) await this.#changed.promise
  }

  async #finish(status: number, headers: RawResponse['headers'], informational: number[], toHead: boolean): Promise<RawResponse> {
    const all = (name: string): string[] => headers.filter(([each]) => each.toLowerCase() === name.toLowerCase()).map(([, value]) => value)
    const header = (name: string): string | undefined => all(name)[0]
    const none = toHead || status === 204 || status === 304 || status === 101
    const chunked = header('transfer-encoding') === 'chunked'
    const [body, trailers] = none ? ['', ''] : chunked ? await this.#chunks() : [await this.#plain(header('content-length')), '']
    return { status, headers, body, trailers, informational, header, all }
  }

  async #plain(length: string | undefined): Promise<string> {
    if (length !== undefined) return this.#take(() => Number(length))
    return this.#take((text) => (this.#closed ? text.length : undefined))
  }

  async #chunks(): Promise<[body: string, trailers: string]> {
    let body = ''
    for (;;) {
      const size = Number.parseInt(await this.#take((text) => endOf(text, '\r\n')), 16)
      if (size === 0) break
      body += (await this.#take(() => size + 2)).slice(0, -2)
    }
    const trailers = await this.#take((text) => (text.startsWith('\r\n') ? 2 : endOf(text, '\r\n\r\n')))
    return [body, trailers.trimEnd()]
  }

  /** Waits for as many characters as `measure` returns, and consumes them. */
  async #take(measure: (text: string) => number | undefined): Promise<string> {
    await this.until((text) => (measure(text) ?? Number.POSITIVE_INFINITY) <= text.length)
    const size = measure(this.#received) ?? Number.POSITIVE_INFINITY
    if (size > this.#received.length) throw new Error(`The connection closed in the middle of a response: ${this.#received.slice(0, 300)}`)
    const taken = this.#received.slice(0, size)
    this.#received = this.#received.slice(size)
    return taken
  }

  #update(change: () => void): void {
    change()
    this.#changed.resolve()
    this.#changed = Promise.withResolvers()
  }
}

/** Returns the position after the delimiter. */
function endOf(text: string, delimiter: string): number | undefined {
  const index = text.indexOf(delimiter)
  return index === -1 ? undefined : index + delimiter.length
}
