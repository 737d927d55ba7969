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
export interface StoryRequest {
  readonly method: string
  readonly url: URL
  readonly body: string
  readonly session: Session
}

/** What a route answers; the harness says it in the words of its framework. */
export interface StoryResponse {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string | readonly string[]>>
  /** Pieces are streamed, one write each. */
  readonly body?: string | AsyncIterable<string>
}

export type Route = (visit: StoryRequest) => StoryResponse | Promise<StoryResponse>

/** An application, described once for all frameworks. */
export interface StoryApp {
  readonly sessions: Sessions
  /** By method and path: `'GET /cart'`. */
  readonly routes: Readonly<Record<string, Route>>
  /** The application's own error page, where its framework has such a thing. */
  readonly errorPage?: (error: { readonly status?: number; readonly code?: string }) => StoryResponse
}

/** A server on a port of its own. */
export interface RunningServer extends AsyncDisposable {
  readonly port: number
}

export type StartServer = (app: StoryApp) => Promise<RunningServer>

/** What a framework is like, as far as stories differ by it. */
export interface Framework {
  readonly name: string
  readonly startServer: StartServer
  /** Whether the application's own error page answers when a commit fails. */
  readonly hasErrorPage: boolean
  /** The setting a `ConfigError` has to name when the connection is not secure. */
  readonly remedy: string
}

/** Answers like a small application: the route, or 404. A body is read by the harness. */
export async function handleRequest(app: StoryApp, visit: StoryRequest): Promise<StoryResponse> {
  const route = app.routes[`${visit.method} ${visit.url.pathname}`]
  return route === undefined ? { status: 404, body: 'no such page' } : route(visit)
}

export function renderErrorPage(app: StoryApp, error: unknown): StoryResponse {
  const known = error as { readonly status?: number; readonly code?: string }
  return app.errorPage?.(known) ?? { status: known.status ?? 500, body: `error page: ${known.code ?? String(error)}` }
}

/** A manager over a store that can be told to be slow or to fail; and the rows that are in it. */
export interface ScriptedManager {
  readonly sessions: Sessions
  readonly store: ScriptedStore
  rows(): Promise<number>
}

/** Makes managers, each over a store of its own. */
export type CreateScriptedManager = (options?: Partial<SessionOptions>) => ScriptedManager

/** Over stores that `open` opens. */
export function scriptedManagerFactory(open: () => Store): CreateScriptedManager {
  return (options = {}) => {
    const inner = open()
    const store = new ScriptedStore(inner)
    return { sessions: createSessions({ store, ...options }), store, rows: () => countRows(inner) }
  }
}

export const createScriptedManager: CreateScriptedManager = scriptedManagerFactory(() => new MemoryStore())

/** The same over a store whose sessions live in cookies. The store that is told to fail is the one that remembers which ended; rows are its own. */
export function createCookieStoreManager(options: Partial<SessionOptions> = {}): ScriptedManager {
  const memory = new MemoryStore()
  const revocation = new ScriptedStore(memory)
  const store = new CookieStore({ secrets: SECRET, revocation, maxSize: 12_288 })
  return {
    sessions: createSessions({ store, ...options }),
    store: revocation,
    rows: () => countRows(memory),
  }
}

async function countRows(store: Store): Promise<number> {
  return (await store.list?.({ now: 0 }))?.entries.length ?? 0
}

/** Where the sessions of a run of stories are kept. */
export interface Storage {
  readonly createManager: CreateScriptedManager
  /** Whether overlapping requests merge and every session has a row; without that some stories cannot be told. */
  readonly hasRows: boolean
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
  readonly wait = async (): Promise<void> => {
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
