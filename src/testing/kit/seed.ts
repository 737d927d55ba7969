import type { Sessions } from '../../core/manager/sessions.ts'
import { draftOf } from '../../core/session/dictionary.ts'
import { checkCopy, type Session } from '../../core/session/session.ts'
import { testRequest } from './test-request.ts'

/** A session that exists before a test begins. */
export interface Seeded<Data> {
  /**
   * The `Cookie` header of its visitor. It has the cookie's name of HTTPS and that of localhost, so
   * a server of a test gets the right one. Empty with `transport: 'bearer'`: send `session.id`.
   */
  readonly cookie: string
  /** The session. `await session.reload()` reads what requests have changed. */
  readonly session: Session<Data>
}

/**
 * Stores a session with these properties, and resolves to it and to the cookie of its visitor. If
 * they contain a `userId`, that user is logged in. Without properties the session is empty, and is
 * stored too. Rejects with the errors of `Session.set`, `Session.login` and `Sessions.commit`.
 *
 * ```ts
 * import type { Sessions } from 'sojourn'
 * import { seed } from 'sojourn/testing'
 * declare const sessions: Sessions
 *
 * const { cookie, session } = await seed(sessions, { userId: 'ada', cart: ['bread'] })
 * await fetch('http://localhost:3000/cart/milk', { method: 'POST', headers: { cookie } })
 * await session.reload()
 * session.get('cart') // ['bread', 'milk']
 * ```
 */
export async function seed<Data>(sessions: Sessions<Data>, data: Partial<Data> = {}): Promise<Seeded<Data>> {
  const visitor = await sessions.open(testRequest({}))
  const { userId, ...properties } = data as { userId?: Parameters<typeof visitor.login>[0] }
  visitor.assign(properties)
  if (userId !== undefined) visitor.login(userId)
  if (Object.keys(data).length === 0) storeEmpty(visitor)
  const headers = await sessions.commit(visitor, { status: 200 })
  const pairs = headers.getSetCookie().map((line) => line.slice(0, line.indexOf(';')))
  const local = pairs.map((pair) => pair.replace(/^__(?:Host|Secure)-/, ''))
  return { cookie: [...new Set([...pairs, ...local])].join('; '), session: await sessions.load(visitor.id ?? '') }
}

/**
 * Makes the commit store a session without properties, which otherwise gets no row and no cookie.
 */
function storeEmpty<Data>(session: Session<Data>): void {
  checkCopy(session, 'This session')
  draftOf(session).record({ kind: 'save' })
}
