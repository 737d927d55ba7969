import { onTestFinished } from 'vitest'
import type { Browser } from '../../stories/harness/browser.ts'
import { requireFrom } from './serve.ts'

export interface SocketIoClient {
  on(event: string, listener: (reason: never) => void): void
  emitWithAck(event: string, ...args: unknown[]): Promise<unknown>
  close(): void
  readonly io: {
    readonly engine: { readonly transport: { readonly name: string }; once(event: string, listener: (value: unknown) => void): void }
  }
}

const { io } = requireFrom<{ io(url: string, options: object): SocketIoClient }>('sockets', 'socket.io-client')

/** Connects with the cookies of a browser, until the test is finished. */
export async function connectSocketIo(port: number, { cookies }: Browser, transports: readonly string[]): Promise<SocketIoClient> {
  const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  const client = io(`http://127.0.0.1:${port}`, { transports, extraHeaders: { cookie }, reconnection: false, forceNew: true })
  onTestFinished(() => client.close())
  await new Promise<void>((resolve, reject) => {
    client.on('connect', resolve as () => void)
    client.on('connect_error', reject)
  })
  return client
}

/** Resolves to the reason with which the connection ended. */
export function disconnected(client: SocketIoClient): Promise<string> {
  return new Promise((resolve) => client.on('disconnect', resolve))
}
