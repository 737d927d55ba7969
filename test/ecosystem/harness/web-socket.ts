import { once } from 'node:events'
import { onTestFinished } from 'vitest'
import { requireFrom } from './serve.ts'

interface Client {
  send(data: string): void
  close(): void
  terminate(): void
}

const WebSocket = requireFrom<new (url: string, options: object) => Client>('sockets', 'ws')

/** A connection that is closed when the test is finished. */
export class Connection {
  /** Resolves to the code and the reason with which the server closed it. */
  readonly closed: Promise<readonly [code: number, reason: string]>
  readonly #client: Client

  private constructor(client: Client) {
    this.#client = client
    this.closed = once(client as never, 'close').then(([code, reason]) => [code as number, String(reason)])
  }

  static async open(port: number, path: string, cookies: ReadonlyMap<string, string>): Promise<Connection> {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const client = new WebSocket(`ws://127.0.0.1:${port}${path}`, { headers: { cookie } })
    await once(client as never, 'open')
    onTestFinished(() => client.terminate())
    return new Connection(client)
  }

  /** Sends a message and resolves to the answer. */
  async ask(message: string): Promise<unknown> {
    const answered = once(this.#client as never, 'message')
    this.#client.send(message)
    const [data] = (await answered) as [Buffer]
    return JSON.parse(data.toString())
  }

  async close(): Promise<void> {
    const closed = once(this.#client as never, 'close')
    this.#client.close()
    await closed
  }
}
