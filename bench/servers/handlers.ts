import { type Path, SESSIONS } from '../workloads.ts'

/** The actions of the handlers, for the session API of one library. */
export interface Verbs<S> {
  seed(session: S, data: object): void
  read(session: S): string
  increment(session: S): number
  visits(session: S): number
  change(session: S, theme: string): void
  login(session: S, userId: number): void
}

type Handler<Context> = (context: Context) => string | Promise<string>

/** The handler of each path; the responses are the same for every library. */
export type Handlers<Context> = Readonly<Record<Path, Handler<Context>>>

/** The session type of the peers: any properties. */
// oxlint-disable-next-line typescript/no-explicit-any -- their types say so
export type PeerSession = Record<string, any>

/** For libraries whose session is a plain object that is saved when it has changed. */
export const plainObject: Verbs<PeerSession> = {
  seed: (session, data) => Object.assign(session, structuredClone(data)),
  read: (session) => session['cart3'][0].title,
  increment: (session) => ++session['visits'],
  visits: (session) => session['visits'],
  change: (session, theme) => void (session['theme'] = theme),
  login: (session, userId) => void (session['userId'] = userId),
}

/** For libraries with `get` and `set`. */
export const getAndSet: Verbs<{ get(name: string): PeerSession[string]; set(name: string, value: unknown): unknown }> = {
  seed: (session, data) => Object.entries(data).forEach(([name, value]) => session.set(name, value)),
  read: (session) => session.get('cart3')[0].title,
  increment(session) {
    const visits = session.get('visits') + 1
    session.set('visits', visits)
    return visits
  },
  visits: (session) => session.get('visits'),
  change: (session, theme) => void session.set('theme', theme),
  login: (session, userId) => void session.set('userId', userId),
}

/** For sojourn; its login also renews the id of an existing session. */
export const sojourn: Verbs<PeerSession> = {
  seed: (session, data) => session.assign(data),
  read: (session) => session.get('cart3')[0].title,
  increment: (session) => session.increment('visits'),
  visits: (session) => session.get('visits'),
  change: (session, theme) => session.set('theme', theme),
  login: (session, userId) => session.login(userId),
}

/**
 * How a handler uses the session of a library: runs `work` on the session of the request, and then
 * does what the library requires from its users. `writes` says that `work` changes the session.
 */
export type UseSession<Context, S> = (context: Context, work: (session: S) => string, writes: boolean) => string | Promise<string>

/** Builds the handlers of a library from the way to get its session and its API. */
export function handlersOf<Context, S>(use: UseSession<Context, S>, verbs: Verbs<S>): Handlers<Context> {
  const reading = (work: (session: S) => string) => (context: Context) => use(context, work, false)
  const writing = (work: (session: S) => string) => (context: Context) => use(context, work, true)
  const doing = (verb: (session: S) => unknown, body: string) =>
    writing((session) => {
      verb(session)
      return body
    })
  let changes = 0
  let users = 0
  return {
    '/seed/small': doing((session) => verbs.seed(session, SESSIONS.small), 'seeded'),
    '/seed/large': doing((session) => verbs.seed(session, SESSIONS.large), 'seeded'),
    '/read': reading((session) => verbs.read(session)),
    '/untouched': () => 'untouched',
    '/increment': writing((session) => String(verbs.increment(session))),
    '/login': doing((session) => verbs.login(session, ++users), 'welcome'),
    '/change': doing((session) => verbs.change(session, `theme-${++changes}`), 'changed'),
    '/visits': reading((session) => String(verbs.visits(session))),
  }
}

/** Handlers without a session: the cost of the framework alone. */
export function withoutSession<Context>(): Handlers<Context> {
  const data = { ...SESSIONS.small }
  return handlersOf((_, work) => work(data), plainObject)
}
