/** The types of names that examples may use without declaring them. */
export const NAMES: Readonly<Record<string, string>> = {
  app: "import('express').Express",
  req: "import('express').Request",
  res: "import('express').Response",

  store: "import('sojourn').Store",
  session: "import('sojourn').Session & typeof import('sojourn/express').session",
  sessions: "import('sojourn').Sessions",
  createSessions: "typeof import('sojourn').createSessions",
  MemoryStore: "typeof import('sojourn/stores/memory').MemoryStore",
  SqliteStore: "typeof import('sojourn/stores/sqlite').SqliteStore",
  MyStore: "new () => import('sojourn').Store",

  cookies: "{ get(name: string): string | undefined; set(name: string, value: string, options: import('sojourn').JarCookieOptions): void }",

  server: "import('node:http').Server",
  wss: '{ handleUpgrade(req: object, socket: object, head: Buffer, done: (ws: AnyWebSocket) => void): void }',
  io: "{ engine: { use(middleware: unknown): void }; on(event: 'connection', listener: (socket: SocketOfSocketIo) => void): void; use(middleware: (socket: SocketOfSocketIo, next: (error?: Error) => void) => void): void }",

  user: '{ readonly id: string }',
  userId: 'string',
  id: 'string',
  handle: 'string',
  closingTime: 'number',
  gone: 'string',
  logger: '{ debug(value: unknown): void }',
}

/** Types of the sockets of ws and socket.io, as far as examples use them. */
const SOCKETS = `
interface AnyWebSocket {
  close(code?: number, reason?: string): void
  terminate(): void
  send(text: string): void
  on(event: 'message', listener: (data: Buffer) => void): this
}
interface SocketOfSocketIo {
  readonly request: import('node:http').IncomingMessage
  readonly data: any
  disconnect(close?: boolean): this
  on(event: string, listener: (...args: any[]) => void): this
}
`

/** Declares these names for all files of a program. An example's own declarations take precedence. */
export function declarationsOf(names: readonly string[]): string {
  return names.map((name) => `declare const ${name}: ${NAMES[name]}\n`).join('') + SOCKETS
}
