import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import express, { type NextFunction, type Request, type Response } from 'express'
import { session } from '../../../src/adapters/express.ts'
import {
  addDjangoMessage,
  type DjangoOptions,
  type DjangoUser,
  deleteDjangoProperty,
  deleteTestCookie,
  djangoLogin,
  djangoLogout,
  djangoMessages,
  djangoProperty,
  djangoSessions,
  djangoUser,
  setTestCookie,
  testCookieWorked,
  updateDjangoAuthHash,
} from '../../../src/django/django.ts'
import type { Session } from '../../../src/index.ts'
import { type App, type Command, time } from './browser.ts'

/** A row of `auth_user`. */
export interface UserRow extends DjangoUser {
  readonly username: string
}

/** Django's table of users. */
export interface Users {
  find(column: 'id' | 'username', value: string): Promise<UserRow | undefined>
  update(username: string, column: 'password' | 'is_active', value: string | boolean): Promise<void>
}

/** Starts an Express that executes commands on Django's sessions. */
export async function startNode(options: DjangoOptions, users: Users): Promise<App> {
  const sessions = djangoSessions<any>({ messageStorage: 'session', ...options, clock: () => Date.now() + time.ahead * 1000 })
  const commands = commandsWith(users, () => sessions.clearExpired())
  const app = express()
  app.use(session(sessions), express.json({ limit: '1mb' }))
  app.post('/', async (req: Request, res: Response) => {
    const results: unknown[] = []
    for (const [name, ...args] of req.body as Command[]) results.push((await commands[name]?.(req.session, ...args)) ?? null)
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

const SPECIAL_NUMBERS: Readonly<Record<string, unknown>> = {
  float: 1.5,
  big: 2n ** 70n,
  nan: Number.NaN,
  infinity: Number.NEGATIVE_INFINITY,
  tiny: 1e-300,
}

type Execute = (session: Session<any>, ...args: any[]) => unknown

const sessionCommands: Readonly<Record<string, Execute>> = {
  set: (session, name, value) => void session.set(name, value),
  setSpecial: (session, name, value) => void session.set(name, SPECIAL_NUMBERS[value]),
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
  save: (session) => session.save(),
  expire: (session, seconds) => session.setExpiry(seconds === 0 ? 'browser' : seconds === null ? undefined : `${seconds}s`),
  expireAt: (session, seconds) => session.setExpiry(new Date(Date.now() + (time.ahead + seconds) * 1000)),
  expiresIn: (session) => Math.round(((session.expiresAt ?? 0) - Date.now()) / 1000 - time.ahead),
  endsWithBrowser: (session) => session.endsWithBrowser,
}

const djangoCommands: Readonly<Record<string, Execute>> = {
  logout: djangoLogout,
  property: djangoProperty,
  deleteProperty: deleteDjangoProperty,
  message: (session, level, text, extraTags) => addDjangoMessage(session, level, text, { extraTags }),
  messages: (session) => djangoMessages(session).map(({ level, message, extraTags = '' }) => ({ level, message, extraTags })),
  setTestCookie,
  testCookieWorked,
  deleteTestCookie: (session) => void deleteTestCookie(session),
}

function commandsWith(users: Users, clearExpired: () => Promise<number>): Readonly<Record<string, Execute>> {
  const findByName = async (name: string): Promise<UserRow> => (await users.find('username', name)) ?? Promise.reject(new Error(name))
  const findUser = (session: Session<any>): Promise<UserRow | undefined> => djangoUser(session, { loadUser: (id) => users.find('id', id) })
  return {
    ...sessionCommands,
    ...djangoCommands,
    ...pauseCommands(),
    user: async (session) => (await findUser(session))?.username,
    login: async (session, name) => djangoLogin(session, await findByName(name)),
    activate: (_session, name, active) => users.update(name, 'is_active', active),
    password: async (session, name, password, keep) => {
      await users.update(name, 'password', `md5$salt$${password}`)
      if (keep) updateDjangoAuthHash(session, await findByName(name))
    },
    clearExpired: async () => void (await clearExpired()),
  }
}

interface Pause {
  readonly reached: PromiseWithResolvers<void>
  readonly resumed: PromiseWithResolvers<void>
}

/** `pause` waits until another request calls `resume` with the same name. */
function pauseCommands(): Readonly<Record<string, Execute>> {
  const pauses = new Map<string, Pause>()
  const pauseOf = (name: string): Pause => {
    const pause = pauses.get(name) ?? { reached: Promise.withResolvers<void>(), resumed: Promise.withResolvers<void>() }
    pauses.set(name, pause)
    return pause
  }
  return {
    pause: async (_session, name) => {
      pauseOf(name).reached.resolve()
      await pauseOf(name).resumed.promise
    },
    waitUntilPaused: (_session, name) => pauseOf(name).reached.promise,
    resume: (_session, name) => pauseOf(name).resumed.resolve(),
  }
}
