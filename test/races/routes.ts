import type { Session } from '../../src/index.ts'

/** Holds requests at a named point until the test lets them go on. */
export interface Checkpoint {
  /** Tells that a request has come here, and waits until it may go on. */
  pass(name: string): Promise<void>
}

/**
 * What every server of these tests does: `/verb/argument/argument?gate=name`. With a gate the request waits there between its changes and
 * its response.
 */
export async function runRoute(session: Session<any>, target: string, gate: Checkpoint): Promise<unknown> {
  const { pathname, searchParams } = new URL(target, 'http://localhost')
  const [verb = '', name = '', value = ''] = pathname.slice(1).split('/')
  const answer = await VERBS[verb]?.(session, name, value)
  const held = searchParams.get('gate')
  if (held !== null) await gate.pass(held)
  return answer ?? 'done'
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
