import { ConfigError } from '../../core/base/errors.ts'
import type { Sessions } from '../../core/manager/sessions.ts'
import type { Session } from '../../core/session/session.ts'
import { testRequest } from './test-request.ts'

/** A response of `fetch`, of supertest, of Fastify's `inject`, or of `node:http`. */
export interface TestResponse {
  /** The headers by lower-case name, or as `Headers`. */
  readonly headers: Headers | Readonly<Record<string, unknown>>
}

/**
 * Resolves to the session that a response gave to its visitor: the one whose cookie it sets.
 * Rejects with `ConfigError` if it sets none, because a response sets the cookie only with a new
 * id; call `reload()` of the session of `seed` then.
 *
 * ```ts
 * import type { Sessions } from 'sojourn'
 * import { sessionOf } from 'sojourn/testing'
 * declare const sessions: Sessions
 *
 * const response = await fetch('http://localhost:3000/login', { method: 'POST', redirect: 'manual' })
 * const session = await sessionOf(sessions, response)
 * session.userId // 'ada'
 * ```
 */
export async function sessionOf<Data>(sessions: Sessions<Data>, response: TestResponse): Promise<Session<Data>> {
  const cookies = linesOf(response, 'set-cookie').map((line) => line.split(';')[0] as string)
  // The plain name of localhost, under the names that the cookie has over HTTPS.
  const cookie = cookies.flatMap((pair) => [pair, `__Host-${pair}`, `__Secure-${pair}`]).join('; ')
  const visitor = await sessions.open(testRequest(cookie === '' ? {} : { cookie }))
  await visitor.load()
  const id = linesOf(response, 'session-id')[0] ?? visitor.id
  if (id !== undefined && id !== '') return sessions.load(id)
  throw new ConfigError(
    'sessionOf(sessions, response): the response gives its visitor no session. A cookie is set only with a new id, and deleted by a logout. To see what a request changed in a session that exists, call `await session.reload()` on the session of seed().',
  )
}

function linesOf({ headers }: TestResponse, name: string): readonly string[] {
  if (isHeaders(headers)) return name === 'set-cookie' ? headers.getSetCookie() : [headers.get(name) ?? []].flat()
  return [headers[name] ?? []].flat().map(String)
}

function isHeaders(headers: TestResponse['headers']): headers is Headers {
  return typeof headers.getSetCookie === 'function'
}
