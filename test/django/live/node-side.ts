import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import express, { type NextFunction, type Request, type Response } from 'express'
import { session } from '../../../src/adapters/express.ts'
import {
  addDjangoMessage,
  type DjangoOptions,
  type DjangoUser,
  deleteTestCookie,
  djangoLogin,
  djangoLogout,
  djangoMessages,
  djangoSessions,
  djangoUser,
  setTestCookie,
  testCookieWorked,
  updateDjangoAuthHash,
} from '../../../src/django/django.ts'
import type { Session } from '../../../src/index.ts'
import type { Deed, Side } from './deed.ts'
import { time } from './visitor.ts'

/** A row of `auth_user`. */
export interface UserRow extends DjangoUser {
  readonly username: string
}

/** Django's table of users. */
export interface Users {
  find(column: 'id' | 'username', value: string): Promise<UserRow | undefined>
  update(username: string, column: 'password' | 'is_active', value: string | boolean): Promise<void>
}

/** Starts an Express that does deeds on Django's sessions. */
export async function startNode(options: DjangoOptions, users: Users): Promise<Side> {
  const sessions = djangoSessions<any>({ ...options, clock: () => Date.now() + time.ahead * 1000 })
  const deeds = deedsOn(users, () => sessions.clearExpired())
  const app = express()
  app.use(session(sessions), express.json({ limit: '1mb' }))
  app.post('/', async (req: Request, res: Response) => {
    const results: unknown[] = []
    for (const [name, ...rest] of req.body as Deed[]) results.push((await deeds[name]?.(req.session, ...rest)) ?? null)
    res.json(results)
  })
  app.use((error: { status?: number; stack?: string }, _req: Request, res: Response, _next: NextFunction) => {
    res.status(error.status ?? 500).json([error.stack])
  })
  const server = createServer(app).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    async close() {
      server.close()
      server.closeAllConnections()
      await sessions.close()
    },
  }
}

const NAMED: Readonly<Record<string, unknown>> = {
  float: 1.5,
  big: 2n ** 70n,
  nan: Number.NaN,
  infinity: Number.NEGATIVE_INFINITY,
  tiny: 1e-300,
}

type Does = (session: Session<any>, ...rest: any[]) => unknown

const onProperties: Readonly<Record<string, Does>> = {
  set: (session, name, value) => void session.set(name, value),
  named: (session, name, value) => void session.set(name, NAMED[value]),
  get: (session, name) => session.get(name),
  repr: (session, name) => `${typeof session.get(name)} ${String(session.get(name))}`,
  increment: (session, name) => void session.increment(name),
  has: (session, name) => session.has(name),
  names: (session) => [...session.keys()].sort(),
  delete: (session, name) => session.delete(name),
  pop: (session, name) => session.pop(name),
  clear: (session) => session.clear(),
  flush: (session) => session.flush(),
  cycle: (session) => session.cycleId(),
  expire: (session, seconds) => session.setExpiry(seconds === 0 ? 'browser' : (seconds ?? undefined)),
  expireAt: (session, seconds) => session.setExpiry(new Date(Date.now() + (time.ahead + seconds) * 1000)),
  lives: (session) => Math.round(((session.expiresAt ?? 0) - Date.now()) / 1000 - time.ahead),
  endsWithBrowser: (session) => session.endsWithBrowser,
}

const onDjango: Readonly<Record<string, Does>> = {
  logout: djangoLogout,
  message: (session, level, text, extraTags) => addDjangoMessage(session, level, text, { extraTags }),
  messages: (session) => djangoMessages(session).map(({ level, message, extraTags = '' }) => ({ level, message, extraTags })),
  setTestCookie,
  testCookieWorked,
  deleteTestCookie: (session) => void deleteTestCookie(session),
}

function deedsOn(users: Users, clearExpired: () => Promise<number>): Readonly<Record<string, Does>> {
  const named = async (name: string): Promise<UserRow> => (await users.find('username', name)) ?? Promise.reject(new Error(name))
  const user = (session: Session<any>): Promise<UserRow | undefined> => djangoUser(session, { loadUser: (id) => users.find('id', id) })
  return {
    ...onProperties,
    ...onDjango,
    ...holds(),
    user: async (session) => (await user(session))?.username,
    login: async (session, name) => djangoLogin(session, await named(name)),
    activate: (_session, name, active) => users.update(name, 'is_active', active),
    password: async (session, name, password, keep) => {
      await users.update(name, 'password', `md5$salt$${password}`)
      if (keep) updateDjangoAuthHash(session, await named(name))
    },
    clearExpired: async () => void (await clearExpired()),
  }
}

/** A request that holds goes on when another releases it. */
function holds(): Readonly<Record<string, Does>> {
  const gates = new Map<string, { readonly reached: PromiseWithResolvers<void>; readonly open: PromiseWithResolvers<void> }>()
  const gate = (name: string): ReturnType<typeof newGate> =>
    gates.get(name) ?? (gates.set(name, newGate()).get(name) as ReturnType<typeof newGate>)
  return {
    hold: async (_session, name) => {
      gate(name).reached.resolve()
      await gate(name).open.promise
    },
    held: (_session, name) => gate(name).reached.promise,
    release: (_session, name) => gate(name).open.resolve(),
  }
}

function newGate(): { readonly reached: PromiseWithResolvers<void>; readonly open: PromiseWithResolvers<void> } {
  return { reached: Promise.withResolvers<void>(), open: Promise.withResolvers<void>() }
}
