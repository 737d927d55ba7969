import { StoreError } from '../../../src/core/base/errors.ts'
import type { SessionOptions } from '../../../src/core/config/options.ts'
import { createSessions, type Sessions } from '../../../src/core/manager/sessions.ts'
import type { Session } from '../../../src/core/session/session.ts'
import type { Store } from '../../../src/core/store/store.ts'
import { CookieStore } from '../../../src/stores/cookie.ts'
import { MemoryStore } from '../../../src/stores/memory.ts'
import { SECRET } from '../../stores/cookie/cookie-secret.ts'
import { revocationRows } from '../../stores/cookie/revocation-rows.ts'
import { type Script, ScriptedStore } from './scripted-store.ts'

/** A request as the routes of a story receive it, in every framework. */
export interface StoryRequest {
  readonly method: string
  readonly url: URL
  readonly body: string
  readonly session: Session
}

/** The response of a route; each harness converts it for its framework. */
export interface StoryResponse {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string | readonly string[]>>
  /** An iterable is streamed, with one write per item. */
  readonly body?: string | AsyncIterable<string>
}

export type Route = (request: StoryRequest) => StoryResponse | Promise<StoryResponse>

/** An application that every framework can run. */
export interface StoryApp {
  readonly sessions: Sessions
  /** Keys are method and path: `'GET /cart'`. */
  readonly routes: Readonly<Record<string, Route>>
  /** The error page of the application, if the framework supports one. */
  readonly errorPage?: (error: { readonly status?: number; readonly code?: string }) => StoryResponse
}

/** A server on a free port. */
export interface RunningServer extends AsyncDisposable {
  readonly port: number
}

export type StartServer = (app: StoryApp) => Promise<RunningServer>

/** The differences between frameworks that matter to stories. */
export interface Framework {
  readonly name: string
  readonly startServer: StartServer
  /** Whether a failed commit is sent to the error page of the application. */
  readonly hasErrorPage: boolean
  /** The setting a `ConfigError` names if the connection is not secure. */
  readonly remedy: string
}

/** Returns the response of the matching route, or 404. */
export async function handleRequest(app: StoryApp, request: StoryRequest): Promise<StoryResponse> {
  const route = app.routes[`${request.method} ${request.url.pathname}`]
  return route === undefined ? { status: 404, body: 'no such page' } : route(request)
}

export function renderErrorPage(app: StoryApp, error: unknown): StoryResponse {
  const known = error as { readonly status?: number; readonly code?: string }
  return app.errorPage?.(known) ?? { status: known.status ?? 500, body: `error page: ${known.code ?? String(error)}` }
}

/** A manager over a store that can be slow or fail, and the number of its rows. */
export interface ScriptedManager {
  readonly sessions: Sessions
  readonly store: ScriptedStore
  rows(): Promise<number>
}

/** Creates managers, each with its own store. */
export type CreateScriptedManager = (options?: Partial<SessionOptions>) => ScriptedManager

/** Creates managers over stores that `open` returns. */
export function scriptedManagerFactory(open: () => Store): CreateScriptedManager {
  return (options = {}) => {
    const inner = open()
    const store = new ScriptedStore(inner)
    return { sessions: createSessions({ store, ...options }), store, rows: () => countRows(inner) }
  }
}

export const createScriptedManager: CreateScriptedManager = scriptedManagerFactory(() => new MemoryStore())

/** Creates a manager over a cookie store; `store` and `rows` are those of its revocations. */
export function createCookieStoreManager(options: Partial<SessionOptions> = {}): ScriptedManager {
  const memory = revocationRows()
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

/** The storage of the sessions of a run of stories. */
export interface Storage {
  readonly createManager: CreateScriptedManager
  /** Whether concurrent requests merge and every session has a row; some stories need that. */
  readonly hasRows: boolean
}

/** Every write fails, and has certainly no effect. */
export const failingWrites: Script = (operation) => {
  if (operation === 'create' || operation === 'replace') throw new StoreError(operation, new Error('disk full'), { applied: false })
}

/** A point at which code waits until a test opens it. */
export class Gate {
  readonly #reached: PromiseWithResolvers<void> = Promise.withResolvers()
  readonly #open: PromiseWithResolvers<void> = Promise.withResolvers()

  readonly wait = async (): Promise<void> => {
    this.#reached.resolve()
    await this.#open.promise
  }

  /** Resolves when code waits at the gate. */
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
