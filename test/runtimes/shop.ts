import type { Session } from 'sojourn'

export interface ShopRequest {
  readonly method: string
  readonly path: string
  readonly body: string
  readonly session: Session
}

export interface ShopResponse {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | AsyncIterable<string>
}

const home: ShopResponse = { status: 303, headers: { Location: '/', ETag: '"home"' } }

/** One small shop for all frameworks and runtimes. */
const routes: Readonly<Record<string, (request: ShopRequest) => ShopResponse>> = {
  'GET /': ({ session }) => ({ body: JSON.stringify(session.toObject()) }),
  'GET /static': () => ({ body: 'no session used' }),
  'GET /stream': ({ session }) => ({ body: chunks(session.increment('streams')) }),
  'POST /cart/add': ({ session, body }) => {
    session.push('cart', body)
    return home
  },
  'POST /dark': ({ session }) => {
    session.set('darkMode', true)
    return home
  },
  'POST /preferences/reset': ({ session }) => {
    session.delete('darkMode')
    return home
  },
  'POST /login': ({ session, body }) => {
    session.login(body)
    return home
  },
  'POST /logout': ({ session }) => {
    session.flush()
    return home
  },
  'POST /throw': ({ session }) => {
    session.set('thrown', true)
    throw new Error('broken handler')
  },
  'POST /fill': ({ session }) => {
    session.set(
      'text',
      Array.from({ length: 250 }, () => crypto.randomUUID())
        .join('')
        .slice(0, 8000),
    )
    return home
  },
  // More than a session may contain, so the commit fails.
  'POST /huge': ({ session }) => {
    session.set('huge', 'x'.repeat(1 << 21))
    return home
  },
}

export function handle(request: ShopRequest): ShopResponse {
  return routes[`${request.method} ${request.path}`]?.(request) ?? { status: 404, body: 'no such page' }
}

/** Handles a request for frameworks with web responses. */
export async function respond(request: Request, session: Session): Promise<Response> {
  const { pathname: path } = new URL(request.url)
  if (path === '/socket') return upgrade(request, session)
  const { status = 200, headers = {}, body } = handle({ method: request.method, path, body: await request.text(), session })
  return new Response(body === undefined || typeof body === 'string' ? body : streamOf(body), { status, headers })
}

async function* chunks(count: number): AsyncGenerator<string> {
  yield 'stream '
  yield 'number '
  yield String(count)
}

function streamOf(chunks: AsyncIterable<string>): ReadableStream {
  const iterator = chunks[Symbol.asyncIterator]()
  const encoder = new TextEncoder()
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await iterator.next()
      if (done === true) controller.close()
      else controller.enqueue(encoder.encode(value))
    },
  })
}

interface Socket {
  onopen?: () => void
  accept?(): void
  send(text: string): void
}

interface Global {
  readonly Deno?: { upgradeWebSocket(request: Request): { readonly response: Response; readonly socket: Socket } }
  readonly WebSocketPair?: new () => { readonly 0: Socket; readonly 1: Socket }
}

/** Upgrades to a WebSocket, in runtimes with a response for it. */
function upgrade(request: Request, session: Session): Response {
  const { Deno, WebSocketPair } = globalThis as Global
  session.set('socket', true)
  if (Deno !== undefined) {
    const { response, socket } = Deno.upgradeWebSocket(request)
    socket.onopen = () => socket.send('hello')
    return response
  }
  if (WebSocketPair === undefined) return new Response('no sockets here', { status: 501 })
  const { 0: client, 1: server } = new WebSocketPair()
  server.accept?.()
  server.send('hello')
  return new Response(undefined, { status: 101, webSocket: client } as ResponseInit)
}
