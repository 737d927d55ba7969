import type { Session } from '../../src/index.ts'
import type { Checkpoints } from './checkpoints.ts'

/**
 * Runs the route `/verb/argument/argument?checkpoint=name` on a session; every server of these
 * tests has these routes. With a checkpoint the request waits there between its changes and its
 * response.
 */
export async function runRoute(session: Session<any>, target: string, checkpoints: Checkpoints): Promise<unknown> {
  const { pathname, searchParams } = new URL(target, 'http://localhost')
  const [verb = '', name = '', value = ''] = pathname.slice(1).split('/')
  const result = await VERBS[verb]?.(session, name, value)
  const checkpoint = searchParams.get('checkpoint')
  if (checkpoint !== null) await checkpoints.pass(checkpoint)
  return result ?? 'done'
}

const VERBS: Readonly<Record<string, (session: Session<any>, name: string, value: string) => unknown>> = {
  read: (session) => session.toObject(),
  nothing: () => undefined,
  set: (session, name, value) => void session.set(name, JSON.parse(decodeURIComponent(value))),
  delete: (session, name) => session.delete(name),
  increment: (session, name) => session.increment(name),
  push: (session, name, value) => session.push(name, value),
  claim: (session, name) => session.claim(name),
  clear: (session) => session.clear(),
  flush: (session) => session.flush(),
  logout: (session) => session.logout(),
  login: (session, user) => session.login(user),
  cycle: (session) => session.cycleId(),
}
