import type { Session } from 'sojourn'

export interface Visit {
  readonly method: string
  readonly path: string
  readonly body: string
  readonly session: Session
}

export interface Answer {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | AsyncIterable<string>
}

const home: Answer = { status: 303, headers: { Location: '/', ETag: '"home"' } }

/** One small shop for all frameworks and runtimes. */
const routes: Readonly<Record<string, (visit: Visit) => Answer>> = {
  'GET /': ({ session }) => ({ body: JSON.stringify(session.toObject()) }),
  'GET /static': () => ({ body: 'nothing of the session' }),
  'GET /stream': ({ session }) => ({ body: pieces(session.increment('streams')) }),
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
  // More than a session may hold: the commit fails.
  'POST /huge': ({ session }) => {
    session.set('huge', 'x'.repeat(1 << 21))
    return home
  },
}

export function answerTo(visit: Visit): Answer {
  return routes[`${visit.method} ${visit.path}`]?.(visit) ?? { status: 404, body: 'no such page' }
}

/** The answer of a framework that speaks in web responses. */
export async function respond(request: Request, session: Session): Promise<Response> {
  const { pathname: path } = new URL(request.url)
  const { status = 200, headers = {}, body } = answerTo({ method: request.method, path, body: await request.text(), session })
  return new Response(body === undefined || typeof body === 'string' ? body : streamOf(body), { status, headers })
}

async function* pieces(count: number): AsyncGenerator<string> {
  yield 'stream '
  yield 'number '
  yield String(count)
}

function streamOf(pieces: AsyncIterable<string>): ReadableStream {
  const iterator = pieces[Symbol.asyncIterator]()
  const encoder = new TextEncoder()
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await iterator.next()
      if (done === true) controller.close()
      else controller.enqueue(encoder.encode(value))
    },
  })
}
