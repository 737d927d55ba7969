import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { createInterface } from 'node:readline'

/** Answers every line with the same line in upper case. */
export async function lineServer(): Promise<{ readonly port: number; readonly server: Server }> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    createInterface(socket).on('line', (line) => socket.writable && socket.write(`${line.toUpperCase()}\n`))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { port: (server.address() as AddressInfo).port, server }
}

/** A client that keeps all it got, and how the connection ended. */
export class LineClient {
  readonly socket: Socket
  got = ''
  failure: string | undefined
  readonly ended: Promise<unknown>

  constructor(port: number) {
    this.socket = connect({ host: '127.0.0.1', port })
    this.socket.setEncoding('utf8')
    this.socket.on('data', (piece: string) => (this.got += piece))
    this.socket.on('error', (error: NodeJS.ErrnoException) => (this.failure = error.code))
    this.ended = new Promise((resolve) => this.socket.once('close', resolve))
  }

  /** Sends a line and waits until a whole line more has come back. */
  async ask(line: string): Promise<string> {
    const before = this.got.length
    this.socket.write(`${line}\n`)
    while (!this.got.includes('\n', before)) await once(this.socket, 'data')
    return this.got.slice(before).trimEnd()
  }
}
