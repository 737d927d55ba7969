import { createHash } from 'node:crypto'
import type { SessionOptions } from '../../../src/core/config/options.ts'
import type { Exchange } from '../../../src/core/manager/adapter-port.ts'
import { adapterOf, createSessions, type Sessions } from '../../../src/core/manager/sessions.ts'
import { incoming } from '../../helpers/incoming.ts'

/** The session verbs that the proofs use, of the library or of a mutant. */
export interface SessionLike {
  readonly isNew: boolean
  readonly expiresAt: number
  has(key: string): boolean
  get(key: string): unknown
  set(key: string, value: unknown): unknown
  delete(key: string): boolean
  pop(key: string): unknown
  setDefault(key: string, value: unknown): unknown
  update(key: string, change: (current: any) => unknown): unknown
  claim(key: string): Promise<unknown>
  clear(): void
  flush(): void
  cycleId(): void
  login(user: string, options?: { readonly revokeOthers?: boolean }): void
  reauthenticate(options: { readonly revokeOthers: boolean }): void
  save(): Promise<void>
  toObject(): Record<string, unknown>
}

/** One process with a session library. */
export interface Subject {
  open(cookie: string | undefined): Promise<SessionLike>
  /**
   * Starts the response of a stream, and returns its `Set-Cookie` headers. `commit` is then called for
   * its end.
   */
  start(session: SessionLike): Promise<readonly string[]>
  commit(session: SessionLike, status: number): Promise<void>
  /** The `Set-Cookie` headers of the response, whether or not the commit succeeded. */
  setCookies(session: SessionLike): readonly string[]
  /** Ends all sessions of a user except this one. */
  revoke(user: string, except: SessionLike | undefined): Promise<unknown>
}

/**
 * The library itself. Without `merging` it works as on Workers, where the commits of one session do
 * not wait for each other.
 */
export function sojourn(options: SessionOptions, merging = true): Subject {
  const make = (): Sessions => createSessions(options)
  const sessions = merging ? make() : asOnWorkers(make)
  type Real = Parameters<typeof sessions.commit>[0]
  const exchanges = new WeakMap<SessionLike, Exchange<any>>()
  const exchangeOf = (session: SessionLike): Exchange<any> => exchanges.get(session) as Exchange<any>
  const started = new WeakSet<SessionLike>()
  const setCookies = (session: SessionLike): string[] => sessions.headers(session as Real).getSetCookie()
  return {
    async open(id) {
      const request = incoming(id === undefined ? undefined : `__Host-sid=${id}`)
      const exchange = await adapterOf<any>(sessions).open(request, { issues: true, late: true })
      const session = exchange.session as SessionLike
      exchanges.set(session, exchange)
      return session
    },
    async start(session) {
      started.add(session)
      await exchangeOf(session).commit(200, { isComplete: false, isStreaming: true })
      return setCookies(session)
    },
    async commit(session, status) {
      if (!started.has(session)) await exchangeOf(session).commit(status, { isComplete: true, isStreaming: false })
      else if (status < 500) await exchangeOf(session).commitLate() // otherwise the response is cut off
    },
    setCookies,
    revoke: (user, except) => sessions.users.revoke(user, except === undefined ? {} : { except: except as Real }),
  }
}

/** Calls a function that finds itself on Cloudflare Workers. */
export function asOnWorkers<T>(work: () => T): T {
  const navigator = Object.getOwnPropertyDescriptor(globalThis, 'navigator')
  Object.defineProperty(globalThis, 'navigator', { value: { userAgent: 'Cloudflare-Workers' }, configurable: true })
  try {
    return work()
  } finally {
    Object.defineProperty(globalThis, 'navigator', navigator ?? { value: undefined, configurable: true })
  }
}

/** Returns the id in a `Set-Cookie` header; `''` if it deletes the cookie. */
export function parseSetCookie(setCookie: string): string {
  return setCookie.slice(setCookie.indexOf('=') + 1, setCookie.indexOf(';'))
}

/** Returns the key of a session's row. */
export function keyOf(family: string): string {
  return createHash('sha256').update(family).digest('base64url')
}
