import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { createInterface } from 'node:readline'

/** Starts a server that returns every line in upper case. */
export async function startLineServer(): Promise<{ readonly port: number; readonly server: Server }> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    createInterface(socket).on('line', (line) => socket.writable && socket.write(`${line.toUpperCase()}\n`))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { port: (server.address() as AddressInfo).port, server }
}

/** A client that keeps everything it received, and how the connection ended. */
export class LineClient {
  readonly socket: Socket
  received = ''
  errorCode: string | undefined
  readonly ended: Promise<unknown>

  constructor(port: number) {
    this.socket = connect({ host: '127.0.0.1', port })
    this.socket.setEncoding('utf8')
    this.socket.on('data', (chunk: string) => (this.received += chunk))
    this.socket.on('error', (error: NodeJS.ErrnoException) => (this.errorCode = error.code))
    this.ended = new Promise((resolve) => this.socket.once('close', resolve))
  }

  /** Sends a line and returns the next line that comes back. */
  async request(line: string): Promise<string> {
    const before = this.received.length
    this.socket.write(`${line}\n`)
    while (!this.received.includes('\n', before)) await once(this.socket, 'data')
    return this.received.slice(before).trimEnd()
  }
}
