import { StoreError } from '../../../src/core/base/errors.ts'
import type { SessionOptions } from '../../../src/core/config/options.ts'
import { createSessions, type Sessions } from '../../../src/core/manager/sessions.ts'
import type { Session } from '../../../src/core/session/session.ts'
import type { Store } from '../../../src/core/store/store.ts'
import { CookieStore } from '../../../src/stores/cookie.ts'
import { MemoryStore } from '../../../src/stores/memory.ts'
import { SECRET } from '../../stores/cookie/cookie-secret.ts'
import { type Script, ScriptedStore } from './scripted-store.ts'

/** What a route of a story sees of a request, in every framework. */
export interface Visit {
  readonly method: string
  readonly url: URL
  readonly body: string
  readonly session: Session
}

/** What a route answers; the harness says it in the words of its framework. */
export interface Answer {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string | readonly string[]>>
  /** Pieces are streamed, one write each. */
  readonly body?: string | AsyncIterable<string>
}

export type Route = (visit: Visit) => Answer | Promise<Answer>

/** An application, described once for all frameworks. */
export interface StoryApp {
  readonly sessions: Sessions
  /** By method and path: `'GET /cart'`. */
  readonly routes: Readonly<Record<string, Route>>
  /** The application's own error page, where its framework has such a thing. */
  readonly errorPage?: (error: { readonly status?: number; readonly code?: string }) => Answer
}

/** A server on a port of its own. */
export interface Running extends AsyncDisposable {
  readonly port: number
}

export type MakeServer = (app: StoryApp) => Promise<Running>

/** What a framework is like, as far as stories differ by it. */
export interface Framework {
  readonly name: string
  readonly makeServer: MakeServer
  /** Whether the application's own error page answers when a commit fails. */
  readonly ownErrorPage: boolean
  /** The setting a `ConfigError` has to name when the connection is not secure. */
  readonly remedy: string
}

/** Answers like a small application: the route, or 404. A body is read by the harness. */
export async function answerTo(app: StoryApp, visit: Visit): Promise<Answer> {
  const route = app.routes[`${visit.method} ${visit.url.pathname}`]
  return route === undefined ? { status: 404, body: 'no such page' } : route(visit)
}

export function errorPageOf(app: StoryApp, error: unknown): Answer {
  const known = error as { readonly status?: number; readonly code?: string }
  return app.errorPage?.(known) ?? { status: known.status ?? 500, body: `error page: ${known.code ?? String(error)}` }
}

/** A manager over a store that can be told to be slow or to fail; and the rows that are in it. */
export interface Scripted {
  readonly sessions: Sessions
  readonly store: ScriptedStore
  rows(): Promise<number>
}

/** Makes managers, each over a store of its own. */
export type MakeScripted = (options?: Partial<SessionOptions>) => Scripted

/** Over stores that `open` opens. */
export function scriptedOver(open: () => Store): MakeScripted {
  return (options = {}) => {
    const inner = open()
    const store = new ScriptedStore(inner)
    return { sessions: createSessions({ store, ...options }), store, rows: () => rowsIn(inner) }
  }
}

export const scripted: MakeScripted = scriptedOver(() => new MemoryStore())

/** The same over a store whose sessions live in cookies. The store that is told to fail is the one that remembers which ended; rows are its own. */
export function sealed(options: Partial<SessionOptions> = {}): Scripted {
  const memory = new MemoryStore()
  const revocation = new ScriptedStore(memory)
  const store = new CookieStore({ secrets: SECRET, revocation, maxSize: 12_288 })
  return {
    sessions: createSessions({ store, ...options }),
    store: revocation,
    rows: () => rowsIn(memory),
  }
}

async function rowsIn(store: Store): Promise<number> {
  return (await store.list?.({ now: 0 }))?.entries.length ?? 0
}

/** Where the sessions of a run of stories are kept. */
export interface Kept {
  readonly make: MakeScripted
  /** Whether overlapping requests merge and every session has a row; without that some stories cannot be told. */
  readonly inRows: boolean
}

/** Every write fails, and surely had no effect. */
export const failingWrites: Script = (operation) => {
  if (operation === 'create' || operation === 'replace') throw new StoreError(operation, new Error('disk full'), { applied: false })
}

/** A point that code waits at until a test lets it go on. */
export class Gate {
  readonly #reached: PromiseWithResolvers<void> = Promise.withResolvers()
  readonly #open: PromiseWithResolvers<void> = Promise.withResolvers()

  /** Waits here. */
  readonly pass = async (): Promise<void> => {
    this.#reached.resolve()
    await this.#open.promise
  }

  /** Resolves when somebody waits. */
  get reached(): Promise<void> {
    return this.#reached.promise
  }

  open(): void {
    this.#open.resolve()
  }

  fail(error: unknown): void {
    this.#open.reject(error)
  }
}
