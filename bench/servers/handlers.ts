import { type Path, SESSIONS } from '../workloads.ts'

/** What a handler does in the words of one library's session. */
export interface Verbs<S> {
  seed(session: S, data: object): void
  read(session: S): string
  increment(session: S): number
  visits(session: S): number
  change(session: S, theme: string): void
  login(session: S, userId: number): void
}

type Handler<Context> = (context: Context) => string | Promise<string>

/** What the server does for each path; every library answers the same. */
export type Handlers<Context> = Readonly<Record<Path, Handler<Context>>>

/** A session as peers type it: whatever it holds. */
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

/** sojourn's own: a login also gives the session a new id where it had one. */
export const sojourn: Verbs<PeerSession> = {
  seed: (session, data) => session.assign(data),
  read: (session) => session.get('cart3')[0].title,
  increment: (session) => session.increment('visits'),
  visits: (session) => session.get('visits'),
  change: (session, theme) => session.set('theme', theme),
  login: (session, userId) => session.login(userId),
}

/**
 * How a library hands its session to a handler: runs `work` on the session of the request, and then does whatever the library asks its users to
 * do themselves. `writes` says that `work` changes the session.
 */
export type Use<Context, S> = (context: Context, work: (session: S) => string, writes: boolean) => string | Promise<string>

/** The handlers of a library, told how its session is had and how it is spoken to. */
export function handlersOf<Context, S>(use: Use<Context, S>, verbs: Verbs<S>): Handlers<Context> {
  const reading = (work: (session: S) => string) => (context: Context) => use(context, work, false)
  const writing = (work: (session: S) => string) => (context: Context) => use(context, work, true)
  const doing = (verb: (session: S) => unknown, answer: string) =>
    writing((session) => {
      verb(session)
      return answer
    })
  let changes = 0
  let users = 0
  return {
    '/seed/small': doing((session) => verbs.seed(session, SESSIONS.small), 'seeded'),
    '/seed/large': doing((session) => verbs.seed(session, SESSIONS.large), 'seeded'),
    '/read': reading((session) => verbs.read(session)),
    '/untouched': () => 'unchanged',
    '/increment': writing((session) => String(verbs.increment(session))),
    '/login': doing((session) => verbs.login(session, ++users), 'welcome'),
    '/change': doing((session) => verbs.change(session, `theme-${++changes}`), 'changed'),
    '/visits': reading((session) => String(verbs.visits(session))),
  }
}

/** The handlers without any session: what the framework costs by itself. */
export function withoutSession<Context>(): Handlers<Context> {
  const data = { ...SESSIONS.small }
  return handlersOf((_, work) => work(data), plainObject)
}
